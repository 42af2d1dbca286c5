import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { AssertionError } from '../../src/base/assert.js';
import { LatencyHistogram } from '../../src/metrics/latency-histogram.js';

const HOUR_US = 3_600_000_000;
const PERCENTILES = [0, 1, 25, 50, 75, 90, 99, 99.9, 100];
const times = fc.array(
  fc.oneof(fc.nat(4_096), fc.nat(10_000_000), fc.integer({ min: 0, max: HOUR_US })),
  {
    minLength: 1,
    maxLength: 300,
  },
);

function histogramOf(values: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

function summaryOf(histogram: LatencyHistogram) {
  const { count, sum, mean, max } = histogram;
  return { count, sum, mean, max, percentiles: PERCENTILES.map((p) => histogram.percentile(p)) };
}

test('an empty histogram answers 0', () => {
  const summary = summaryOf(new LatencyHistogram());
  assert.deepEqual(summary, {
    count: 0,
    sum: 0,
    mean: 0,
    max: 0,
    percentiles: PERCENTILES.map(() => 0),
  });
});

test('percentiles are those of the library fed value by value', () => {
  fc.assert(
    fc.property(times, (values) => {
      const library = build({
        bitBucketSize: 64,
        lowestDiscernibleValue: 1,
        highestTrackableValue: HOUR_US,
        numberOfSignificantValueDigits: 3,
        useWebAssembly: false,
      });
      for (const value of values) library.recordValue(value);
      const histogram = histogramOf(values);
      for (const p of PERCENTILES) {
        const expected = Math.min(library.getValueAtPercentile(p), Math.max(...values));
        assert.equal(histogram.percentile(p), expected, `p${p}`);
      }
    }),
  );
});

test('percentiles keep three significant digits of the exact order', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const sorted = [...values].sort((a, b) => a - b);
      const exact = sorted[Math.max(0, Math.ceil((percent * sorted.length) / 100) - 1)]!;
      const error = Math.abs(histogramOf(values).percentile(percent) - exact);
      assert.ok(error <= exact / 1_000, `${error} off ${exact}`);
    }),
  );
});

test('count, sum, mean and max are exact', () => {
  const histogram = histogramOf([1, 2, 3_333_333, 7_654_321]);
  assert.equal(histogram.count, 4);
  assert.equal(histogram.sum, 10_987_657);
  assert.equal(histogram.mean, 10_987_657 / 4);
  assert.equal(histogram.max, 7_654_321);
});

test('encoded histograms add up to one of all values', () => {
  fc.assert(
    fc.property(fc.array(times, { maxLength: 4 }), times, (parts, own) => {
      const merged = histogramOf(own);
      for (const part of parts) merged.add(histogramOf(part).encode());
      assert.deepEqual(summaryOf(merged), summaryOf(histogramOf([...own, ...parts.flat()])));
    }),
  );
});

test('a merged histogram that was read can be recorded to, merged and encoded again', () => {
  const histogram = histogramOf([10, 20]);
  assert.equal(histogram.percentile(100), 20);
  histogram.record(30);
  histogram.add(histogramOf([40]).encode());
  assert.equal(histogram.percentile(100), 40);
  const copy = new LatencyHistogram();
  copy.add(histogram.encode());
  assert.deepEqual(summaryOf(copy), summaryOf(histogramOf([10, 20, 30, 40])));
});

test('counts past 32 bits are kept', () => {
  const histogram = histogramOf([100]);
  for (let doubling = 0; doubling < 33; doubling++) histogram.add(histogram.encode());
  assert.equal(histogram.count, 2 ** 33);
  assert.equal(histogram.percentile(50), 100);
});

test('reset forgets everything', () => {
  const histogram = histogramOf([5, 5_000_000]);
  histogram.percentile(50);
  histogram.reset();
  assert.deepEqual(summaryOf(histogram), summaryOf(new LatencyHistogram()));
  histogram.record(7);
  assert.deepEqual(summaryOf(histogram), summaryOf(histogramOf([7])));
});

test('negative, absent and overlong times are kept within range', () => {
  const histogram = histogramOf([-3, Number.NaN, 0.4, HOUR_US * 2]);
  assert.equal(histogram.count, 4);
  assert.equal(histogram.percentile(50), 0);
  assert.equal(histogram.max, HOUR_US * 2);
  assert.ok(Math.abs(histogram.percentile(100) - HOUR_US) <= HOUR_US / 1_000);
});

test('bytes that are no histogram are refused', () => {
  const good = histogramOf([1, 300, 5_000]).encode();
  const bad = [new Uint8Array(), new Uint8Array(17), good.slice(0, 16), good.slice(0, -1)];
  for (const bytes of bad) assert.throws(() => new LatencyHistogram().add(bytes), AssertionError);
  assert.throws(() => histogramOf([1]).percentile(101), AssertionError);
});

test('a worker thread records, and the main thread merges its bytes', async () => {
  const url = new URL('../../src/metrics/latency-histogram.js', import.meta.url);
  const worker = new Worker(
    `import { parentPort } from 'node:worker_threads';
     import { LatencyHistogram } from ${JSON.stringify(url.href)};
     const histogram = new LatencyHistogram();
     for (let us = 1; us <= 1000; us++) histogram.record(us);
     const bytes = histogram.encode();
     parentPort.postMessage(bytes, [bytes.buffer]);`,
    { eval: true, execArgv: ['--input-type=module'] },
  );
  const bytes = await new Promise<Uint8Array>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  const merged = new LatencyHistogram();
  merged.add(bytes);
  assert.equal(merged.count, 1_000);
  assert.equal(merged.percentile(50), 500);
});
