import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Deadlines } from '../../src/runtime/deadlines.js';
import { eventually } from '../support/eventually.js';

test('each item expires once, the sooner ones first', async () => {
  const expired: string[] = [];
  const deadlines = new Deadlines<string>((item) => expired.push(item));
  deadlines.add('late', 120);
  deadlines.add('soon', 1);
  deadlines.add('middle', 60);
  await eventually('all expired', () => expired.length === 3);
  assert.deepEqual(expired, ['soon', 'middle', 'late']);
});

test('an item never expires before its time', async () => {
  const expired: number[] = [];
  const deadlines = new Deadlines<number>((dueMs) => expired.push(performance.now() - dueMs));
  for (let i = 0; i < 50; i++) deadlines.add(performance.now() + i, i);
  await eventually('all expired', () => expired.length === 50);
  // Timers of the event loop may fire within the millisecond before.
  assert.ok(expired.every((lateMs) => lateMs > -1.5));
});

test('an item that is taken out, or all of them, do not expire', async () => {
  const expired: string[] = [];
  const deadlines = new Deadlines<string>((item) => expired.push(item));
  const taken = deadlines.add('taken', 5);
  taken.cancel();
  taken.cancel();
  deadlines.add('stays', 5);
  await eventually('one expired', () => expired.length === 1);
  deadlines.add('cleared', 5);
  deadlines.clear();
  await sleep(50);
  assert.deepEqual(expired, ['stays']);
});
