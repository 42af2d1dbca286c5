import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapStatistics } from 'node:v8';
import { releaseMemory } from '../../src/base/release-memory.js';

test('garbage and the room that it took are given back', async () => {
  let garbage: unknown[] | undefined = Array.from({ length: 500_000 }, (_, i) => ({ i }));
  const before = getHeapStatistics();
  assert.ok(garbage.length > 0);
  garbage = undefined;
  await releaseMemory();
  const after = getHeapStatistics();
  assert.ok(after.used_heap_size < before.used_heap_size - 10_000_000);
  assert.ok(after.total_physical_size < before.total_physical_size - 10_000_000);
});
