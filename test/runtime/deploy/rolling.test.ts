import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

test('rolling replaces one instance after the other, each healthy before the next', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 3 });
  await run.begin();
  await run.clock.advance(30_000);
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
  await run.clock.advance(30_000);
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
  await run.clock.advance(20_000);
  assert.deepEqual(run.versions.calls, [
    ...['startNew 1', 'checkNew', 'setShare 50', 'retireOld 0'],
    ...['startNew 2', 'checkNew', 'setShare 100', 'retireOld 1'],
    'finish',
  ]);
});

test('rolling goes on when the old instances of a batch are retired', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 2 });
  run.versions.held.add('retireOld');
  await run.begin();
  await run.clock.advance(10_000);
  assert.equal(run.versions.calls.at(-1), 'retireOld 1');
  assert.equal(run.state.share, 50);
  await run.versions.release();
  await run.clock.advance(10_000);
  assert.equal(run.state.status, 'completed');
});

test('a batch that is not healthy brings back what was replaced before', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 2 });
  run.versions.held.add('retireOld');
  await run.begin();
  await run.clock.advance(10_000);
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

test('a batch is watched for ten seconds, or until the new version has handled enough', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 3 });
  await run.begin();
  run.versions.figuresNow = { messages: 19, failed: 0, latencyP99Ms: 1 };
  await run.clock.advance(9_999);
  assert.equal(run.versions.calls.at(-1), 'setShare 33');
  await run.clock.advance(1);
  assert.equal(run.versions.calls.at(-1), 'setShare 66');
  // What came before this batch says nothing of it.
  run.versions.figuresNow = { messages: 38, failed: 0, latencyP99Ms: 1 };
  await run.clock.advance(2_000);
  assert.equal(run.versions.calls.at(-1), 'setShare 66');
  run.versions.figuresNow = { messages: 39, failed: 0, latencyP99Ms: 1 };
  await run.clock.advance(1_000);
  assert.equal(run.versions.calls.at(-1), 'setShare 100');
  run.versions.figuresNow = { messages: 59, failed: 0, latencyP99Ms: 1 };
  await run.clock.advance(1_000);
  assert.equal(run.state.status, 'completed');
  assert.equal(run.clock.timers, 0);
});

test('errors of the first batch turn it back before another one is replaced', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 4 });
  await run.begin();
  run.versions.figuresNow = { messages: 20, failed: 20, latencyP99Ms: 1 };
  await run.clock.advance(1_000);
  assert.equal(run.state.status, 'rolled_back');
  assert.deepEqual(run.versions.calls, ['startNew 1', 'checkNew', 'setShare 25', 'rollBack']);
});

test('errors of the last batch turn it back too', async () => {
  const run = new TestRun({ type: 'rolling' }, { oldInstances: 1 });
  await run.begin();
  assert.equal(run.state.share, 100);
  run.versions.figuresNow = { messages: 30, failed: 3, latencyP99Ms: 1 };
  await run.clock.advance(1_000);
  assert.equal(run.state.status, 'rolled_back');
});
