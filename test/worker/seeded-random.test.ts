import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../src/worker/seeded-random.js';

function numbers(seed: string, count: number): number[] {
  const random = new SeededRandom();
  random.seed(seed);
  return Array.from({ length: count }, () => random.next());
}

test('the numbers of a seed are the same for ever', () => {
  // Replaying a stored message must give what it gave when it was first handled.
  assert.deepEqual(numbers('agent_1\nmsg_1', 4), GOLDEN);
});

test('bytes are those of the numbers, and any length may be asked for', () => {
  const random = new SeededRandom();
  random.seed('bytes');
  const bytes = Buffer.alloc(7);
  random.fill(bytes, 0, 7);
  const [first, second] = numbers('bytes', 2);
  assert.equal(bytes.readUInt32LE(0), first);
  assert.equal(bytes.readUIntLE(4, 3), second! & 0xffffff);
});

test('seeds that differ a little give numbers that differ a lot, evenly spread', () => {
  const buckets = new Array<number>(16).fill(0);
  const seen = new Set<number>();
  for (let i = 0; i < 4_096; i++) {
    const [number] = numbers(`agent_1\nmsg_${i}`, 1);
    buckets[number! >>> 28]! += 1;
    seen.add(number!);
  }
  assert.ok(seen.size > 4_090);
  for (const count of buckets) assert.ok(count > 180 && count < 340, buckets.join(' '));
});

const GOLDEN = [2_889_967_055, 2_794_747_732, 3_385_725_289, 4_106_949_190];
