import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settle, TestRun } from './support.js';

const CANARY = {
  type: 'canary',
  stages: [
    { percentage: 20, duration: '1m' },
    { percentage: 100, duration: '0' },
  ],
};

function figures(messages: number, failed: number, latencyP99Ms = 1) {
  return { messages, failed, latencyP99Ms };
}

async function atFirstStage(input: object = {}): Promise<TestRun> {
  const run = new TestRun({ ...CANARY, ...input });
  await run.begin();
  assert.equal(run.state.share, 20);
  return run;
}

test('errors above the threshold turn a deployment back, once twenty messages were seen', async () => {
  const run = await atFirstStage({ error_threshold: 0.1 });
  run.versions.figuresNow = figures(19, 19);
  await run.clock.advance(5_000);
  assert.equal(run.state.status, 'in_progress');
  run.versions.figuresNow = figures(20, 3);
  await run.clock.advance(1_000);
  assert.equal(run.state.status, 'rolled_back');
  assert.match(run.state.reason!, /^3 of 20 messages failed on version 2\.0\.0, .*0\.1/);
  assert.equal(run.versions.oldInstances, 1);
});

test('errors up to the threshold are let pass', async () => {
  const run = await atFirstStage({ error_threshold: 0.1 });
  run.versions.figuresNow = figures(100, 10);
  await run.clock.advance(60_000);
  assert.equal(run.state.status, 'completed');
});

test('errors are looked at before a stage is left, however short it is', async () => {
  const stages = [
    { percentage: 20, duration: '10ms' },
    { percentage: 100, duration: '0' },
  ];
  const run = await atFirstStage({ stages });
  run.versions.figuresNow = figures(40, 40);
  await run.clock.advance(10);
  assert.equal(run.state.status, 'rolled_back');
});

test('a 99th percentile above its threshold turns a deployment back', async () => {
  const run = await atFirstStage({ latency_threshold_ms: 50 });
  run.versions.figuresNow = figures(500, 0, 50);
  await run.clock.advance(2_000);
  assert.equal(run.state.status, 'in_progress');
  run.versions.figuresNow = figures(500, 0, 50.5);
  await run.clock.advance(1_000);
  assert.equal(run.state.status, 'rolled_back');
  assert.match(run.state.reason!, /99th percentile .* 50\.5 ms/);
});

test('without rollback_on_error figures are shown and nothing more', async () => {
  const run = await atFirstStage({ rollback_on_error: false, latency_threshold_ms: 1 });
  run.versions.figuresNow = figures(100, 100, 900);
  await run.clock.advance(60_000);
  assert.equal(run.state.status, 'completed');
  assert.deepEqual(run.state.figures, figures(100, 100, 900));
});

test('a start that fails leaves the old version alone', async () => {
  const run = new TestRun(CANARY);
  run.versions.failures.set('startNew', 'agent_init answered 7');
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 1', 'rollBack']);
  assert.equal(run.state.status, 'rolled_back');
  assert.match(run.state.reason!, /failed while starting: agent_init answered 7$/);
});

test('without rollback_on_error a start that fails is a failed deployment', async () => {
  const run = new TestRun({ ...CANARY, rollback_on_error: false });
  run.versions.failures.set('startNew', 'agent_init answered 7');
  await run.begin();
  assert.equal(run.state.status, 'failed');
  assert.equal(run.versions.oldInstances, 1);
  assert.equal(run.versions.share, 0);
});

test('a new version that is given up in the middle of a stage turns the deployment back', async () => {
  const run = await atFirstStage();
  const error = { code: 'INTERNAL_ERROR', message: 'five traps', details: {} } as const;
  run.run.deliver({ type: 'unhealthy', error });
  await settle();
  assert.equal(run.state.status, 'rolled_back');
  assert.match(run.state.reason!, /failed while holding: five traps$/);
});

test('a finish that changed nothing turns the deployment back', async () => {
  const run = new TestRun({ type: 'immediate' });
  run.versions.failures.set('finish', 'the disk is full');
  await run.begin();
  assert.deepEqual(run.versions.calls.slice(-2), ['finish', 'rollBack']);
  assert.equal(run.state.status, 'rolled_back');
});

