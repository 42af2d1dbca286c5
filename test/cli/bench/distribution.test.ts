import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsOf, latenciesOf, percentileCurve } from '../../../src/cli/bench/distribution.js';
import { Tally } from '../../../src/cli/bench/tally.js';

function tallyOf(...latencies_us: number[]): Tally {
  const tally = new Tally();
  for (const us of latencies_us) tally.success(us, undefined);
  return tally;
}

test('bars hold every latency, each within its bounds', () => {
  const { latencies } = tallyOf(95, 100, 129, 130, 450);
  const bars = barsOf(latencies);
  assert.deepEqual(
    bars.filter(({ count }) => count > 0),
    [
      { from_us: 80, to_us: 100, count: 1 },
      { from_us: 100, to_us: 130, count: 2 },
      { from_us: 130, to_us: 160, count: 1 },
      { from_us: 400, to_us: 500, count: 1 },
    ],
  );
  for (const [index, bar] of bars.entries()) {
    if (index > 0) assert.equal(bar.from_us, bars[index - 1]?.to_us);
  }
});

test('bars get wider where there would be too many', () => {
  const few = barsOf(tallyOf(10, 900).latencies);
  const many = barsOf(tallyOf(1, 10_000_000).latencies);
  assert.deepEqual(few[0], { from_us: 10, to_us: 13, count: 1 });
  assert.deepEqual(many.at(-1), { from_us: 10_000_000, to_us: 20_000_000, count: 1 });
  assert.ok(many.length <= 24, `${many.length} bars`);
});

test('the fastest and the slowest latencies have bars, and none have none', () => {
  assert.deepEqual(barsOf(tallyOf().latencies), []);
  assert.deepEqual(barsOf(tallyOf(0).latencies), [{ from_us: 1, to_us: 2, count: 1 }]);
  const [hours] = barsOf(tallyOf(7_200_000_000).latencies);
  assert.equal(hours?.to_us, 4_000_000_000, 'an hour is the longest');
});

test('figures and the curve of percentiles come from all latencies', () => {
  const { latencies } = tallyOf(...Array.from({ length: 1_000 }, (_, index) => index + 1));
  const figures = latenciesOf(latencies);
  assert.deepEqual(
    [figures.min, figures.p50, figures.p99, figures['p99.9'], figures.max],
    [1, 500, 990, 999, 1_000],
  );
  assert.equal(figures.mean, 500.5);
  const curve = percentileCurve(latencies);
  assert.deepEqual(curve[0], { percentile: 0, us: 1 });
  assert.deepEqual(curve.at(-1), { percentile: 100, us: 1_000 });
  assert.ok(curve.every((point, index) => index === 0 || point.us >= curve[index - 1]!.us));
});

test('tallies cross to another thread and add up', () => {
  const one = tallyOf(10, 20);
  one.success(30, 'inform');
  one.failure({ code: 'TIMEOUT', message: 'the first' });
  const sum = tallyOf(1_000_000);
  sum.add(structuredClone(one.toPlain()));
  sum.add(structuredClone(one.toPlain()));
  assert.equal(sum.answered, 7);
  assert.equal(sum.failed, 2);
  assert.deepEqual([...sum.replies], [['inform', 2]]);
  assert.equal(sum.errors.get('TIMEOUT')?.first.message, 'the first');
  assert.equal(sum.latencies.getValueAtPercentile(50), 20);
  one.reset();
  assert.equal(one.answered + one.failed, 0);
});
