import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CpuShare } from '../../src/worker/cpu-share.js';

const SECOND_US = 1_000_000;

const newAccount = (): BigInt64Array => new BigInt64Array(new SharedArrayBuffer(8));

/** One instance after the other does as much as it may, from a moment on. */
function work(shares: readonly CpuShare[], messageUs: number, fromUs: number, untilUs: number) {
  const done: Array<{ readonly startedUs: number; readonly endedUs: number }> = [];
  let turn = 0;
  for (let nowUs = fromUs; nowUs < untilUs; turn++) {
    const share = shares[turn % shares.length]!;
    const pauseMs = share.pauseMs(nowUs);
    nowUs += pauseMs * 1_000;
    assert.equal(share.pauseMs(nowUs), 0);
    done.push({ startedUs: nowUs, endedUs: nowUs + messageUs });
    nowUs += messageUs;
    share.charge(messageUs, nowUs);
  }
  return done;
}

/** Work of the second that begins then, µs. */
function within(done: ReturnType<typeof work>, fromUs: number): number {
  const toUs = fromUs + SECOND_US;
  return done.reduce(
    (sum, { startedUs, endedUs }) =>
      sum + Math.max(0, Math.min(endedUs, toUs) - Math.max(startedUs, fromUs)),
    0,
  );
}

test('in no second, the first or one after idle time, an agent works more than its share', () => {
  const millis = fc.integer({ min: 1, max: 1_000 });
  const instances = fc.integer({ min: 1, max: 8 });
  const messageUs = fc.integer({ min: 200, max: 20_000 });
  fc.assert(
    fc.property(millis, instances, messageUs, (share, count, length) => {
      const account = newAccount();
      const shares = Array.from({ length: count }, () => new CpuShare(share, account));
      const fromUs = 50 * SECOND_US;
      const done = work(shares, length, fromUs, fromUs + 3 * SECOND_US);
      for (const { startedUs } of done.slice(0, 200)) {
        // The message that was begun with the last of the share is finished.
        assert.ok(within(done, startedUs) <= share * 1_000 + length);
      }
    }),
    { numRuns: 50 },
  );
});

test('an agent that always has work gets nearly all of its share', () => {
  const share = new CpuShare(100, newAccount());
  const done = work([share], 1_000, SECOND_US, 11 * SECOND_US);
  assert.ok(done.length > 950, `${done.length} ms in 10 s at a tenth`);
});

test('work beyond the share is paid for with the time it takes to refill', () => {
  const share = new CpuShare(100, newAccount());
  // 150 ms take 1.53 s of a tenth of a core, less the 20 ms that were saved.
  assert.equal(share.charge(150_000, 9 * SECOND_US), 1_511);
  assert.equal(share.pauseMs(10 * SECOND_US), 511);
  assert.equal(share.pauseMs(11 * SECOND_US), 0);
});

test('what one instance did holds back the others, at the price of their version’s share', () => {
  const account = newAccount();
  const old = new CpuShare(100, account);
  const next = new CpuShare(200, account);
  const pauseMs = old.charge(50_000, SECOND_US);
  assert.equal(next.pauseMs(SECOND_US), pauseMs);
  assert.equal(next.charge(50_000, SECOND_US), 746);
});

test('a clock that seems to step back takes nothing away', () => {
  const share = new CpuShare(500, newAccount());
  assert.equal(share.charge(1, 10 * SECOND_US), 0);
  const pauseMs = share.charge(1, 9.99 * SECOND_US);
  assert.equal(pauseMs, 0);
});
