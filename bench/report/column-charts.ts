import type { CustomSeriesRenderItem } from 'echarts';
import { categoryAxis, decadeBelow, HALO, heading, niceEnd, valueAxis } from './chart-parts.js';
import { figure } from './figures.js';
import { LOOK, textStyle } from './look.js';
import type { Chart } from './render-svg.js';

const WIDTH = 900;
const GAPS = Object.freeze({ barGap: '10%', barCategoryGap: '28%' });
const WHISKER = Object.freeze({ stroke: LOOK.text, lineWidth: 1.5 });
const CAP_PX = 4;

export interface ColumnSeries {
  readonly name: string;
  readonly color: string;
  readonly values: readonly number[];
  /** Of the rounds, where they are known. */
  readonly mins?: readonly number[] | undefined;
  readonly maxs?: readonly number[] | undefined;
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
  const bars = series.map(({ name, color, values }) => ({
    type: 'bar',
    name,
    data: values,
    ...GAPS,
    ...(stacked && { stack: 'all' }),
    itemStyle: { color },
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
      ...(!stacked && !log && { max: niceEnd(Math.max(...series.flatMap(reach))) }),
      ...(log && { type: 'log', min: decadeBelow(series.flatMap(({ values }) => values)) }),
      nameGap: 62,
    },
    series: [...bars, ...labels],
  };
  return { title, width, height, option };
}

const linesOf = (categories: readonly string[]): number =>
  Math.max(...categories.map((category) => category.split('\n').length)) - 1;

const reach = ({ values, maxs }: ColumnSeries): readonly number[] => [...values, ...(maxs ?? [])];

/** The figures of one series, each on its bar, and beside it the whisker of its rounds. */
function labelled(count: number): (series: ColumnSeries, index: number) => object {
  return ({ values, mins, maxs }, index) => {
    const renderItem: CustomSeriesRenderItem = (params, api) => {
      const at = params.dataIndex;
      const layout = api.barLayout({ count, ...GAPS })?.[index];
      const [left, top] = api.coord([at, values[at]!]) as [number, number];
      const x = left + (layout?.offsetCenter ?? 0);
      const text = figure(values[at]!);
      const [min, max] = [mins?.[at], maxs?.[at]];
      if (min === undefined || max === undefined || max <= min) {
        return { type: 'group', children: [label(text, x, top - 4)] as never };
      }
      const ends = [min, max].map((end) => api.coord([at, end])[1]!) as [number, number];
      const beside = label(text, x - CAP_PX - 3, top - 3, 'right');
      return { type: 'group', children: [beside, ...whisker(x, ...ends)] as never };
    };
    return { type: 'custom', renderItem, data: values.map((value, at) => [at, value]), z: 5 };
  };
}

function whisker(x: number, from: number, to: number): object[] {
  const drawn = (x1: number, y1: number, x2: number, y2: number): object => {
    return { type: 'line', shape: { x1, y1, x2, y2 }, style: { ...WHISKER } };
  };
  const caps = [from, to].map((y) => drawn(x - CAP_PX, y, x + CAP_PX, y));
  return [drawn(x, from, x, to), ...caps];
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

function label(text: string, x: number, y: number, align = 'center'): object {
  const font = `bold 12px ${LOOK.font}`;
  const place = { text, x, y, align, verticalAlign: 'bottom' };
  const style = { ...place, ...HALO, fill: LOOK.text, font };
  return { type: 'text', style };
}
