import type { CustomSeriesRenderItem } from 'echarts';
import { categoryAxis, HALO, heading, lineAt, niceEnd, valueAxis } from './chart-parts.js';
import { figure } from './figures.js';
import { LOOK } from './look.js';
import type { Chart } from './render-svg.js';

const WIDTH = 900;
const ROW_PX = 38;
const BAR_PX = 18;
const GAP_PX = 7;
/** About as wide as a digit of the figures is. */
const DIGIT_PX = 7.2;
const FONT = `bold 13px ${LOOK.font}`;
const SMALL_FONT = `11px ${LOOK.font}`;

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
  const height = 120 + items.length * ROW_PX;
  const longest = Math.max(...items.map(({ label }) => label.length));
  const renderItem: CustomSeriesRenderItem = (params, api) => {
    const item = items[params.dataIndex] as BarItem;
    const x = (value: number): number => api.coord([Math.min(value, end), params.dataIndex])[0]!;
    const y = api.coord([0, params.dataIndex])[1]!;
    const inside = items.some((each) => isCrowded(each, x, end));
    const valueText = figureOf(item, x, y, inside);
    const children = [...rangeOf(item, x, y, end), ...targetOf(item, x, y), valueText];
    return { type: 'group', children: children as never };
  };
  const option = {
    ...heading(title, subtitle),
    grid: { left: 24 + longest * 7.4, right: 110, top: 84, bottom: 52 },
    xAxis: { ...valueAxis(axis), nameGap: 30, max: end },
    yAxis: { ...categoryAxis(items.map(({ label }) => label)), inverse: true },
    series: [
      {
        type: 'bar',
        barWidth: BAR_PX,
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
  met === true ? LOOK.reached : met === false ? LOOK.missed : LOOK.caxton;

type Scale = (value: number) => number;

function lineOf(x1: number, y1: number, x2: number, y2: number, style: object = {}): object {
  const shape = { x1, y1, x2, y2 };
  return { type: 'line', shape, style: { stroke: LOOK.text, lineWidth: 1.5, ...style } };
}

const hasRange = ({ min, max }: BarItem): boolean =>
  typeof min === 'number' && typeof max === 'number' && max > min;

/** The whisker from the least round to the most, which is told where it leaves the axis. */
function rangeOf(item: BarItem, x: Scale, y: number, end: number): object[] {
  if (!hasRange(item)) return [];
  const { min, max } = item as { min: number; max: number };
  const cap = (at: number): object => lineOf(x(at), y - 5, x(at), y + 5);
  const last =
    max <= end
      ? cap(max)
      : { type: 'text', style: textAt(`to ${figure(max)}`, x(end) + GAP_PX, y, { font: FONT }) };
  return [lineOf(x(min), y, x(max), y), cap(min), last];
}

/** The mark of the target, named below the bar so that the bar's own figure stays apart from it. */
function targetOf({ target }: BarItem, x: Scale, y: number): object[] {
  if (target === undefined) return [];
  const at = x(target);
  const text = `target ${target.toLocaleString('en-US')}`;
  const style = textAt(text, at + 5, y + 16, { fill: LOOK.faint, font: SMALL_FONT });
  const mark = { stroke: LOOK.target, lineWidth: 3.5 };
  return [lineOf(at, y - 12, at, y + 20, mark), { type: 'text', style }];
}

const widthOf = ({ value }: BarItem): number => figure(value).length * DIGIT_PX + GAP_PX;

/** Where the bar ends, or its whisker. */
function outerEnd(item: BarItem, x: Scale): number {
  return Math.max(x(item.value), hasRange(item) ? x(item.max as number) : 0);
}

/** Whether a figure behind the bar would stand at the mark of the target, or off the axis. */
function isCrowded(item: BarItem, x: Scale, end: number): boolean {
  if ((item.max ?? item.value) > end) return true;
  const from = outerEnd(item, x);
  const mark = item.target === undefined ? Number.NaN : x(item.target);
  return mark > from && mark < from + widthOf(item);
}

/**
 * The figure: behind the bar and its whisker. In a chart where marks of targets are in the way of
 * that, those of all bars that are long enough stand inside, before the whisker.
 */
function figureOf(item: BarItem, x: Scale, y: number, inside: boolean): object {
  const { value, min, met } = item;
  const text = figure(value);
  const inner = Math.min(x(value), hasRange(item) ? x(min as number) : x(value));
  if (inside && inner - x(0) > widthOf(item) + GAP_PX) {
    const halo = { stroke: colorOf(met), lineWidth: 4, fill: LOOK.background };
    const style = textAt(text, inner - GAP_PX, y, { ...halo, align: 'right', font: FONT });
    return { type: 'text', style };
  }
  return { type: 'text', style: textAt(text, outerEnd(item, x) + GAP_PX, y, { font: FONT }) };
}

function textAt(text: string, x: number, y: number, style: object): object {
  return { text, x, y, verticalAlign: 'middle', ...HALO, fill: LOOK.text, ...style };
}
