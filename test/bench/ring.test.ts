import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../bench/ring.js';

test('the ring benchmark measures every row and ends', { timeout: 120_000 }, async () => {
  const rows: Parameters<Parameters<typeof run>[0]>[0][] = [];
  await run((row) => rows.push(row), { smoke: true });
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['ring_push_pop', 'ring_round_trip'],
  );
  for (const { value, baseline, ratio } of rows) {
    assert.ok(value > 0);
    assert.equal(ratio, baseline === null ? null : value / baseline);
  }
});
