import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RollingWindow, type Shape } from '../../src/runtime/rolling-window.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const PERIODS = [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS];

interface Sum {
  total: number;
}

const SHAPE: Shape<Sum> = {
  empty: () => ({ total: 0 }),
  merge: (into, from) => {
    into.total += from.total;
  },
  bytes: () => 8,
};

/** How finely a period is known. */
function widthMs(periodMs: number): number {
  if (periodMs <= 5 * MINUTE_MS) return 10 * SECOND_MS;
  return periodMs <= HOUR_MS ? 2 * MINUTE_MS : HOUR_MS;
}

/** The window as one would write it down: every event, and the rule for each question. */
class Model {
  readonly #events: { atMs: number; amount: number }[] = [];
  readonly #originMs: number;

  constructor(originMs: number) {
    this.#originMs = originMs;
  }

  add(atMs: number, amount: number): void {
    this.#events.push({ atMs, amount });
  }

  sum(nowMs: number, periodMs: number): number {
    const width = widthMs(periodMs);
    return this.#events
      .filter(({ atMs }) => {
        const slot = Math.floor((atMs - this.#originMs) / width);
        return this.#originMs + (slot + 1) * width > nowMs - periodMs;
      })
      .reduce((total, { amount }) => total + amount, 0);
  }
}

const pauses = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2 * SECOND_MS) },
  { weight: 3, arbitrary: fc.nat(2 * MINUTE_MS) },
  { weight: 2, arbitrary: fc.nat(2 * HOUR_MS) },
  { weight: 1, arbitrary: fc.nat(30 * HOUR_MS) },
);
const events = fc.array(fc.record({ afterMs: pauses, amount: fc.nat(1_000) }), { maxLength: 150 });

test('every period is what a list of all events says', () => {
  fc.assert(
    fc.property(fc.nat(10 * HOUR_MS), events, pauses, (originMs, happened, pauseMs) => {
      const window = new RollingWindow(SHAPE, originMs);
      const model = new Model(originMs);
      let nowMs = 5 * HOUR_MS;
      const check = (): void => {
        for (const period of PERIODS) {
          assert.equal(window.sum(nowMs, period).total, model.sum(nowMs, period), `${period}`);
        }
      };
      for (const { afterMs, amount } of happened) {
        nowMs += afterMs;
        window.at(nowMs).total += amount;
        model.add(nowMs, amount);
        check();
      }
      nowMs += pauseMs;
      check();
    }),
    { numRuns: 200 },
  );
});

test('a period holds all that happened in it, and nothing older than its first bucket', () => {
  fc.assert(
    fc.property(events, fc.constantFrom(...PERIODS), (happened, periodMs) => {
      const window = new RollingWindow(SHAPE, 0);
      let nowMs = 0;
      const times: number[] = [];
      for (const { afterMs } of happened) {
        nowMs += afterMs;
        window.at(nowMs).total += 1;
        times.push(nowMs);
      }
      const { total } = window.sum(nowMs, periodMs);
      const beginningMs = window.beginningMs(nowMs, periodMs);
      assert.ok(beginningMs <= nowMs - periodMs);
      assert.ok(beginningMs > nowMs - periodMs - widthMs(periodMs));
      assert.equal(total, times.filter((atMs) => atMs >= beginningMs).length);
    }),
  );
});

test('what it keeps is bounded, and idle times keep nothing', () => {
  const window = new RollingWindow(SHAPE, 0);
  window.at(0).total += 1;
  const least = window.bytes();
  window.at(47 * HOUR_MS);
  assert.ok(window.bytes() <= 5 * least);
  for (let second = 0; second < 60 * 3_600; second += 5) {
    window.at(48 * HOUR_MS + second * SECOND_MS).total += 1;
  }
  const buckets = window.bytes() / least;
  assert.ok(buckets <= 31 + 31 + 25 + 3, `${buckets} buckets`);
  assert.equal(window.sum(108 * HOUR_MS, HOUR_MS).total, 3_600 / 5);
});
