import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

test('graceful is done when the old version is closed to new conversations', async () => {
  const run = new TestRun({ type: 'graceful' }, { kind: 'reload', oldInstances: 2 });
  run.versions.held.add('retireOld');
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 2', 'checkNew', 'setShare 100', 'retireOld 2']);
  await run.clock.advance(3_600_000);
  assert.equal(run.state.status, 'in_progress');
  await run.versions.release();
  assert.equal(run.versions.calls.at(-1), 'finish');
  assert.equal(run.state.status, 'completed');
});

test('graceful tries the new version on traffic_split percent first', async () => {
  const input = { type: 'graceful', traffic_split: 10, trial: '30s' };
  const run = new TestRun(input, { kind: 'reload' });
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 1', 'checkNew', 'setShare 10']);
  await run.clock.advance(30_000);
  assert.deepEqual(run.versions.calls.slice(3), [
    'checkNew',
    'setShare 100',
    'retireOld 1',
    'finish',
  ]);
});

test('graceful can be rolled back while it waits for the old version', async () => {
  const run = new TestRun({ type: 'graceful' }, { kind: 'reload' });
  run.versions.held.add('retireOld');
  await run.begin();
  run.run.deliver({ type: 'roll_back', reason: 'no good' });
  await run.clock.advance(0);
  assert.equal(run.state.status, 'rolled_back');
  await run.versions.release();
  assert.equal(run.state.status, 'rolled_back');
  assert.equal(run.versions.calls.at(-1), 'rollBack');
});
