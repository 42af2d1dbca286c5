import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogTail } from '../../src/runtime/log-tail.js';
import { MissedCopies } from '../../src/runtime/missed-copies.js';

test('dropped copies are all told, in one line a second at most', () => {
  const log = new LogTail(10);
  const copies = new MissedCopies(log);
  const told = () => log.last(10).map(({ text }) => Number.parseInt(text, 10));
  copies.tell(0);
  assert.deepEqual(told(), []);
  for (let ms = 1; ms <= 500; ms++) copies.missed(ms);
  assert.deepEqual(told(), [1], 'the first at once, the rest is counted');
  copies.tell(1_000);
  assert.deepEqual(told(), [1]);
  copies.tell(1_001);
  assert.deepEqual(told(), [1, 499]);
  copies.tell(9_000);
  assert.deepEqual(told(), [1, 499]);
});
