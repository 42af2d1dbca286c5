import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareWithFormer } from '../../bench/harness/former.js';
import { makeRow, type Row } from '../../bench/harness/row.js';

const unit = 'requests/s';

test('a row has the median ratio of neighbouring rounds, with the least and the most', () => {
  const row = makeRow({ name: 'x', unit, values: [50, 60, 70], baselines: [100, 100, 100] });
  assert.equal(row.value, 60);
  assert.equal(row.baseline, 100);
  assert.equal(row.ratio, 0.6);
  assert.deepEqual([row.ratio_min, row.ratio_max], [0.5, 0.7]);
  assert.deepEqual([row.value_min, row.value_max, row.rounds], [50, 70, 3]);
  assert.deepEqual([row.baseline_min, row.baseline_max], [100, 100]);
  assert.deepEqual([row.target, row.met], [null, null]);
});

test('a row without a baseline has no ratio', () => {
  const row = makeRow({ name: 'x', unit, values: [1, 2, 3] });
  assert.deepEqual([row.value, row.baseline, row.ratio], [2, null, null]);
});

test('what was not measured is no row', () => {
  assert.throws(() => makeRow({ name: 'x', unit, values: [] }), /x was measured as nothing/);
  assert.throws(() => makeRow({ name: 'x', unit, values: [Number.NaN] }), /NaN/);
});

test('a target is judged by the ratio or by the value', () => {
  const send = (value: number) =>
    makeRow({ name: 'rest_send', unit, values: [value], baselines: [100] });
  assert.deepEqual([send(80).met, send(79).met], [true, false]);
  assert.equal(send(80).target, 'ratio ≥ 0.8');
  const added = (value: number) =>
    makeRow({ name: 'latency_added_us_p50', unit: 'µs', better: 'lower', values: [value] });
  assert.deepEqual([added(60).met, added(61).met], [true, false]);
});

test('a target that holds on fast machines only is met on slow ones', () => {
  const batch = (value: number, baseline: number) =>
    makeRow({ name: 'ws_batch', unit, values: [value], baselines: [baseline] });
  assert.equal(batch(300_000, 400_000).met, true, 'the ratio alone counts');
  assert.equal(batch(200_000, 400_000).met, false, 'the ratio is too small');
  assert.equal(batch(430_000, 710_000).met, true);
  assert.equal(batch(390_000, 640_000).met, true);
  assert.equal(batch(399_000, 700_000).met, false, 'the ratio is too small');
});

const row = (name: string, ratio: number, better: Row['better'] = 'higher'): Row =>
  makeRow({ name, unit, better, values: [ratio * 100], baselines: [100] });

test('only ratios that are worse by more than a fifth are told of', () => {
  const former = [row('same', 0.5), row('worse', 0.5), row('slower', 1, 'lower'), row('gone', 1)];
  const now = [row('same', 0.41), row('worse', 0.3), row('slower', 1.3, 'lower'), row('new', 1)];
  const changes = compareWithFormer(now, former);
  assert.deepEqual(
    changes.map(({ name, worseBy }) => [name, Math.round(worseBy * 100)]),
    [
      ['worse', 40],
      ['slower', 30],
    ],
  );
});

test('what became better is told of by nobody', () => {
  const changes = compareWithFormer(
    [row('a', 2), row('b', 0.1, 'lower')],
    [row('a', 1), row('b', 1, 'lower')],
  );
  assert.deepEqual(changes, []);
});

test('values alone are not compared, for they depend on the machine', () => {
  const alone = (value: number) => makeRow({ name: 'idle', unit: 'MB', values: [value] });
  assert.deepEqual(compareWithFormer([alone(1)], [alone(100)]), []);
});
