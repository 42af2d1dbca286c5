import type { CustomSeriesRenderItem } from 'echarts';
import { figure } from './figures.js';
import { LOOK, textStyle } from './look.js';
import type { Chart } from './render-svg.js';

const WIDTH = 900;
/** Keeps figures apart from the lines that they stand on. */
const HALO = Object.freeze({ stroke: LOOK.background, lineWidth: 4 });

/** One horizontal bar, with the range of its rounds and what it should reach. */
export interface BarItem {
  readonly label: string;
  readonly value: number;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly target?: number | undefined;
  readonly met?: boolean | null;
}

export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  /** What the axis tells, with its unit. */
  readonly axis: string;
  readonly items: readonly BarItem[];
  /** Where the axis ends; ranges may go on beyond it. */
  readonly axisMax?: number;
  /** A line across all bars, as of a ratio of 1. */
  readonly line?: number;
}

/** Horizontal bars with ranges, figures and marks of targets. */
export function barChart({ title, subtitle, axis, items, axisMax, line }: BarChart): Chart {
  const end = axisMax ?? niceEnd(Math.max(...items.flatMap(reach)));
  const height = 120 + items.length * 34;
  const longest = Math.max(...items.map(({ label }) => label.length));
  const renderItem: CustomSeriesRenderItem = (params, api) => {
    const item = items[params.dataIndex] as BarItem;
    const x = (value: number): number => api.coord([Math.min(value, end), params.dataIndex])[0]!;
    const y = api.coord([0, params.dataIndex])[1]!;
    return { type: 'group', children: marksOf(item, x, y, end) as never };
  };
  const option = {
    ...heading(title, subtitle),
    grid: { left: 24 + longest * 7.4, right: 110, top: 84, bottom: 52 },
    xAxis: { ...valueAxis(axis), nameGap: 30, max: end },
    yAxis: { ...categoryAxis(items.map(({ label }) => label)), inverse: true },
    series: [
      {
        type: 'bar',
        barWidth: 18,
        data: items.map(({ value, met }) => ({
          value: Math.min(value, end),
          itemStyle: { color: colorOf(met) },
        })),
        ...(line !== undefined && { markLine: lineAt({ xAxis: line }) }),
      },
      { type: 'custom', renderItem, data: items.map((_, index) => [0, index]), z: 5 },
    ],
  };
  return { title, width: WIDTH, height, option };
}

const reach = ({ value, max, target }: BarItem): number[] => [value, max ?? 0, target ?? 0];

const colorOf = (met: boolean | null | undefined): string =>
  met === true ? LOOK.reached : met === false ? LOOK.missed : LOOK.plain;

function marksOf(item: BarItem, x: (value: number) => number, y: number, end: number): object[] {
  const { value, min, max, target } = item;
  const marks: object[] = [];
  let right = x(value);
  const stroke = { stroke: LOOK.text, lineWidth: 1.5 };
  const drawn = (x1: number, y1: number, x2: number, y2: number, style: object = stroke) =>
    marks.push({ type: 'line', shape: { x1, y1, x2, y2 }, style });
  if (typeof min === 'number' && typeof max === 'number' && max > min) {
    right = Math.max(right, x(max));
    drawn(x(min), y, x(max), y);
    drawn(x(min), y - 5, x(min), y + 5);
    if (max <= end) drawn(x(max), y - 5, x(max), y + 5);
  }
  if (target !== undefined) {
    right = Math.max(right, x(target));
    drawn(x(target), y - 13, x(target), y + 13, { stroke: LOOK.target, lineWidth: 3.5 });
  }
  const beyond = typeof max === 'number' && max > end ? ` (to ${figure(max)})` : '';
  const text = `${figure(value)}${beyond}`;
  const font = `bold 13px ${LOOK.font}`;
  const place = { text, x: right + 8, y, verticalAlign: 'middle' };
  const style = { ...place, ...HALO, fill: LOOK.text, font };
  return [...marks, { type: 'text', style }];
}

