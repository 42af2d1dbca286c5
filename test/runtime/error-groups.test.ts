import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { ErrorGroups } from '../../src/runtime/error-groups.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const WALL_MS = Date.UTC(2024, 0, 15, 10, 0, 0);

function grouped(...errors: (readonly [atMs: number, text: string])[]): ErrorGroups {
  const groups = new ErrorGroups();
  for (const [atMs, text] of errors) {
    groups.count('MESSAGE_DELIVERY_FAILED', text, WALL_MS + atMs);
    groups.settle(atMs, 0);
  }
  return groups;
}

test('a kind has its number, its first and its last time within the period', () => {
  const groups = grouped(
    [0, 'timeout'],
    [30 * MINUTE_MS, 'other'],
    [40 * MINUTE_MS, 'timeout'],
    [41 * MINUTE_MS, 'timeout'],
  );
  const code = 'MESSAGE_DELIVERY_FAILED';
  const nowMs = 42 * MINUTE_MS;
  const lastMs = WALL_MS + 41 * MINUTE_MS;
  assert.deepEqual(groups.within(nowMs, HOUR_MS), [
    { code, error: 'timeout', count: 3, firstMs: WALL_MS, lastMs },
    {
      code,
      error: 'other',
      count: 1,
      firstMs: WALL_MS + 30 * MINUTE_MS,
      lastMs: WALL_MS + 30 * MINUTE_MS,
    },
  ]);
  assert.deepEqual(groups.within(nowMs, 5 * MINUTE_MS), [
    { code, error: 'timeout', count: 2, firstMs: WALL_MS + 40 * MINUTE_MS, lastMs },
  ]);
  assert.deepEqual(groups.within(nowMs + 2 * HOUR_MS, HOUR_MS), []);
});

test('the kind that was not seen for longest is forgotten, however often it was', () => {
  const kinds = LIMITS.error_kinds_per_agent;
  const groups = grouped([0, 'often'], [0, 'often'], [0, 'seen again']);
  for (let i = 0; i < kinds - 2; i++) {
    groups.count('INTERNAL_ERROR', `text ${i}`, WALL_MS);
  }
  groups.count('INTERNAL_ERROR', 'seen again', WALL_MS);
  groups.count('INTERNAL_ERROR', 'one more', WALL_MS);
  const texts = groups.within(4, HOUR_MS).map(({ error }) => error);
  assert.equal(texts.length, kinds);
  assert.deepEqual(texts.slice(0, 2), ['one more', 'seen again']);
  assert.ok(!texts.includes('often'));
});

test('texts of any length take little', () => {
  const groups = new ErrorGroups();
  for (let i = 0; i < 1_000; i++) {
    groups.count('INTERNAL_ERROR', `${i}${'x'.repeat(1e5)}`, i);
    groups.settle(i, 0);
  }
  assert.ok(groups.bytes() < 100_000);
  assert.equal(groups.within(1_000, HOUR_MS)[0]?.error.length, LIMITS.error_kind_characters);
});

test('what is in no bucket yet is told too, and each error once', () => {
  const groups = grouped([0, 'timeout']);
  groups.count('MESSAGE_DELIVERY_FAILED', 'timeout', WALL_MS + 1_000);
  assert.ok(groups.unsettled);
  assert.equal(groups.within(2_000, MINUTE_MS)[0]?.count, 2);
  groups.settle(500, 0);
  assert.ok(!groups.unsettled);
  assert.equal(groups.within(2_000, MINUTE_MS)[0]?.count, 2);
});
