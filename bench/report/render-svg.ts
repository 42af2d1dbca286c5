import * as echarts from 'echarts';

export interface Chart {
  /** What it shows, also for those who don't see it. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly option: echarts.EChartsCoreOption;
}

/** Draws a chart as SVG: the same text for the same chart, on any machine. */
export function renderSvg({ title, width, height, option }: Chart): string {
  const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    instance.setOption({ animation: false, ...option });
    return `${titled(steady(instance.renderToSVGString()), title)}\n`;
  } finally {
    instance.dispose();
  }
}

/** With its title for those who hear it. */
function titled(svg: string, title: string): string {
  const text = title.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return svg.replace(/^<svg ([^>]*)>/, (_, attributes: string) => {
    return `<svg role="img" ${attributes}>\n<title>${text}</title>`;
  });
}

/**
 * Without what is for a mouse over a chart in a page: names that count on from drawing to drawing,
 * and the styles that go with them.
 */
function steady(svg: string): string {
  return svg
    .replaceAll(/<style[^>]*>[\s\S]*?<\/style>\n?/g, '')
    .replaceAll(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
    .replaceAll(/\bzr\d+-/g, 'zr-');
}
