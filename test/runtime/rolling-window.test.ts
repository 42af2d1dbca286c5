import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RollingWindow, type WindowSample } from '../../src/runtime/rolling-window.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const start = Date.UTC(2024, 0, 15, 10, 0, 0);

function sample(changes: Partial<WindowSample> = {}): WindowSample {
  return { processed: 1, failed: 0, handlingUs: 10, cpu: 0.1, memoryBytes: 100, ...changes };
}

test('samples of a period add up; shares and memory keep their peaks', () => {
  const window = new RollingWindow();
  window.add(start, sample({ processed: 2, cpu: 0.5, memoryBytes: 300 }));
  window.add(start + 1_000, sample({ failed: 3, handlingUs: 40, cpu: 0.2 }));
  assert.deepEqual(window.totals(start + 2_000, HOUR_MS), {
    processed: 3,
    failed: 3,
    handlingUs: 50,
    cpuPeak: 0.5,
    memoryPeakBytes: 300,
    memorySumBytes: 400,
    samples: 2,
  });
});

test('what is older than the period does not count', () => {
  const window = new RollingWindow();
  window.add(start, sample());
  window.add(start + 10 * MINUTE_MS, sample({ processed: 10 }));
  const now = start + 12 * MINUTE_MS;
  assert.equal(window.totals(now, MINUTE_MS).processed, 0);
  assert.equal(window.totals(now, 5 * MINUTE_MS).processed, 10);
  assert.equal(window.totals(now, HOUR_MS).processed, 11);
});

test('a day is seen by the hour', () => {
  const window = new RollingWindow();
  for (let hour = 0; hour < 48; hour++) window.add(start + hour * HOUR_MS, sample());
  const now = start + 47 * HOUR_MS + MINUTE_MS;
  const { processed } = window.totals(now, 24 * HOUR_MS);
  assert.ok(processed >= 24 && processed <= 25, `${processed}`);
  assert.equal(window.totals(now, MINUTE_MS).processed, 1);
});

test('an hour is seen whole though something happened in each of its minutes', () => {
  const window = new RollingWindow();
  for (let minute = 0; minute < 180; minute++) window.add(start + minute * MINUTE_MS, sample());
  const { processed } = window.totals(start + 179 * MINUTE_MS + 30_000, HOUR_MS);
  assert.ok(processed >= 60 && processed <= 61, `${processed}`);
});

test('a window in which nothing happened is empty', () => {
  assert.deepEqual(new RollingWindow().totals(start, HOUR_MS), {
    processed: 0,
    failed: 0,
    handlingUs: 0,
    cpuPeak: 0,
    memoryPeakBytes: 0,
    memorySumBytes: 0,
    samples: 0,
  });
});
