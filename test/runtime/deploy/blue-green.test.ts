import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

test('blue_green switches in one step and keeps the old version for cleanup_delay', async () => {
  const run = new TestRun({ type: 'blue_green', cleanup_delay: '2m' }, { oldInstances: 2 });
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 2', 'checkNew', 'setShare 100']);
  assert.equal(run.versions.oldInstances, 2);
  await run.clock.advance(119_999);
  assert.equal(run.state.status, 'in_progress');
  await run.clock.advance(1);
  assert.equal(run.versions.calls.at(-1), 'finish');
  assert.equal(run.state.status, 'completed');
});

test('blue_green keeps the old version for five minutes unless told otherwise', async () => {
  const run = new TestRun({ type: 'blue_green' });
  await run.begin();
  await run.clock.advance(299_999);
  assert.equal(run.state.status, 'in_progress');
  await run.clock.advance(1);
  assert.equal(run.state.status, 'completed');
});

test('blue_green is rolled back at once within cleanup_delay, without a start', async () => {
  const run = new TestRun({ type: 'blue_green' });
  await run.begin();
  await run.clock.advance(200_000);
  run.run.deliver({ type: 'roll_back', reason: 'second thoughts' });
  assert.equal(run.state.status, 'rolling_back');
  await run.clock.advance(0);
  assert.equal(run.state.status, 'rolled_back');
  assert.equal(run.state.reason, 'second thoughts');
  assert.deepEqual(run.versions.calls.slice(3), ['rollBack']);
  assert.equal(run.clock.timers, 0);
});

test('a new version that is not healthy gets no conversation', async () => {
  const run = new TestRun({ type: 'blue_green' });
  run.versions.failures.set('checkNew', 'it hangs');
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 1', 'checkNew', 'rollBack']);
  assert.equal(run.state.status, 'rolled_back');
  assert.match(run.state.reason!, /^Version 2\.0\.0 failed while checking: it hangs$/);
});
