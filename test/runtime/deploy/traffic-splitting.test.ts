import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

test('traffic_splitting gives the new version its share for a trial, then everything', async () => {
  const input = { type: 'traffic_splitting', traffic_split: 30 };
  const run = new TestRun(input, { kind: 'reload' });
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 1', 'checkNew', 'setShare 30']);
  await run.clock.advance(60_000);
  assert.deepEqual(run.versions.calls.slice(3), ['checkNew', 'setShare 100', 'finish']);
});

test('traffic_splitting begins with ten percent, and with all of it when told so', async () => {
  const some = new TestRun({ type: 'traffic_splitting' }, { kind: 'reload' });
  await some.begin();
  assert.equal(some.versions.share, 10);
  const all = new TestRun({ type: 'traffic_splitting', traffic_split: 100 }, { kind: 'reload' });
  await all.begin();
  assert.equal(all.state.status, 'completed');
  assert.equal(all.state.stages.length, 1);
});
