import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlainError } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import type { Agent } from '../../src/runtime/agent.js';
import { Supervisor } from '../../src/runtime/supervisor.js';
import { makeAgent } from '../support/agents.js';
import { eventually } from '../support/eventually.js';

const error: PlainError = { code: 'MESSAGE_DELIVERY_FAILED', message: 'trapped', details: {} };

function makeSupervisor() {
  const restarts: Agent[] = [];
  const givenUp: Array<readonly [Agent, PlainError]> = [];
  const supervisor = new Supervisor({
    restart: (agent) => restarts.push(agent),
    giveUp: (agent, reason) => givenUp.push([agent, reason]),
  });
  return { supervisor, restarts, givenUp };
}

test('an agent that trapped is restarted once, after a pause that doubles', async () => {
  const { supervisor, restarts } = makeSupervisor();
  const agent = makeAgent('a');
  for (const [index, pauseMs] of [100, 200, 400].entries()) {
    const trappedMs = performance.now();
    supervisor.trapped(agent, error);
    assert.equal(restarts.length, index);
    await eventually('a restart', () => restarts.length === index + 1);
    assert.ok(performance.now() - trappedMs >= pauseMs - 2);
  }
  supervisor.stop();
});

test('traps in the pause do not add restarts', async () => {
  const { supervisor, restarts } = makeSupervisor();
  const agent = makeAgent('a');
  supervisor.trapped(agent, error);
  supervisor.trapped(agent, error);
  await eventually('a restart', () => restarts.length === 1);
  await sleep(150);
  assert.equal(restarts.length, 1);
  supervisor.stop();
});

test('the fifth trap within a minute is one too many, and the count begins anew', async () => {
  const { supervisor, restarts, givenUp } = makeSupervisor();
  const agent = makeAgent('a');
  for (let i = 0; i < LIMITS.restarts_per_minute; i++) supervisor.trapped(agent, error);
  assert.deepEqual(givenUp, [[agent, error]]);
  await sleep(150);
  assert.deepEqual(restarts, [], 'the pause under way is over too');
  supervisor.trapped(agent, error);
  assert.equal(givenUp.length, 1);
  await eventually('a restart', () => restarts.length === 1);
  supervisor.stop();
});

test('agents are counted apart', () => {
  const { supervisor, givenUp } = makeSupervisor();
  for (let i = 0; i < 20; i++) supervisor.trapped(makeAgent(`a${i}`), error);
  assert.deepEqual(givenUp, []);
  supervisor.stop();
});

test('an agent that is forgotten, or a supervisor that stops, restarts nothing', async () => {
  const { supervisor, restarts } = makeSupervisor();
  const forgotten = makeAgent('a');
  supervisor.trapped(forgotten, error);
  supervisor.forget(forgotten);
  supervisor.trapped(makeAgent('b'), error);
  supervisor.stop();
  await sleep(150);
  assert.deepEqual(restarts, []);
});
