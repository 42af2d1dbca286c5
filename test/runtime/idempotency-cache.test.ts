import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdempotencyCache } from '../../src/runtime/idempotency-cache.js';

test('what is under a key is found again', () => {
  const cache = new IdempotencyCache<number>({ keys: 10, bytes: 1_000_000 });
  assert.equal(cache.get('a'), undefined);
  cache.add('a', 1, 10);
  cache.add('b', 2, 10);
  assert.equal(cache.get('a'), 1);
  assert.equal(cache.get('b'), 2);
});

test('the oldest keys go first', () => {
  const cache = new IdempotencyCache<string>({ keys: 2, bytes: 1_000_000 });
  for (const key of ['a', 'b', 'c']) cache.add(key, `first ${key}`, 10);
  assert.equal(cache.get('a'), undefined);
  assert.equal(cache.get('b'), 'first b');
  assert.equal(cache.get('c'), 'first c');
});

test('values that grow push the oldest keys out', () => {
  const cache = new IdempotencyCache<string>({ keys: 100, bytes: 1_000 });
  cache.add('a', 'x', 300);
  cache.add('b', 'y', 300);
  cache.grow('b', 'y', 300);
  assert.equal(cache.get('a'), 'x');
  cache.grow('b', 'y', 200);
  assert.equal(cache.get('a'), undefined);
  assert.equal(cache.get('b'), 'y');
});

test('growth of what was forgotten, or replaced, counts for nothing', () => {
  const cache = new IdempotencyCache<string>({ keys: 100, bytes: 1_000 });
  cache.grow('a', 'x', 5_000);
  cache.add('a', 'new', 10);
  cache.grow('a', 'old', 5_000);
  assert.equal(cache.get('a'), 'new');
});
