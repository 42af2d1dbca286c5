import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LatencyHistogram } from '../../src/metrics/latency-histogram.js';
import { RollingHistogram } from '../../src/metrics/rolling-histogram.js';

const WINDOW_MS = 300_000;
const SLOT_MS = 10_000;

function encoded(values: readonly number[]): Uint8Array {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram.encode();
}

const steps = fc.array(
  fc.record({
    // Mostly small steps, now and then a pause that is longer than the window.
    afterMs: fc.oneof(fc.nat(3_000), fc.nat(60_000), fc.nat(400_000)),
    values: fc.array(fc.nat(100_000), { maxLength: 5 }),
  }),
  { maxLength: 60 },
);

test('quantiles are those of the last five minutes, number and sum those of all time', () => {
  fc.assert(
    fc.property(steps, fc.nat(400_000), (reports, pauseMs) => {
      const rolling = new RollingHistogram();
      const all: { atMs: number; value: number }[] = [];
      let nowMs = 5_000;
      for (const { afterMs, values } of reports) {
        nowMs += afterMs;
        rolling.add(encoded(values), nowMs);
        for (const value of values) all.push({ atMs: nowMs, value });
      }
      nowMs += pauseMs;
      const endMs = (atMs: number) => (Math.floor(atMs / SLOT_MS) + 1) * SLOT_MS;
      const within = all.filter(({ atMs }) => endMs(atMs) > nowMs - WINDOW_MS);
      const expected = new LatencyHistogram();
      for (const { value } of within) expected.record(value);
      const { recent, count, sum } = rolling.summary(nowMs);
      assert.equal(recent.count, expected.count);
      for (const p of [50, 99, 100]) assert.equal(recent.percentile(p), expected.percentile(p));
      assert.equal(count, all.length);
      assert.equal(
        sum,
        all.reduce((total, { value }) => total + value, 0),
      );
    }),
  );
});

test('looking changes nothing', () => {
  const rolling = new RollingHistogram();
  rolling.add(encoded([10, 20]), 1_000);
  assert.equal(rolling.summary(WINDOW_MS * 2).recent.count, 0);
  assert.equal(rolling.summary(2_000).recent.count, 2);
});
