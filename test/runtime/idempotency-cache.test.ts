import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdempotencyCache } from '../../src/runtime/idempotency-cache.js';

const bounds = (keys: number) => ({ keys, bytes: 1_000_000, weigh: () => 1 });

test('a key gives its first result again, without a second attempt', () => {
  const cache = new IdempotencyCache<number>(bounds(10));
  let attempts = 0;
  const attempt = () => ++attempts;
  assert.equal(cache.once('a', attempt), 1);
  assert.equal(cache.once('a', attempt), 1);
  assert.equal(cache.once('b', attempt), 2);
});

test('a result that is still being made is shared', async () => {
  const cache = new IdempotencyCache<number>(bounds(10));
  let attempts = 0;
  const attempt = async () => {
    await Promise.resolve();
    return ++attempts;
  };
  assert.deepEqual(await Promise.all([cache.once('a', attempt), cache.once('a', attempt)]), [1, 1]);
});

test('an attempt that failed is not kept, whether it failed at once or later', async () => {
  const cache = new IdempotencyCache<number>(bounds(10));
  const throwing = () => {
    throw new Error('at once');
  };
  assert.throws(() => cache.once('a', throwing), /at once/);
  assert.equal(
    cache.once('a', () => 1),
    1,
  );
  const rejecting = () => Promise.reject(new Error('later'));
  await assert.rejects(Promise.resolve(cache.once('b', rejecting)), /later/);
  assert.equal(
    cache.once('b', () => 2),
    2,
  );
});

test('the oldest keys go first', () => {
  const cache = new IdempotencyCache<string>(bounds(2));
  for (const key of ['a', 'b', 'c']) cache.once(key, () => `first ${key}`);
  assert.equal(
    cache.once('b', () => 'again'),
    'first b',
  );
  assert.equal(
    cache.once('c', () => 'again'),
    'first c',
  );
  assert.equal(
    cache.once('a', () => 'again'),
    'again',
  );
});

test('large results push the oldest keys out', async () => {
  const cache = new IdempotencyCache<string>({
    keys: 100,
    bytes: 1_000,
    weigh: (result) => result.length,
  });
  await cache.once('a', async () => 'x'.repeat(600));
  await cache.once('b', async () => 'y'.repeat(600));
  assert.equal(
    cache.once('a', () => 'again'),
    'again',
  );
  assert.equal(await cache.once('b', () => 'again'), 'y'.repeat(600));
});
