import type { CustomSeriesRenderItem } from 'echarts';
import { LOOK, textStyle } from '../report/look.js';
import { renderSvg } from '../report/render-svg.js';
import type { Stack } from './cpu-profile.js';
import { type Bar, barsOf, mergeStacks } from './stack-tree.js';

/** What takes less of the whole is left out. */
const LEAST_SHARE = 0.003;
const WIDTH = 1_200;
const BAR_HEIGHT = 17;
const MARGIN = { left: 10, right: 10, top: 62, bottom: 10 };
const LETTER_WIDTH = 6.7;
const LABELLED_FROM = 28;

/** Kinds of code, told apart by colour. */
const KINDS: ReadonlyArray<readonly [name: string, color: string, of: (bar: Bar) => boolean]> = [
  ['the server', '#f4a259', ({ source }) => source.startsWith('src/')],
  ['agents', '#7fc97f', ({ source }) => source === 'wasm'],
  ['Node.js', '#a6cee3', ({ source }) => source.startsWith('node:')],
  ['packages', '#cab2d6', ({ source }) => source !== ''],
  ['garbage collection', '#e78a8a', ({ name }) => name === '(garbage collector)'],
  ['native code and the engine', '#d9d9d9', () => true],
];

/** Draws stacks as a flame graph: widths are shares of the time in which the thread did something. */
export function flameGraph(stacks: readonly Stack[], title: string): string {
  const bars = barsOf(mergeStacks(stacks), LEAST_SHARE);
  const depth = Math.max(0, ...bars.map((bar) => bar.depth)) + 1;
  const height = MARGIN.top + depth * BAR_HEIGHT + MARGIN.bottom;
  const plot = { width: WIDTH - MARGIN.left - MARGIN.right, bottom: height - MARGIN.bottom };
  const renderItem: CustomSeriesRenderItem = (params) => {
    const bar = bars[params.dataIndex] as Bar;
    return drawBar(bar, plot);
  };
  const option = {
    backgroundColor: LOOK.background,
    textStyle,
    title: { text: title, left: 10, top: 8, textStyle: { ...textStyle, fontSize: 15 } },
    graphic: { elements: legend() },
    series: [{ type: 'custom', coordinateSystem: 'none', renderItem, data: bars.map(() => 0) }],
  };
  return renderSvg({ title, width: WIDTH, height, option });
}

const kindOf = (bar: Bar): number => KINDS.findIndex(([, , of]) => of(bar));

function drawBar(
  bar: Bar,
  plot: { width: number; bottom: number },
): ReturnType<CustomSeriesRenderItem> {
  const x = tenth(MARGIN.left + bar.from * plot.width);
  const width = tenth(Math.max(0.4, (bar.to - bar.from) * plot.width - 0.6));
  const y = plot.bottom - (bar.depth + 1) * BAR_HEIGHT;
  const shape = { x, y, width, height: BAR_HEIGHT - 1 };
  const color = KINDS[kindOf(bar)]?.[1] as string;
  const rect = { type: 'rect' as const, shape, style: { fill: color } };
  if (width < LABELLED_FROM) return { type: 'group', children: [rect] };
  const share = `${((bar.to - bar.from) * 100).toFixed(1)} %`;
  const text = fitting([`${bar.name} ${share}`, bar.name], Math.floor((width - 4) / LETTER_WIDTH));
  const style = {
    text,
    x: x + 3,
    y: y + BAR_HEIGHT / 2,
    fill: LOOK.text,
    font: `11px ${LOOK.monospace}`,
    verticalAlign: 'middle' as const,
  };
  return { type: 'group', children: [rect, { type: 'text', style }] };
}

/** The first that has room, or what there is room for of the last. */
function fitting(texts: readonly string[], letters: number): string {
  const whole = texts.find((text) => text.length <= letters);
  return whole ?? `${(texts.at(-1) as string).slice(0, Math.max(1, letters - 1))}…`;
}

function legend(): object[] {
  let left = 12;
  return KINDS.flatMap(([name, fill]) => {
    const at = left;
    left += 34 + name.length * 7;
    const shape = { x: at, y: 36, width: 14, height: 14 };
    const style = { text: name, x: at + 20, y: 37, fill: LOOK.text, font: `13px ${LOOK.font}` };
    return [
      { type: 'rect', shape, style: { fill } },
      { type: 'text', style },
    ];
  });
}

const tenth = (value: number): number => Math.round(value * 10) / 10;
