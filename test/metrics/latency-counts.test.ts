import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssertionError } from '../../src/base/assert.js';
import {
  type EncodedLatencies,
  LatencyCounts,
  mergeLatencies,
} from '../../src/metrics/latency-counts.js';

const HOUR_US = 3_600_000_000;
const PERCENTILES = [0, 1, 25, 50, 75, 90, 99, 100];
const times = fc.array(
  fc.oneof(fc.nat(512), fc.nat(10_000_000), fc.integer({ min: 0, max: HOUR_US })),
  { minLength: 1, maxLength: 300 },
);

function countsOf(values: readonly number[]): LatencyCounts {
  const counts = new LatencyCounts();
  for (const value of values) counts.record(value);
  return counts;
}

function summaryOf(counts: LatencyCounts) {
  const { count, maxUs } = counts;
  return { count, maxUs, percentiles: PERCENTILES.map((p) => counts.percentileUs(p)) };
}

test('nothing recorded answers 0', () => {
  assert.deepEqual(summaryOf(new LatencyCounts()), {
    count: 0,
    maxUs: 0,
    percentiles: PERCENTILES.map(() => 0),
  });
});

test('percentiles are within one percent of the exact order', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)]!;
      const error = Math.abs(countsOf(values).percentileUs(percent) - exact);
      assert.ok(error <= exact / 100, `${error} off ${exact}`);
    }),
  );
});

test('encoded ones add up to one of all values', () => {
  fc.assert(
    fc.property(fc.array(times, { maxLength: 4 }), times, (parts, own) => {
      const whole = summaryOf(countsOf([...own, ...parts.flat()]));
      const merged = countsOf(own);
      for (const part of parts) merged.add(countsOf(part).encode());
      assert.deepEqual(summaryOf(merged), whole);
      const encoded = parts
        .map((part) => countsOf(part).encode())
        .reduce<EncodedLatencies | undefined>(mergeLatencies, countsOf(own).encode());
      const read = new LatencyCounts();
      read.add(encoded!);
      assert.deepEqual(summaryOf(read), whole);
    }),
  );
});

test('what is absent adds nothing', () => {
  const one = countsOf([5]).encode();
  assert.equal(mergeLatencies(undefined, undefined), undefined);
  assert.equal(mergeLatencies(one, undefined), one);
  assert.equal(mergeLatencies(undefined, one), one);
});

test('reset forgets everything', () => {
  const counts = countsOf([5, 5_000_000]);
  counts.reset();
  assert.deepEqual(summaryOf(counts), summaryOf(new LatencyCounts()));
  counts.record(7);
  assert.deepEqual(summaryOf(counts), summaryOf(countsOf([7])));
});

test('negative, absent and overlong times are kept within range', () => {
  const counts = countsOf([-3, Number.NaN, 0.4, HOUR_US * 2]);
  assert.equal(counts.count, 4);
  assert.equal(counts.percentileUs(50), 0);
  assert.equal(counts.maxUs, HOUR_US * 2);
  assert.ok(Math.abs(counts.percentileUs(100) - HOUR_US) <= HOUR_US / 100);
});

test('a bucket that is full stays full', () => {
  const counts = countsOf([100]);
  for (let doubling = 0; doubling < 40; doubling++) counts.add(counts.encode());
  assert.equal(counts.count, 2 ** 32 - 1);
  assert.equal(counts.percentileUs(99), 100);
});

test('bytes that are none are refused', () => {
  const good = countsOf([1, 300, 5_000]).encode();
  for (const encoded of ['', good.slice(0, -1)]) {
    assert.throws(() => new LatencyCounts().add(encoded), AssertionError);
  }
  assert.throws(() => countsOf([1]).percentileUs(101), AssertionError);
});
