import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Task } from '../../../src/runtime/tasks/task.js';
import { eventually } from '../../support/eventually.js';
import { bidder, participant, type Script } from '../../support/participant.js';
import { refusal, startTestRuntime, type TestRuntime } from '../../support/runtime.js';

let dataDir: string;
let runtime: TestRuntime;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'caxton-tasks-'));
  runtime = await startTestRuntime({ data_dir: dataDir });
});
afterEach(async () => {
  await runtime.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await runtime.close();
  runtime = await startTestRuntime({ data_dir: dataDir });
}

async function deploy(name: string, script: Script): Promise<string> {
  return (await runtime.deploy(await participant(script), { name })).agentId;
}

function create(participants: readonly string[], timeoutMs = 60_000): Promise<Task> {
  return runtime.runtime.tasks.create({
    name: 'task',
    description: '',
    data: '[1]',
    participants,
    capabilities: [],
    minPerformanceScore: 0,
    timeoutMs,
    createdBy: 'tests',
  });
}

const ended = (task: Task): Promise<Task> =>
  eventually('the task ends', () => {
    const now = runtime.runtime.tasks.get(task.id);
    return now.endedMs !== 0 && now;
  });

const propose = { performative: 'propose', content: { estimated_time: 1 } };

test('tasks come back as they were: new ones, those under way and those that ended', async () => {
  const id = await deploy('worker', { cfp: propose });
  await deploy('other', bidder({ estimated_time: 9 }));
  const fresh = await create(['worker']);
  const under = await create(['worker', 'other']);
  await runtime.runtime.tasks.distribute(under.id, 'best_bid', 60_000);
  const over = await create(['worker']);
  await runtime.runtime.tasks.cancel(over.id, 'why not');
  const before = [fresh, under, over].map((task) => runtime.runtime.tasks.get(task.id));
  await restart();
  const after = [fresh, under, over].map((task) => runtime.runtime.tasks.get(task.id));
  assert.deepEqual(JSON.parse(JSON.stringify(after)), JSON.parse(JSON.stringify(before)));
  assert.equal(after[0]!.definition.data, '[1]');
  assert.equal(after[1]!.award?.bid.agentId, id);
  assert.deepEqual(
    runtime.runtime.tasks.list({ limit: 10 }).tasks.map((task) => task.id),
    [over.id, under.id, fresh.id],
  );
});

test('whoever does a task can complete it after a restart', async () => {
  await deploy('worker', { cfp: propose });
  const task = await create(['worker']);
  await runtime.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
  const worker = runtime.runtime.agents.get('worker').agentId;
  await restart();
  // A successor of the agent that knows of its task; its messages are what counts.
  await runtime.runtime.agents.remove('worker');
  await runtime.send(task.id, { all: 'done' }, { performative: 'inform', sender: worker });
  const end = await ended(task);
  assert.equal(end.status, 'completed');
  assert.deepEqual(JSON.parse(end.result), { all: 'done' });
});

test('the time of an award goes on over a restart, and then the runner-up has its turn', async () => {
  await deploy('idle', { cfp: propose });
  const second = await deploy('second', bidder({ estimated_time: 9 }));
  const task = await create(['idle', 'second'], 1_500);
  const awarded = await runtime.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
  await restart();
  const end = await ended(task);
  assert.equal(end.status, 'completed');
  assert.equal(end.award?.bid.agentId, second);
  assert.equal(end.attempts[0]!.outcome, 'timed_out');
  assert.equal(end.attempts[0]!.startedMs, awarded.award!.awardedMs);
});

test('a distribution that a stop ends can be asked for again', async () => {
  await deploy('mute', {});
  const id = await deploy('bidder', bidder({ estimated_time: 9 }));
  const task = await create(['mute', 'bidder']);
  const refused = assert.rejects(
    runtime.runtime.tasks.distribute(task.id, 'best_bid', 60_000),
    refusal('UNAVAILABLE'),
  );
  await restart();
  await refused;
  assert.equal(runtime.runtime.tasks.get(task.id).status, 'created');
  await runtime.runtime.agents.remove('mute');
  const awarded = await runtime.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
  assert.equal(awarded.award?.bid.agentId, id);
  assert.equal(awarded.round, 2);
});

test('scores and turns are kept over a restart', async () => {
  const ids = [
    await deploy('one', bidder({ estimated_time: 1 }, { performative: 'failure' })),
    await deploy('two', bidder({ estimated_time: 1 })),
  ];
  const winners: Array<string | undefined> = [];
  for (let i = 0; i < 3; i++) {
    const task = await create(['one', 'two']);
    const awarded = await runtime.runtime.tasks.distribute(task.id, 'round_robin', 60_000);
    winners.push(awarded.award?.bid.agentId);
    await ended(task);
    await restart();
  }
  // The failure of the first gave the same task to the second, whose turn that was.
  assert.equal(winners[1], ids[0]);
  const task = await runtime.runtime.tasks.create({
    ...(await create(['one', 'two'])).definition,
    minPerformanceScore: 0.5,
  });
  const awarded = await runtime.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
  assert.equal(awarded.award?.bid.agentId, ids[1]);
  assert.equal(awarded.proposalsReceived, 1);
});
