import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestRun } from './support.js';

test('parallel shares evenly for a trial, then keeps the old version as long again', async () => {
  const run = new TestRun({ type: 'parallel', trial: '20s' }, { kind: 'reload', oldInstances: 2 });
  await run.begin();
  assert.deepEqual(run.versions.calls, ['startNew 2', 'checkNew', 'setShare 50']);
  await run.clock.advance(20_000);
  assert.deepEqual(run.versions.calls.slice(3), ['checkNew', 'setShare 100']);
  assert.equal(run.versions.oldInstances, 2);
  await run.clock.advance(20_000);
  assert.equal(run.versions.calls.at(-1), 'finish');
});

test('parallel begins with traffic_split percent where it is given', async () => {
  const run = new TestRun({ type: 'parallel', traffic_split: 25 }, { kind: 'reload' });
  await run.begin();
  assert.equal(run.versions.share, 25);
  await run.clock.advance(120_000);
  assert.equal(run.state.status, 'completed');
});
