import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeFailure } from './report.js';
import { Runner } from './runner.js';

const SEED = Number(process.env.CAXTON_SIM_SEED ?? 1);
const SCHEDULES = Number(process.env.SIM_SCHEDULES ?? 10_000);

/** Each happens in thousands of schedules many times, or the simulator has become blind for it. */
const KINDS = [
  'a persistent send failed: UNAVAILABLE',
  'answers',
  'bursts',
  'commits failed',
  'crashes',
  'deaf to its end',
  'died: call',
  'died: finished',
  'died: idle',
  'died: published',
  'died: taken',
  'died: terminated',
  'died: written',
  'disk full',
  'frames bounced',
  'hanging calls',
  'persisted',
  'preemptions',
  'remove',
  'repeated keys',
  'sends refused: RESOURCE_LIMIT_EXCEEDED mailbox',
  'sends refused: UNAVAILABLE history',
  'stalls',
  'start',
  'stop',
  'stops',
  'store behind',
  'waits failed: TIMEOUT',
  'writer died: anywhere',
];

test('schedules of crashes and delays break no promise', async (context) => {
  const runner = await Runner.create(SEED);
  const failed = await runner.firstFailure(0, SCHEDULES);
  assert.equal(failed, undefined, failed && describeFailure(SEED, failed));
  const { report } = runner;
  context.diagnostic(String(report));
  assert.equal(report.schedules, SCHEDULES);
  // Some are rare.
  if (SCHEDULES < 10_000) return;
  assert.deepEqual(
    KINDS.filter((kind) => report.count(kind) === 0),
    [],
  );
  assert.ok(report.short < SCHEDULES / 10, `${report.short} schedules have under 40 steps`);
});

test('the same seed and schedule give the same run', async () => {
  const runner = await Runner.create(SEED);
  for (let schedule = 0; schedule < 20; schedule++) {
    const first = await runner.run(schedule);
    const second = await runner.run(schedule);
    assert.deepEqual([...second.counts], [...first.counts]);
    assert.equal(second.steps, first.steps);
  }
});
