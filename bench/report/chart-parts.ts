import { LOOK, textStyle } from './look.js';

/** Keeps figures apart from the lines that they stand on. */
export const HALO = Object.freeze({ stroke: LOOK.background, lineWidth: 4 });

export function heading(title: string, subtitle: string): object {
  return {
    backgroundColor: LOOK.background,
    textStyle,
    title: {
      text: title,
      subtext: subtitle,
      left: 16,
      top: 12,
      itemGap: 6,
      textStyle: { ...textStyle, fontSize: 17, fontWeight: 'bold' },
      subtextStyle: { ...textStyle, color: LOOK.faint, fontSize: 13 },
    },
  };
}

export function valueAxis(name: string): object {
  return {
    type: 'value',
    name,
    nameLocation: 'middle',
    nameTextStyle: { ...textStyle, color: LOOK.faint },
    axisLabel: { ...textStyle, formatter: (value: number) => value.toLocaleString('en-US') },
    splitLine: { lineStyle: { color: LOOK.line } },
  };
}

export function categoryAxis(data: readonly string[]): object {
  return {
    type: 'category',
    data,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: LOOK.faint } },
    axisLabel: { ...textStyle, interval: 0, lineHeight: 15 },
  };
}

export function lineAt(at: object): object {
  return {
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: LOOK.faint, type: 'dashed', width: 1.5 },
    data: [at],
  };
}

/** Where a logarithmic axis begins, with room below the least value. */
export function decadeBelow(values: readonly number[]): number {
  return 10 ** Math.floor(Math.log10(Math.min(...values) / 1.5));
}

/** A round end of an axis, with room above the greatest value. */
export function niceEnd(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil((value * 1.05) / step) * step || 1;
}
