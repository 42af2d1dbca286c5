import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlainError } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import type { AgentVersion, Instance } from '../../src/runtime/agent.js';
import { Supervisor } from '../../src/runtime/supervisor.js';
import { makeInstance } from '../support/agents.js';
import { eventually } from '../support/eventually.js';

const error: PlainError = { code: 'MESSAGE_DELIVERY_FAILED', message: 'trapped', details: {} };

function makeSupervisor() {
  const restarts: Instance[] = [];
  const givenUp: Array<readonly [AgentVersion, PlainError]> = [];
  const supervisor = new Supervisor({
    restart: (instance) => restarts.push(instance),
    giveUp: (version, reason) => givenUp.push([version, reason]),
  });
  return { supervisor, restarts, givenUp };
}

test('an instance that trapped is restarted once, after a pause that doubles', async () => {
  const { supervisor, restarts } = makeSupervisor();
  const instance = makeInstance('a');
  for (const [index, pauseMs] of [100, 200, 400].entries()) {
    const trappedMs = performance.now();
    supervisor.trapped(instance, error);
    assert.equal(restarts.length, index);
    await eventually('a restart', () => restarts.length === index + 1);
    assert.ok(performance.now() - trappedMs >= pauseMs - 2);
  }
  supervisor.stop();
});

test('traps in the pause do not add restarts', async () => {
  const { supervisor, restarts } = makeSupervisor();
  const instance = makeInstance('a');
  supervisor.trapped(instance, error);
  supervisor.trapped(instance, error);
  await eventually('a restart', () => restarts.length === 1);
  await sleep(150);
  assert.equal(restarts.length, 1);
  supervisor.stop();
});

test('the fifth trap within a minute is one too many, and the count begins anew', async () => {
  const { supervisor, restarts, givenUp } = makeSupervisor();
  const instance = makeInstance('a');
  for (let i = 0; i < LIMITS.restarts_per_minute; i++) supervisor.trapped(instance, error);
  assert.deepEqual(givenUp, [[instance.version, error]]);
  await sleep(150);
  assert.deepEqual(restarts, [], 'the pause under way is over too');
  supervisor.trapped(instance, error);
  assert.equal(givenUp.length, 1);
  await eventually('a restart', () => restarts.length === 1);
  supervisor.stop();
});

test('versions are counted apart', () => {
  const { supervisor, givenUp } = makeSupervisor();
  for (let i = 0; i < 20; i++) supervisor.trapped(makeInstance(`a${i}`), error);
  assert.deepEqual(givenUp, []);
  supervisor.stop();
});

test('an instance that is forgotten, or a supervisor that stops, restarts nothing', async () => {
  const { supervisor, restarts } = makeSupervisor();
  const forgotten = makeInstance('a');
  supervisor.trapped(forgotten, error);
  supervisor.forget(forgotten);
  supervisor.trapped(makeInstance('b'), error);
  supervisor.stop();
  await sleep(150);
  assert.deepEqual(restarts, []);
});
