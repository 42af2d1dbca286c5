import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { EventBus } from '../../src/runtime/events.js';
import { Lifecycle } from '../../src/runtime/lifecycle.js';
import { AGENT_STATES, type AgentState } from '../../src/runtime/types.js';
import { makeAgent } from '../support/agents.js';
import { type EventJson, refusal, startTestRuntime, type TestRuntime } from '../support/runtime.js';

let runtime: TestRuntime;
before(async () => {
  runtime = await startTestRuntime();
});
after(() => runtime.close());

function makeLifecycle() {
  const bus = new EventBus();
  const events: EventJson[] = [];
  bus.subscribe({ events: ['*'] }, (json) => events.push(JSON.parse(json)));
  return { lifecycle: new Lifecycle(runtime.store, bus), events };
}

const LEGAL: Readonly<Record<AgentState, readonly AgentState[]>> = {
  unloaded: [],
  loaded: ['running', 'failed', 'stopped'],
  running: ['draining', 'failed'],
  draining: ['running', 'stopped', 'failed'],
  stopped: ['loaded', 'failed'],
  failed: ['loaded', 'failed'],
};

test('a state follows only where it may, and a refused change changes nothing', () => {
  for (const from of AGENT_STATES) {
    for (const to of AGENT_STATES) {
      const { lifecycle, events } = makeLifecycle();
      const agent = makeAgent('a');
      agent.state = from;
      if (LEGAL[from].includes(to)) {
        lifecycle.change(agent, to);
        assert.equal(agent.state, to);
        assert.deepEqual([events[0]?.from, events[0]?.to], [from, to]);
      } else {
        const refused = refusal('CONFLICT', { status: from });
        assert.throws(() => lifecycle.change(agent, to), refused, `${from} → ${to}`);
        assert.equal(agent.state, from);
        assert.deepEqual(events, []);
      }
    }
  }
});

test('every change is stored: what runs, drains or starts is started again', async () => {
  const { lifecycle } = makeLifecycle();
  const agent = makeAgent('stored');
  const desired = async () => {
    await runtime.store.durable();
    return runtime.store.agents().find((record) => record.agentId === agent.id)?.desiredState;
  };
  for (const [to, expected] of [
    ['running', 'running'],
    ['draining', 'running'],
    ['stopped', 'stopped'],
    ['loaded', 'running'],
    ['failed', 'failed'],
  ] as const) {
    lifecycle.change(agent, to);
    assert.equal(await desired(), expected);
  }
  runtime.store.deleteAgent(agent.id);
});

test('an agent that fails says why, until it is started again', () => {
  const { lifecycle, events } = makeLifecycle();
  const agent = makeAgent('a');
  const reason = { code: 'RESOURCE_LIMIT_EXCEEDED', message: 'fuel', details: {} } as const;
  lifecycle.change(agent, 'failed', reason);
  assert.deepEqual(agent.failure, reason);
  assert.deepEqual(
    events.map((event) => [event.type, event.error]),
    [
      ['agent.state_changed', { code: reason.code, message: 'fuel' }],
      ['agent.failed', { code: reason.code, message: 'fuel' }],
    ],
  );
  lifecycle.change(agent, 'loaded');
  assert.equal(agent.failure, undefined);
});

test('a run is timed from its beginning to its end, draining included', () => {
  const { lifecycle } = makeLifecycle();
  const agent = makeAgent('a');
  lifecycle.change(agent, 'running');
  const began = agent.runningSinceMs;
  assert.ok(began > 0);
  lifecycle.change(agent, 'draining');
  assert.equal(agent.runningSinceMs, began);
  lifecycle.change(agent, 'stopped');
  assert.equal(agent.runningSinceMs, 0);
});

test('a removed agent is unloaded from any state, and nothing brings it back', () => {
  for (const from of AGENT_STATES) {
    const { lifecycle, events } = makeLifecycle();
    const agent = makeAgent('a');
    agent.state = from;
    lifecycle.unload(agent);
    assert.equal(agent.state, 'unloaded');
    assert.deepEqual([events[0]?.from, events[0]?.to], [from, 'unloaded']);
    for (const to of AGENT_STATES) {
      assert.throws(() => lifecycle.change(agent, to), refusal('CONFLICT'));
    }
  }
});