test('a deployment that can’t go back either has failed, with both reasons', async () => {
  const run = await atFirstStage();
  run.versions.failures.set('rollBack', 'no worker');
  run.run.deliver({ type: 'roll_back', reason: 'High error rate detected.' });
  await settle();
  assert.equal(run.state.status, 'failed');
  assert.match(run.state.reason!, /^High error rate detected\. .*no worker$/);
});

test('a rollback in the middle of a start does not wait for it', async () => {
  const run = new TestRun(CANARY);
  run.versions.held.add('startNew');
  await run.begin();
  run.run.deliver({ type: 'roll_back', reason: 'stop it' });
  await settle();
  assert.equal(run.state.status, 'rolled_back');
  await run.versions.release();
  assert.equal(run.state.status, 'rolled_back');
  assert.equal(run.versions.newInstances, 0);
});

test('past its last step a deployment is not rolled back', async () => {
  const run = new TestRun({ type: 'immediate' });
  run.versions.held.add('finish');
  await run.begin();
  run.run.deliver({ type: 'roll_back', reason: 'too late' });
  await settle();
  assert.equal(run.state.status, 'in_progress');
  await run.versions.release();
  assert.equal(run.state.status, 'completed');
  assert.equal(run.state.reason, undefined);
});

test('a removed agent ends its deployment, and nothing is called any more', async () => {
  const run = await atFirstStage();
  const calls = run.versions.calls.length;
  run.run.deliver({ type: 'agent_removed' });
  await run.clock.advance(3_600_000);
  assert.equal(run.state.status, 'failed');
  assert.equal(run.versions.calls.length, calls);
  assert.equal(run.ends, 1);
});

test('a share that can’t be set turns the deployment back', async () => {
  const run = new TestRun(CANARY);
  run.versions.setShare = () => {
    throw new Error('a defect');
  };
  await run.begin();
  assert.equal(run.state.status, 'rolled_back');
});

test('figures are written at the next look, once for each change', async () => {
  const run = await atFirstStage();
  const writes = run.saved.length;
  run.versions.figuresNow = figures(100, 1);
  await run.clock.advance(30_000);
  assert.equal(run.saved.length, writes + 1);
  assert.deepEqual(run.saved.at(-1)!.figures, figures(100, 1));
});

test('a stop writes the figures since the last look', async () => {
  const run = await atFirstStage();
  run.versions.figuresNow = figures(18, 9);
  run.run.stop();
  assert.deepEqual(run.saved.at(-1)!.figures, figures(18, 9));
  assert.equal(run.saved.at(-1)!.status, 'in_progress');
  assert.equal(run.clock.timers, 0);
});

test('figures that the store doesn’t take are written at a later look', async () => {
  const run = await atFirstStage();
  const kept = run.saved.push.bind(run.saved);
  run.saved.push = () => {
    throw new Error('full');
  };
  run.versions.figuresNow = figures(10, 1);
  await run.clock.advance(2_000);
  run.saved.push = kept;
  await run.clock.advance(1_000);
  assert.deepEqual(run.saved.at(-1)!.figures, figures(10, 1));
});

test('an end that the store doesn’t take is written again until it does', async () => {
  const run = new TestRun({ type: 'immediate' });
  let full = true;
  const kept = run.saved.push.bind(run.saved);
  run.saved.push = (...states) => {
    if (full) throw new Error('full');
    return kept(...states);
  };
  await run.begin();
  assert.equal(run.state.status, 'completed');
  assert.equal(run.ends, 0);
  await run.clock.advance(3_000);
  assert.equal(run.ends, 0);
  full = false;
  await run.clock.advance(1_000);
  assert.equal(run.saved.at(-1)!.status, 'completed');
  assert.equal(run.ends, 1);
});

test('an ended deployment leaves no timer', async () => {
  const run = await atFirstStage();
  await run.clock.advance(60_000);
  assert.equal(run.state.status, 'completed');
  assert.equal(run.clock.timers, 0);
  assert.equal(run.ends, 1);
});
