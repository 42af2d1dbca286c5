import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { type AgentReading, memoryPercent } from '../../src/runtime/alert-readings.js';
import { Alerts } from '../../src/runtime/alerts.js';
import { EventBus } from '../../src/runtime/events.js';
import { eventually } from '../support/eventually.js';
import { withRuntime } from '../support/runtime.js';

interface Alert {
  readonly severity: string;
  readonly message: string;
  readonly agent_id?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const THRESHOLDS = {
  memory_percent: 85,
  mailbox_percent: 80,
  dead_letters_per_minute: 100,
  store_percent: 80,
};

function watched() {
  const now = {
    memory: 10,
    deadLetters: 0,
    store: 0,
    trouble: undefined as string | undefined,
    agents: [] as AgentReading[],
    atMs: 0,
  };
  const bus = new EventBus();
  const told: Alert[] = [];
  bus.subscribe({ events: ['system.alert'] }, (json) => told.push(JSON.parse(json)));
  const alerts = new Alerts(bus, THRESHOLDS, {
    memoryPercent: () => now.memory,
    deadLetters: () => now.deadLetters,
    store: () => ({ percent: now.store, pendingRecords: 7, trouble: now.trouble }),
    agents: () => now.agents,
  });
  /** What is told when the figures are these, a second later. */
  const look = (change: Partial<typeof now>): Alert[] => {
    Object.assign(now, change);
    now.atMs += 1_000;
    alerts.look(now.atMs);
    return told.splice(0);
  };
  return { look };
}

function reading(agentId: string, mailboxPercent: number): AgentReading {
  return { agentId, name: agentId, mailboxPercent, mailboxMessages: 5, failure: undefined };
}

test('high memory is told once when it begins and once when it has clearly ended', () => {
  const { look } = watched();
  assert.deepEqual(look({ memory: 84.9 }), []);
  const [alert, ...others] = look({ memory: 85.04 });
  assert.deepEqual(others, []);
  assert.equal(alert?.severity, 'warning');
  assert.equal(alert?.message, 'High memory usage detected');
  assert.deepEqual(alert?.details, {
    condition: 'high_memory',
    state: 'begun',
    memory_percent: 85,
    threshold: 85,
  });
  for (const memory of [99, 84, 86, 77]) assert.deepEqual(look({ memory }), []);
  const [ended] = look({ memory: 76 });
  assert.equal(ended?.severity, 'info');
  assert.equal(ended?.details.state, 'ended');
  assert.deepEqual(look({ memory: 76 }), []);
  assert.equal(look({ memory: 90 }).length, 1);
});

test('a mailbox that fills is told for its agent, and has ended when the agent is gone', () => {
  const { look } = watched();
  const begun = look({ agents: [reading('a', 80), reading('b', 79), reading('c', 100)] });
  assert.deepEqual(
    begun.map(({ agent_id, details }) => [agent_id, details.agent_id, details.state]),
    [
      ['a', 'a', 'begun'],
      ['c', 'c', 'begun'],
    ],
  );
  const ended = look({ agents: [reading('a', 10), reading('b', 10)] });
  assert.deepEqual(
    ended.map(({ agent_id, details }) => [agent_id, details.state]),
    [
      ['a', 'ended'],
      ['c', 'ended'],
    ],
  );
});

test('alerts about many agents come bit by bit, and all of them come', () => {
  const { look } = watched();
  const agents = Array.from({ length: 50 }, (_, i) => reading(`agent_${i}`, 100));
  const told = new Set<string | undefined>();
  for (const most of [20, 20, 10, 0]) {
    const some = look({ agents });
    assert.equal(some.length, Math.min(most, LIMITS.alerts_per_sample));
    for (const { agent_id } of some) told.add(agent_id);
  }
  assert.equal(told.size, 50);
});

test('dead letters are told by how many come in a minute', () => {
  const { look } = watched();
  look({ deadLetters: 1_000 });
  for (let second = 1; second <= 120; second++) {
    assert.deepEqual(look({ deadLetters: 1_000 + second }), []);
  }
  const [begun] = look({ deadLetters: 1_165 });
  assert.deepEqual(begun?.details, {
    condition: 'dead_letters_growing',
    state: 'begun',
    dead_letters_per_minute: 104,
    threshold: 100,
  });
  const later: Alert[] = [];
  for (let second = 0; second < 61; second++) later.push(...look({}));
  assert.deepEqual(
    later.map(({ details }) => details.state),
    ['ended'],
  );
});

test('a store that can’t write is told with the reason, until it writes again', () => {
  const { look } = watched();
  const [begun, ...others] = look({ trouble: 'the disk is full' });
  assert.deepEqual(others, []);
  assert.deepEqual(begun?.details, {
    condition: 'store_failing',
    state: 'begun',
    reason: 'the disk is full',
    pending_records: 7,
  });
  assert.deepEqual(look({}), []);
  assert.equal(look({ trouble: undefined })[0]?.details.state, 'ended');
});

test('a store that is behind is told', () => {
  const { look } = watched();
  const [begun] = look({ store: 81.234 });
  assert.deepEqual(begun?.details, {
    condition: 'store_behind',
    state: 'begun',
    store_percent: 81.2,
    pending_records: 7,
    threshold: 80,
  });
  assert.equal(look({ store: 1 })[0]?.details.state, 'ended');
});

test('an agent that failed for good is told until it is started again', () => {
  const { look } = watched();
  const failure = { code: 'INTERNAL_ERROR', message: 'trapped', details: {} } as const;
  const [begun] = look({ agents: [{ ...reading('a', 0), failure }] });
  assert.equal(begun?.agent_id, 'a');
  assert.deepEqual(begun?.details, {
    condition: 'agent_failed',
    state: 'begun',
    agent_id: 'a',
    name: 'a',
    error: { code: 'INTERNAL_ERROR', message: 'trapped' },
  });
  const [ended] = look({ agents: [reading('a', 0)] });
  assert.equal(ended?.agent_id, 'a');
  assert.equal(ended?.details.state, 'ended');
});

test('memory is measured against what the process could have', () => {
  assert.equal(memoryPercent(30, 70, undefined), 30);
  assert.equal(memoryPercent(30, 70, 0), 30);
  assert.equal(memoryPercent(30, 70, 2 ** 60), 30);
  assert.equal(memoryPercent(30, 970, 60), 50);
  assert.equal(memoryPercent(70, 930, 60), 100);
});

test('a server tells of itself: an agent that fails for good, and its start', async () => {
  await withRuntime({}, async (test) => {
    const alerts = test.events('system.alert') as unknown as Alert[];
    const { agentId } = await test.deploy('trap-unreachable', { name: 'broken' });
    for (let i = 0; i < LIMITS.restarts_per_minute; i++) {
      await eventually('it takes a message', async () => {
        const answer = await test.ask('broken', i).catch(() => undefined);
        return answer !== undefined;
      });
    }
    await test.until('broken', 'failed');
    const begun = await eventually('the alert', () =>
      alerts.find(({ details }) => details.condition === 'agent_failed'),
    );
    assert.equal(begun.agent_id, agentId);
    await test.runtime.agents.start('broken');
    await eventually('the end', () =>
      alerts.find(
        ({ details }) => details.condition === 'agent_failed' && details.state === 'ended',
      ),
    );
  });
});
