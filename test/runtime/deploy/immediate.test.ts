import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

test('immediate starts all instances, gives them everything and finishes', async () => {
  const run = new TestRun({ type: 'immediate' }, { oldInstances: 2, newInstances: 3 });
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 3', 'setShare 100', 'finish']);
  assert.equal(run.state.status, 'completed');
  assert.deepEqual(
    run.state.stages.map(({ stage, percentage, status }) => [stage, percentage, status]),
    [[1, 100, 'completed']],
  );
});

test('immediate is initializing until the new version has started', async () => {
  const run = new TestRun({ type: 'immediate' });
  run.versions.held.add('startNew');
  await run.begin();
  assert.equal(run.state.status, 'initializing');
  assert.equal(run.state.share, 0);
  await run.versions.release();
  assert.equal(run.state.status, 'completed');
  assert.equal(run.state.share, 100);
});

test('a hot reload knows immediate too', async () => {
  const run = new TestRun({ type: 'immediate' }, { kind: 'reload' });
  await run.begin();
  assert.equal(run.state.status, 'completed');
});
