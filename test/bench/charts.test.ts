import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLatest, type StoredRow } from '../../bench/harness/results.js';
import { type BarItem, barChart } from '../../bench/report/bar-charts.js';
import { chartsOf } from '../../bench/report/charts.js';
import { columnChart } from '../../bench/report/column-charts.js';
import { Figures } from '../../bench/report/figures.js';
import { LOOK } from '../../bench/report/look.js';
import { renderSvg } from '../../bench/report/render-svg.js';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where a text of a chart stands. */
function textAt(svg: string, text: string): Point {
  const found = [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].filter(([, , t]) => t === text);
  assert.equal(found.length, 1, `'${text}' stands there once`);
  const attributes = found[0]?.[1] ?? '';
  const number = (name: string): number =>
    Number(new RegExp(` ${name}="(-?[\\d.]+)"`).exec(attributes)?.[1] ?? 0);
  const moved = /translate\((-?[\d.]+) (-?[\d.]+)\)/.exec(attributes);
  return { x: number('x') + Number(moved?.[1] ?? 0), y: number('y') + Number(moved?.[2] ?? 0) };
}

const bars = (...items: BarItem[]): string =>
  renderSvg(barChart({ title: '', subtitle: '', axis: '', items, axisMax: 1 }));

test('the figure of a bar stands at its end, and the target’s at its mark', () => {
  const svg = bars({ label: 'far', value: 0.111, min: 0.1, max: 0.123, target: 0.9 });
  const [none, all] = [textAt(svg, '0').x, textAt(svg, '1').x];
  const share = (text: string): number => (textAt(svg, text).x - none) / (all - none);
  assert.ok(share('0.111') > 0.123 && share('0.111') < 0.15, String(share('0.111')));
  assert.ok(share('target 0.9') > 0.9 && share('target 0.9') < 0.93);
  assert.notEqual(textAt(svg, 'target 0.9').y, textAt(svg, '0.111').y);
});

test('where a mark is in the way, figures stand in the bars, before their whiskers', () => {
  const svg = bars(
    { label: 'near', value: 0.555, min: 0.5, max: 0.6, target: 0.61, met: false },
    { label: 'alone', value: 0.777 },
    { label: 'short', value: 0.011 },
  );
  const [none, all] = [textAt(svg, '0').x, textAt(svg, '1').x];
  const share = (text: string): number => (textAt(svg, text).x - none) / (all - none);
  assert.ok(share('0.555') < 0.5 && share('0.555') > 0.45);
  assert.ok(share('0.777') < 0.777);
  assert.ok(share('0.0110') > 0.011, 'a short bar has no room for it');
});

test('a range that leaves the axis tells how far it goes', () => {
  const svg = bars({ label: 'wide', value: 0.555, min: 0.5, max: 4.333 });
  assert.ok(textAt(svg, 'to 4.33').x > textAt(svg, '1').x);
  assert.ok(textAt(svg, '0.555').x < textAt(svg, '1').x / 1.5);
});

test('the figure of a column stands on it, not on its whisker', () => {
  const series = { name: 'a', color: LOOK.caxton, values: [606], mins: [594], maxs: [719] };
  const common = { title: '', subtitle: '', axis: '', categories: ['p99'] };
  const svg = renderSvg(columnChart({ ...common, series: [series] }));
  const { y } = textAt(svg, '606');
  const [low, high] = [textAt(svg, '600').y, textAt(svg, '800').y];
  assert.ok(y < low && y > (low + high) / 2, 'between 600 and 700');
});

const latest = readLatest();
assert.ok(latest !== undefined);

interface Drawn {
  readonly name?: string;
  readonly itemStyle?: { readonly color: string };
}

test('what is Caxton’s has one colour in all charts, and what it is compared with another', () => {
  let found = 0;
  for (const [file, { option }] of chartsOf(new Figures(latest))) {
    for (const { name, itemStyle } of option.series as Drawn[]) {
      const ours = name?.startsWith('Caxton');
      if (!ours && !/^(bare|the peer)/.test(name ?? '')) continue;
      assert.equal(itemStyle?.color, ours ? LOOK.caxton : LOOK.baseline, `${file}: ${name}`);
      found++;
    }
  }
  assert.ok(found >= 4);
  for (const color of [...LOOK.parts, ...LOOK.steps]) assert.notEqual(color, LOOK.baseline);
});

test('the chart of latencies promises the ranges that it shows', () => {
  const subtitle = (change: (row: StoredRow) => StoredRow): string =>
    renderSvg(
      chartsOf(new Figures({ ...latest, rows: latest.rows.map(change) })).get(
        'latency.svg',
      ) as never,
    );
  const without = ({ baseline_min, baseline_max, ...row }: StoredRow): StoredRow => row;
  assert.match(subtitle(without), /least and most of Caxton’s rounds/);
  assert.match(
    subtitle((row) => ({ ...row, baseline_min: 1, baseline_max: 99 })),
    /least and most of the rounds/,
  );
});