export interface ColumnSeries {
  readonly name: string;
  readonly values: readonly number[];
  readonly mins?: readonly number[];
  readonly maxs?: readonly number[];
}

export interface ColumnChart {
  readonly title: string;
  readonly subtitle: string;
  readonly axis: string;
  readonly categories: readonly string[];
  readonly series: readonly ColumnSeries[];
  readonly log?: boolean;
  readonly stacked?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/** Upright bars side by side, or one on the other, with their figures. */
export function columnChart(chart: ColumnChart): Chart {
  const { title, subtitle, axis, categories, series, log, stacked } = chart;
  const { width = WIDTH, height = 430 } = chart;
  const bars = series.map(({ name, values }, index) => ({
    type: 'bar',
    name,
    data: values,
    barGap: '10%',
    barCategoryGap: '28%',
    ...(stacked && { stack: 'all' }),
    itemStyle: { color: LOOK.colors[index % LOOK.colors.length] },
  }));
  const labels = stacked ? [totals(series)] : series.map(labelled(series.length));
  const option = {
    ...heading(title, subtitle),
    legend: {
      top: 58,
      left: 16,
      itemGap: 18,
      textStyle,
      data: series.map(({ name }) => name),
    },
    grid: { left: 84, right: 24, top: 112, bottom: 44 + 15 * linesOf(categories) },
    xAxis: { ...categoryAxis(categories) },
    yAxis: {
      ...valueAxis(axis),
      ...(log && { type: 'log', min: decadeBelow(series.flatMap(({ values }) => values)) }),
      nameGap: 62,
    },
    series: [...bars, ...labels],
  };
  return { title, width, height, option };
}

const linesOf = (categories: readonly string[]): number =>
  Math.max(...categories.map((category) => category.split('\n').length)) - 1;

/** The figures of one series of bars and the range of its rounds. */
function labelled(count: number): (series: ColumnSeries, index: number) => object {
  return ({ values, mins, maxs }, index) => {
    const renderItem: CustomSeriesRenderItem = (params, api) => {
      const at = params.dataIndex;
      const layout = api.barLayout({ count, barGap: '10%', barCategoryGap: '28%' })?.[index];
      const [left, top] = api.coord([at, Math.max(values[at]!, maxs?.[at] ?? 0)]) as [
        number,
        number,
      ];
      const x = left + (layout?.offsetCenter ?? 0);
      const children: object[] = [label(figure(values[at]!), x, top - 6)];
      const [min, max] = [mins?.[at], maxs?.[at]];
      if (min !== undefined && max !== undefined && max > min) {
        const shape = { x1: x, y1: api.coord([at, min])[1]!, x2: x, y2: top };
        children.push({ type: 'line', shape, style: { stroke: LOOK.text, lineWidth: 1.5 } });
      }
      return { type: 'group', children: children as never };
    };
    return { type: 'custom', renderItem, data: values.map((value, at) => [at, value]), z: 5 };
  };
}

/** The sums above bars that stand on each other. */
function totals(series: readonly ColumnSeries[]): object {
  const sums = (series[0]?.values ?? []).map((_, at) =>
    series.reduce((sum, { values }) => sum + values[at]!, 0),
  );
  const renderItem: CustomSeriesRenderItem = (params, api) => {
    const at = params.dataIndex;
    const [x, y] = api.coord([at, sums[at]!]) as [number, number];
    return { type: 'group', children: [label(figure(sums[at]!), x, y - 6)] as never };
  };
  return { type: 'custom', renderItem, data: sums.map((sum, at) => [at, sum]), z: 5 };
}

function label(text: string, x: number, y: number): object {
  const font = `bold 12px ${LOOK.font}`;
  const place = { text, x, y, align: 'center', verticalAlign: 'bottom' };
  const style = { ...place, ...HALO, fill: LOOK.text, font };
  return { type: 'text', style };
}

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

function lineAt(at: object): object {
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

function niceEnd(value: number): number {
  const step = 10 ** Math.floor(Math.log10(value)) / 2;
  return Math.ceil((value * 1.05) / step) * step || 1;
}
