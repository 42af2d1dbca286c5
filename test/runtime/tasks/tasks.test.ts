import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { contentValue } from '../../../src/fipa/message.js';
import type { Task, TaskDefinition } from '../../../src/runtime/tasks/task.js';
import { eventually } from '../../support/eventually.js';
import { bidder, DONE, participant, type Script } from '../../support/participant.js';
import { refusal, startTestRuntime, type TestRuntime } from '../../support/runtime.js';

let test: TestRuntime;
before(async () => {
  test = await startTestRuntime();
});
after(() => test?.close());

/** Deploys agents that follow these scripts; their ids by name. */
async function deploy<Name extends string>(
  scripts: Readonly<Record<Name, Script>>,
): Promise<Record<Name, string>> {
  const ids: Record<string, string> = {};
  for (const [name, script] of Object.entries<Script>(scripts)) {
    ids[name] = (await test.deploy(await participant(script), { name })).agentId;
  }
  return ids as Record<Name, string>;
}

function create(participants: readonly string[], fields: Partial<TaskDefinition> = {}) {
  return test.runtime.tasks.create({
    name: 'process_data',
    description: '',
    data: '{"size":3}',
    participants,
    capabilities: [],
    minPerformanceScore: 0,
    timeoutMs: 60_000,
    createdBy: 'tests',
    ...fields,
  });
}

const ended = (task: Task): Promise<Task> =>
  eventually('the task ends', () => {
    const now = test.runtime.tasks.get(task.id);
    return now.endedMs !== 0 && now;
  });

/** What the server sent in the task's name, as "act receiver". */
async function sent(task: Task): Promise<string[]> {
  const messages = await test.history({ sender: task.id });
  return messages.map(({ performative, receiver }) => `${performative} ${receiver}`);
}

