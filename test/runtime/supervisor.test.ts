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

function makeSupervisor(nowMs?: () => number) {
  const restarts: Instance[] = [];
  const givenUp: Array<readonly [AgentVersion, PlainError]> = [];
  const actions = {
    restart: (instance: Instance) => restarts.push(instance),
    giveUp: (version: AgentVersion, reason: PlainError) => givenUp.push([version, reason]),
  };
  const supervisor = new Supervisor(actions, nowMs);
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

test('the third worker that dies in the hands of a version within a minute is one too many', async () => {
  const { supervisor, restarts, givenUp } = makeSupervisor();
  const instance = makeInstance('a');
  for (let death = 1; death < LIMITS.worker_deaths_per_minute; death++) {
    supervisor.workerDied(instance, error);
    assert.deepEqual(givenUp, []);
  }
  supervisor.workerDied(instance, error);
  const [version, reason] = givenUp[0] ?? [];
  assert.equal(version, instance.version);
  assert.equal(reason?.details.worker_deaths, LIMITS.worker_deaths_per_minute);
  await sleep(250);
  assert.deepEqual(restarts, [], 'the pause under way is over too');
  supervisor.workerDied(instance, error);
  assert.equal(givenUp.length, 1, 'the count begins anew');
  supervisor.stop();
});

test('deaths of which no three lie within a minute are no reason to give a version up', () => {
  let nowMs = 0;
  const { supervisor, givenUp } = makeSupervisor(() => nowMs);
  const instance = makeInstance('a');
  for (let death = 0; death < 10; death++) {
    supervisor.workerDied(instance, error);
    // Two of them within a minute, never three.
    nowMs += 31_000;
  }
  assert.deepEqual(givenUp, []);
  supervisor.stop();
});

test('the fifth worker in a row that dies over a start is one too many', () => {
  const { supervisor, givenUp } = makeSupervisor();
  const instance = makeInstance('a');
  for (let round = 0; round < 3; round++) {
    for (let death = 1; death < LIMITS.worker_deaths_per_start; death++) {
      supervisor.workerDiedAtStart(instance);
      assert.equal(supervisor.condemned(instance), undefined);
    }
    supervisor.started(instance);
  }
  for (let death = 1; death < LIMITS.worker_deaths_per_start; death++) {
    supervisor.workerDiedAtStart(instance);
  }
  supervisor.workerDiedAtStart(instance);
  const reason = supervisor.condemned(instance);
  assert.equal(reason?.details.worker_deaths, LIMITS.worker_deaths_per_start);
  assert.equal(supervisor.condemned(instance), undefined, 'it is told once');
  assert.deepEqual(givenUp, [[instance.version, reason]]);
  supervisor.stop();
});

test('a worker that dies is a trap as well', () => {
  const { supervisor, givenUp } = makeSupervisor();
  const instance = makeInstance('a');
  for (let trap = 2; trap < LIMITS.restarts_per_minute; trap++) supervisor.trapped(instance, error);
  supervisor.workerDied(instance, error);
  assert.deepEqual(givenUp, []);
  supervisor.workerDied(instance, error);
  assert.deepEqual(givenUp, [[instance.version, error]]);
  supervisor.stop();
});
