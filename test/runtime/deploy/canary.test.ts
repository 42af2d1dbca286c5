import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

const PRINTED = {
  type: 'canary',
  stages: [
    { percentage: 10, duration: '5m' },
    { percentage: 50, duration: '10m' },
    { percentage: 100, duration: '0' },
  ],
  rollback_on_error: true,
  error_threshold: 0.05,
};

test('canary moves by stages of percentage and duration', async () => {
  const run = new TestRun(PRINTED, { oldInstances: 4 });
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 1', 'checkNew', 'setShare 10']);
  await run.clock.advance(300_000);
  assert.deepEqual(run.versions.calls.slice(3), ['startNew 2', 'checkNew', 'setShare 50']);
  await run.clock.advance(599_999);
  assert.equal(run.state.stage, 2);
  await run.clock.advance(1);
  assert.deepEqual(run.versions.calls.slice(6), [
    'startNew 4',
    'checkNew',
    'setShare 100',
    'finish',
  ]);
  assert.deepEqual(run.path, [
    'initializing 1 0%',
    'in_progress 1 0%',
    'in_progress 1 10%',
    'in_progress 2 10%',
    'in_progress 2 50%',
    'in_progress 3 50%',
    'in_progress 3 100%',
    'completed 3 100%',
  ]);
});

test('a stage ends when the next one begins', async () => {
  const run = new TestRun(PRINTED);
  await run.begin();
  await run.clock.advance(300_000);
  const [first, second] = run.state.stages;
  assert.equal(run.state.stages.length, 2);
  assert.equal(first!.status, 'completed');
  assert.equal(first!.endedMs, first!.startedMs + 300_000);
  assert.deepEqual(second, {
    stage: 2,
    percentage: 50,
    status: 'in_progress',
    startedMs: first!.endedMs,
    endedMs: undefined,
  });
});

test('canary starts no instance that a stage doesn’t need', async () => {
  const run = new TestRun(PRINTED);
  await run.begin();
  await run.clock.advance(900_000);
  assert.deepEqual(run.versions.calls, [
    ...['startNew 1', 'checkNew', 'setShare 10'],
    ...['checkNew', 'setShare 50', 'checkNew', 'setShare 100', 'finish'],
  ]);
});

test('canary has stages of its own', async () => {
  const run = new TestRun({ type: 'canary' });
  await run.begin();
  assert.equal(run.state.share, 10);
  await run.clock.advance(900_000);
  assert.equal(run.state.status, 'completed');
});

test('canary keeps all old instances until the end', async () => {
  const run = new TestRun(PRINTED, { oldInstances: 3 });
  await run.begin();
  await run.clock.advance(899_999);
  assert.equal(run.versions.oldInstances, 3);
  assert.equal(run.state.share, 50);
});