describe('a contract net', () => {
  it('among ten agents ends with the right winner, and when that one fails with the runner-up', async () => {
    const failure = { performative: 'failure', content: { reason: 'no disk' } };
    const ids = await deploy({
      ten_winner: bidder({ estimated_time: 10, confidence: 0.99 }, failure),
      ten_second: bidder({ estimated_time: 12, confidence: 0.9 }),
      ten_slower: bidder({ estimated_time: 50, confidence: 1 }),
      ten_unsure: bidder({ estimated_time: 10, confidence: 0.1 }),
      ten_refuses: { cfp: { performative: 'refuse', content: { reason: 'busy' } } },
      ten_puzzled: { cfp: { performative: 'not-understood' } },
      ten_breaks: { cfp: 'trap' },
      ten_silent: {},
      ten_garbled: bidder({ estimated_time: 'soon' }),
      // The best of all, had it come in time.
      ten_late: { request: { performative: 'propose', content: { estimated_time: 0 } } },
    });
    const events = test.events('task.*');
    const task = await create(Object.keys(ids));
    const awarded = await test.runtime.tasks.distribute(task.id, 'best_bid', 3_000);
    assert.equal(awarded.award?.bid.agentId, ids.ten_winner);
    assert.equal(awarded.proposalsReceived, 4);
    const end = await ended(task);
    assert.equal(end.status, 'completed');
    assert.equal(end.award?.bid.agentId, ids.ten_second);
    assert.deepEqual(JSON.parse(end.result), { result: 'done' });
    assert.deepEqual(
      end.attempts.map(({ agentId, outcome, reason }) => [agentId, outcome, reason]),
      [
        [ids.ten_winner, 'failed', 'no disk'],
        [ids.ten_second, 'completed', ''],
      ],
    );

    await test.send('ten_late', {});
    await eventually('the late bid is turned down', async () =>
      (await sent(task)).includes(`reject-proposal ${ids.ten_late}`),
    );
    assert.deepEqual(
      (await sent(task)).sort(),
      [
        ...Object.values(ids).map((id) => `cfp ${id}`),
        `accept-proposal ${ids.ten_winner}`,
        `accept-proposal ${ids.ten_second}`,
        `reject-proposal ${ids.ten_slower}`,
        `reject-proposal ${ids.ten_unsure}`,
        `reject-proposal ${ids.ten_garbled}`,
        `reject-proposal ${ids.ten_late}`,
      ].sort(),
    );
    assert.deepEqual(test.runtime.tasks.get(task.id).award, end.award);
    assert.deepEqual(
      events.map((event) => [event.type, event.agent_id ?? '']),
      [
        ['task.created', ''],
        ['task.distributed', ids.ten_winner],
        ['task.distributed', ids.ten_second],
        ['task.completed', ids.ten_second],
        ['task.message_ignored', ids.ten_late],
      ],
    );
    const { timestamp, seq, subscription_id, ...completed } = events[3]!;
    assert.deepEqual(completed, {
      type: 'task.completed',
      task_id: task.id,
      agent_id: ids.ten_second,
      result: 'success',
    });
  });

  it('tells participants what there is to do, in one conversation with deadlines', async () => {
    const ids = await deploy({ told: bidder({ estimated_time: 2, cost: 7 }) });
    const task = await create(['told'], { description: 'all of it', capabilities: ['x'] });
    await test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    await ended(task);
    const [call, propose, accept, inform] = await test.history({ agent: task.id });
    const about = {
      task_id: task.id,
      name: 'process_data',
      description: 'all of it',
      requirements: { capabilities: ['x'] },
      timeout_seconds: 60,
      data: { size: 3 },
    };
    assert.deepEqual(contentValue(call!), about);
    const proposal = { estimated_time: 2, cost: 7 };
    assert.deepEqual(contentValue(accept!), { ...about, proposal });
    for (const message of [call!, accept!]) {
      assert.equal(message.sender, task.id);
      assert.equal(message.receiver, ids.told);
      assert.equal(message.protocol, 'fipa-contract-net');
      assert.equal(message.conversationId, call!.conversationId);
      assert.ok(message.replyByMs > task.createdMs);
    }
    assert.equal(propose!.inReplyTo, call!.replyWith);
    assert.equal(accept!.inReplyTo, propose!.messageId);
    assert.equal(inform!.inReplyTo, accept!.replyWith);
    assert.equal(inform!.messageId, test.runtime.tasks.get(task.id).resultMessageId);
  });

  it('asks all providers of the capabilities when no participants are named', async () => {
    const capable = { environment: { capability: 'sifting' }, capabilities: ['washing'] };
    const both = await test.deploy('bidder', { name: 'sifts-and-washes', ...capable });
    await test.deploy('bidder', { name: 'sifts', environment: { capability: 'sifting' } });
    const task = await create([], {
      participants: undefined,
      capabilities: ['sifting', 'washing'],
    });
    // The sample agent refuses what asks for more than its own capability.
    await assert.rejects(
      test.runtime.tasks.distribute(task.id, 'best_bid', 60_000),
      refusal('UNAVAILABLE', { task_id: task.id, participants: 1, silent: 0 }),
    );
    assert.deepEqual(await sent(task), [`cfp ${both.agentId}`]);
    const nobody = await create([], { participants: undefined, capabilities: ['flying'] });
    await assert.rejects(
      test.runtime.tasks.distribute(nobody.id, 'best_bid', 60_000),
      refusal('AGENT_NOT_FOUND'),
    );
    assert.equal(test.runtime.tasks.get(nobody.id).status, 'created');
  });

  it('leaves a task that nobody bids for as it was, to be distributed again', async () => {
    await deploy({ mute: {}, later: { request: { performative: 'propose', content: BID } } });
    const task = await create(['mute', 'later', 'unknown']);
    const first = test.runtime.tasks.distribute(task.id, 'lowest_cost', 50);
    await assert.rejects(first, refusal('TIMEOUT', { participants: 3, silent: 2 }));
    assert.equal(test.runtime.tasks.get(task.id).status, 'created');
    // A bid of the first round, for which nobody waits in the second.
    const second = test.runtime.tasks.distribute(task.id, 'lowest_cost', 60_000);
    await assert.rejects(
      test.runtime.tasks.distribute(task.id, 'lowest_cost', 60_000),
      refusal('CONFLICT', { task_id: task.id, status: 'distributing' }),
    );
    await test.send('later', {});
    const cancelled = eventually('there is a bid', () => {
      return test.runtime.tasks.get(task.id).proposalsReceived === 1;
    }).then(() => test.runtime.tasks.cancel(task.id, 'enough'));
    await assert.rejects(second, refusal('CONFLICT', { status: 'cancelled' }));
    assert.equal((await cancelled).status, 'cancelled');
  });

  it('shows the progress that whoever does the task tells', async () => {
    const subtasks = [
      { id: 'subtask_001', status: 'completed' },
      { id: 'subtask_002', status: 'in_progress' },
    ];
    const content = { progress: 0.65, subtasks, partial: true };
    const ids = await deploy({
      telling: { ...bidder(BID, { performative: 'inform', content }), request: DONE },
      beaten: { ...bidder({ estimated_time: 100 }), request: DONE },
    });
    const events = test.events('task.progress', 'task.message_ignored');
    const task = await create(['telling', 'beaten']);
    await test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    await eventually('there is progress', () => events.length > 0);
    const under = test.runtime.tasks.get(task.id);
    assert.equal(under.status, 'in_progress');
    assert.equal(under.progress, 0.65);
    assert.deepEqual(under.subtasks, subtasks);
    assert.equal(events[0]!.agent_id, ids.telling);
    assert.deepEqual(events[0]!.subtasks, subtasks);
    // Who wasn't awarded the task can't complete it.
    await test.send('beaten', {});
    await eventually('the result of the other is ignored', () => events.length > 1);
    assert.equal(events[1]!.type, 'task.message_ignored');
    assert.equal(events[1]!.agent_id, ids.beaten);
    assert.equal(test.runtime.tasks.get(task.id).status, 'in_progress');
    await test.send('telling', {});
    assert.equal((await ended(task)).progress, 1);
  });

  it('moves on when whoever has the task is silent for too long, and then fails', async () => {
    const ids = await deploy({
      idle: { cfp: { performative: 'propose', content: BID } },
      broken: bidder({ estimated_time: 90 }, 'trap'),
    });
    const events = test.events('task.failed');
    const task = await create(['idle', 'broken'], { timeoutMs: 2_000 });
    await test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    const end = await ended(task);
    assert.equal(end.status, 'failed');
    assert.deepEqual(
      end.attempts.map(({ agentId, outcome }) => [agentId, outcome]),
      [
        [ids.idle, 'timed_out'],
        [ids.broken, 'failed'],
      ],
    );
    assert.ok((await sent(task)).includes(`cancel ${ids.idle}`));
    assert.equal(events[0]!.agent_id, ids.broken);
    assert.equal(events[0]!.result, 'failure');
    await assert.rejects(test.runtime.tasks.cancel(task.id, ''), refusal('CONFLICT'));
    const again = test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    await assert.rejects(again, refusal('CONFLICT', { status: 'failed' }));
  });

  it('is cancelled at every stage, once, and tells who has it', async () => {
    const ids = await deploy({
      doing: { cfp: { performative: 'propose', content: BID } },
      waiting: bidder({ estimated_time: 100 }),
    });
    const task = await create(['doing', 'waiting']);
    await test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    const cancelled = await test.runtime.tasks.cancel(task.id, 'no need');
    assert.equal(cancelled.reason, 'no need');
    const again = await test.runtime.tasks.cancel(task.id, 'once more');
    assert.equal(again, cancelled);
    const messages = (await sent(task)).slice(-2).sort();
    assert.deepEqual(messages, [`cancel ${ids.doing}`, `reject-proposal ${ids.waiting}`]);
  });

  it('tells those that are still to answer that it is cancelled', async () => {
    const ids = await deploy({ silent: {}, unwilling: { cfp: { performative: 'refuse' } } });
    const task = await create(['silent', 'unwilling']);
    const distribution = test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    const refused = assert.rejects(distribution, refusal('CONFLICT', { status: 'cancelled' }));
    await eventually('one has refused', () => {
      return test.runtime.tasks.get(task.id).pending.length === 1;
    });
    await test.runtime.tasks.cancel(task.id, 'no need');
    await refused;
    assert.deepEqual((await sent(task)).slice(2), [`cancel ${ids.silent}`]);
  });

  it('takes the first bid at once, and later ones as runners-up', async () => {
    const ids = await deploy({
      quick: {
        cfp: { performative: 'propose', content: { estimated_time: 99 } },
        request: { performative: 'failure' },
      },
      better: { request: { performative: 'propose', content: BID }, 'accept-proposal': DONE },
    });
    const task = await create(['quick', 'better']);
    const awarded = await test.runtime.tasks.distribute(task.id, 'first_bid', 60_000);
    assert.equal(awarded.award?.bid.agentId, ids.quick);
    assert.equal(awarded.proposalsReceived, 1);
    // Fails before there is another bid: the task waits for one, as bids are still taken.
    await test.send('quick', {});
    await eventually('bids are awaited again', () => {
      return test.runtime.tasks.get(task.id).status === 'distributing';
    });
    await test.send('better', {});
    const end = await ended(task);
    assert.equal(end.status, 'completed');
    assert.equal(end.award?.bid.agentId, ids.better);
  });

  it('gives equal bidders their turns', async () => {
    const names = ['turn-1', 'turn-2', 'turn-3'];
    const ids = await deploy(Object.fromEntries(names.map((name) => [name, bidder(BID)])));
    const winners: string[] = [];
    for (let i = 0; i < 6; i++) {
      const task = await create(names);
      const awarded = await test.runtime.tasks.distribute(task.id, 'round_robin', 60_000);
      winners.push(awarded.award!.bid.agentId);
      await ended(task);
    }
    assert.deepEqual(winners.slice(0, 3).sort(), Object.values(ids).sort());
    assert.deepEqual(winners.slice(3), winners.slice(0, 3));
  });

  it('asks only those whose past tasks went well enough', async () => {
    const ids = await deploy({
      reliable: bidder({ estimated_time: 100 }),
      careless: bidder(BID, { performative: 'failure' }),
    });
    const first = await create(['careless']);
    await test.runtime.tasks.distribute(first.id, 'best_bid', 60_000);
    await ended(first);
    const task = await create(['reliable', 'careless'], { minPerformanceScore: 0.8 });
    const awarded = await test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    assert.equal(awarded.award?.bid.agentId, ids.reliable);
    assert.ok(!(await sent(task)).includes(`cfp ${ids.careless}`));
    const hopeless = await create(['careless'], { minPerformanceScore: 0.8 });
    await assert.rejects(
      test.runtime.tasks.distribute(hopeless.id, 'best_bid', 60_000),
      refusal('CONFLICT', { best_score: 0, status: 'created' }),
    );
  });

  it('passes over a winner that is gone when it is to be told', async () => {
    const ids = await deploy({
      gone: bidder(BID),
      there: bidder({ estimated_time: 50 }),
      last: { request: { performative: 'refuse' } },
    });
    const task = await create(['gone', 'there', 'last']);
    const awarded = test.runtime.tasks.distribute(task.id, 'best_bid', 60_000);
    await eventually('both have bid', () => {
      return test.runtime.tasks.get(task.id).proposalsReceived === 2;
    });
    await test.runtime.agents.remove('gone');
    await test.send('last', {});
    assert.equal((await awarded).award?.bid.agentId, ids.there);
  });

  it('lets nobody send in the name of a task', async () => {
    await deploy({ honest: {} });
    const task = await create(['honest']);
    const forged = test.send('honest', {}, { performative: 'cfp', sender: task.id });
    await assert.rejects(forged, refusal('FORBIDDEN', { field: 'sender' }));
  });
});

const BID = Object.freeze({ estimated_time: 1, confidence: 1 });
