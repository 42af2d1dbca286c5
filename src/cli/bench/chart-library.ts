import { createRequire } from 'node:module';
import { packageFile } from '../../base/package-file.js';

/** The part of Apache ECharts that is used: a chart as text, made without a browser. */
interface Library {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): Chart;
}

interface Chart {
  setOption(option: object): void;
  renderToSVGString(): string;
  dispose(): void;
}

/** Where the build puts the library's file. */
const FILE = ['dist', 'echarts', 'echarts.common.min.cjs'];

/** Loaded when a chart is wanted, as it takes a while. */
let library: Library | undefined;

/** @param option as Apache ECharts takes it */
export function chartSvg(option: object, width: number, height: number): string {
  library ??= createRequire(import.meta.url)(packageFile(...FILE)) as Library;
  const chart = library.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, ...option });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
