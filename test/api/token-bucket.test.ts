import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from '../../src/api/token-bucket.js';

const START_MS = 1_700_000_000_000;

test('a burst is taken at once, and then nothing until some is gained', () => {
  const bucket = new TokenBucket({ limit: 10, window_ms: 60_000, burst: 3 }, START_MS);
  assert.deepEqual([bucket.remaining, bucket.waitMs, bucket.fullAtMs], [3, 0, START_MS]);
  for (const left of [2, 1, 0]) {
    assert.ok(bucket.take(START_MS));
    assert.equal(bucket.remaining, left);
  }
  assert.equal(bucket.take(START_MS), false);
  assert.deepEqual([bucket.waitMs, bucket.fullAtMs], [6_000, START_MS + 18_000]);
  assert.equal(bucket.take(START_MS + 5_999), false);
  assert.ok(bucket.take(START_MS + 6_000));
  assert.equal(bucket.take(START_MS + 6_000), false);
});

test('what was said to be there after the wait is there', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.constantFrom(1_000, 60_000),
      fc.integer({ min: 1, max: 50 }),
      (limit, window_ms, burst) => {
        const bucket = new TokenBucket({ limit, window_ms, burst }, START_MS);
        for (let i = 0; i < burst; i++) assert.ok(bucket.take(START_MS));
        assert.ok(bucket.take(START_MS + Math.ceil(bucket.waitMs)));
      },
    ),
  );
});

test('over any time no more is taken than the burst and what the rate gives', () => {
  const step = fc.record({
    passedMs: fc.integer({ min: 0, max: 5_000 }),
    count: fc.integer({ min: 0, max: 40 }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(step, { maxLength: 100 }),
      (limit, burst, steps) => {
        const bucket = new TokenBucket({ limit, window_ms: 1_000, burst }, START_MS);
        let nowMs = START_MS;
        let taken = 0;
        for (const { passedMs, count } of steps) {
          nowMs += passedMs;
          taken += bucket.takeUpTo(count, nowMs);
          assert.ok(taken <= burst + ((nowMs - START_MS) * limit) / 1_000 + 1e-6);
          assert.ok(bucket.remaining >= 0 && bucket.remaining <= burst);
          assert.ok(bucket.fullAtMs >= nowMs);
        }
      },
    ),
  );
});

test('a batch takes what there is and no more', () => {
  const bucket = new TokenBucket({ limit: 1_000, window_ms: 1_000, burst: 5 }, START_MS);
  assert.equal(bucket.takeUpTo(3, START_MS), 3);
  assert.equal(bucket.takeUpTo(3, START_MS), 2);
  assert.equal(bucket.takeUpTo(3, START_MS), 0);
  assert.equal(bucket.takeUpTo(100, START_MS + 3), 3);
});

test('a clock that is set back takes nothing away, and gains go on from there', () => {
  const bucket = new TokenBucket({ limit: 1, window_ms: 1_000, burst: 2 }, START_MS);
  assert.ok(bucket.take(START_MS));
  assert.ok(bucket.take(START_MS - 3_600_000));
  assert.equal(bucket.take(START_MS - 3_600_000), false);
  assert.ok(bucket.take(START_MS - 3_599_000));
});
