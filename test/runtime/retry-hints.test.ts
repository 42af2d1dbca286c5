import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { eventually } from '../support/eventually.js';
import { participant } from '../support/participant.js';
import { startTestRuntime, type TestRuntime, withRuntime } from '../support/runtime.js';

/** What the error says of trying again; undefined where it says nothing. */
async function hintOf(refused: Promise<unknown>, code: string): Promise<unknown> {
  const error = await refused.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CaxtonError, `not refused: ${error}`);
  assert.equal(error.code, code);
  return error.details.retry_after_seconds;
}

function createTask({ runtime }: TestRuntime, participants: readonly string[]) {
  return runtime.tasks.create({
    name: 'task',
    description: '',
    data: '',
    participants,
    capabilities: [],
    minPerformanceScore: 0,
    timeoutMs: 60_000,
    createdBy: 'tests',
  });
}

test('a distribution in which a round was held is not to be repeated by itself', async () => {
  await withRuntime({}, async (test) => {
    const refuses = await participant({ cfp: { performative: 'refuse' } });
    await test.deploy(refuses, { name: 'refuses' });
    await test.deploy(await participant({}), { name: 'silent' });
    const { tasks } = test.runtime;
    const first = await createTask(test, ['refuses']);
    const none = tasks.distribute(first.id, 'best_bid', 60_000);
    assert.equal(await hintOf(none, 'UNAVAILABLE'), undefined);
    const second = await createTask(test, ['silent']);
    const late = tasks.distribute(second.id, 'best_bid', 50);
    assert.equal(await hintOf(late, 'TIMEOUT'), undefined);
  });
});

test('an agent that is stopped or has failed will not run by waiting', async () => {
  await withRuntime({}, async (test) => {
    const { agents } = test.runtime;
    await test.deploy('echo');
    agents.stop('echo', 0, false);
    await test.until('echo', 'stopped');
    assert.equal(await hintOf(test.send('echo', {}), 'UNAVAILABLE'), null);
    assert.equal(await hintOf(test.ask('echo', {}), 'UNAVAILABLE'), null);
  });
});

test('a server that stops is to be asked again where it did nothing, and only there', async () => {
  const test = await startTestRuntime();
  test.runtime.clients.see('silent');
  await test.deploy(await participant({}), { name: 'mute' });
  const task = await createTask(test, ['mute']);
  const distributed = test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
  const ended = Promise.all([
    hintOf(test.ask('silent', {}), 'UNAVAILABLE'),
    hintOf(distributed, 'UNAVAILABLE'),
  ]);
  await eventually('the participant is called', () => {
    return test.runtime.tasks.get(task.id).status === 'distributing';
  });
  const closed = test.close();
  assert.equal(await hintOf(test.send('silent', {}), 'UNAVAILABLE'), 1);
  assert.equal(await hintOf(test.ask('silent', {}), 'UNAVAILABLE'), 1);
  assert.equal(await hintOf(createTask(test, ['mute']), 'UNAVAILABLE'), 1);
  assert.equal(await hintOf(test.deploy('echo'), 'UNAVAILABLE'), 1);
  assert.deepEqual(await ended, [undefined, undefined]);
  await closed;
});
