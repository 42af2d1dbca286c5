import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

test('rolling replaces one instance after the other, each healthy before the next', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 3 });
  await run.begin();
  assert.deepEqual(run.versions.calls, [
    ...['startNew 1', 'checkNew', 'setShare 33', 'retireOld 1'],
    ...['startNew 2', 'checkNew', 'setShare 66', 'retireOld 2'],
    ...['startNew 3', 'checkNew', 'setShare 100', 'retireOld 3'],
    'finish',
  ]);
  assert.equal(run.state.status, 'completed');
});

test('rolling takes batches of batch_size, the last one smaller', async () => {
  const run = new TestRun({ type: 'rolling', batch_size: 2 }, { oldInstances: 5 });
  await run.begin();
  assert.deepEqual(run.versions.calls, [
    ...['startNew 2', 'checkNew', 'setShare 33', 'retireOld 1'],
    ...['startNew 4', 'checkNew', 'setShare 66', 'retireOld 3'],
    ...['startNew 5', 'checkNew', 'setShare 100', 'retireOld 5'],
    'finish',
  ]);
});

test('rolling changes the number of instances on the way', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 1, newInstances: 2 });
  await run.begin();
  assert.deepEqual(run.versions.calls, [
    ...['startNew 1', 'checkNew', 'setShare 50', 'retireOld 0'],
    ...['startNew 2', 'checkNew', 'setShare 100', 'retireOld 1'],
    'finish',
  ]);
});

test('rolling waits for the conversations of the instances that it retires', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 2 });
  run.versions.held.add('retireOld');
  await run.begin();
  assert.equal(run.versions.calls.at(-1), 'retireOld 1');
  assert.equal(run.state.share, 50);
  await run.versions.release();
  assert.equal(run.state.status, 'completed');
});

test('a batch that is not healthy brings back what was replaced before', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 2 });
  run.versions.held.add('retireOld');
  await run.begin();
  run.versions.failures.set('checkNew', 'an instance traps');
  await run.versions.release();
  assert.deepEqual(run.versions.calls.slice(-3), ['startNew 2', 'checkNew', 'rollBack']);
  assert.equal(run.state.status, 'rolled_back');
  assert.equal(run.versions.oldInstances, 2);
  assert.deepEqual(
    run.state.stages.map(({ stage, status }) => [stage, status]),
    [
      [1, 'completed'],
      [2, 'rolled_back'],
    ],
  );
});
