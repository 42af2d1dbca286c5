import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Usage } from '../../src/runtime/usage.js';
import { eventually } from '../support/eventually.js';

function counted(lingerMs: number) {
  const counts = { starts: 0, stops: 0 };
  const usage = new Usage(
    lingerMs,
    () => {
      counts.starts += 1;
    },
    () => {
      counts.stops += 1;
    },
  );
  return { counts, usage };
}

test('it runs from the first user on, and goes on a while behind the last', async () => {
  const { counts, usage } = counted(20);
  const first = usage.begin();
  const second = usage.begin();
  first();
  first();
  assert.deepEqual(counts, { starts: 1, stops: 0 });
  second();
  assert.equal(counts.stops, 0);
  await eventually('it stops', () => counts.stops === 1);
  usage.begin();
  assert.equal(counts.starts, 2);
});

test('whoever comes back in time finds it running', () => {
  const { counts, usage } = counted(3_600_000);
  usage.begin()();
  usage.begin();
  assert.deepEqual(counts, { starts: 1, stops: 0 });
});
