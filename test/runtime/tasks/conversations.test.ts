import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Strategy } from '../../../src/runtime/tasks/strategies.js';
import { conversationOf, type Task } from '../../../src/runtime/tasks/task.js';
import { eventually } from '../../support/eventually.js';
import { bidder, DONE, participant } from '../../support/participant.js';
import { refusal, type TestRuntime, withRuntime } from '../../support/runtime.js';

const MODES = ['warn', 'enforce'] as const;
const BID = Object.freeze({ estimated_time: 1, confidence: 1 });

function create({ runtime }: TestRuntime, participants: readonly string[]): Promise<Task> {
  return runtime.tasks.create({
    name: 'sort',
    description: '',
    data: '',
    participants,
    capabilities: [],
    minPerformanceScore: 0,
    timeoutMs: 60_000,
    createdBy: 'tests',
  });
}

function distribute({ runtime }: TestRuntime, task: Task, strategy: Strategy = 'best_bid') {
  return runtime.tasks.distribute(task.id, strategy, 60_000);
}

const called = ({ runtime }: TestRuntime, task: Task): Promise<Task> =>
  eventually('the participants are called', () => {
    const now = runtime.tasks.get(task.id);
    return now.status === 'distributing' && now;
  });

const ended = ({ runtime }: TestRuntime, task: Task): Promise<Task> =>
  eventually('the task ends', () => {
    const now = runtime.tasks.get(task.id);
    return now.endedMs !== 0 && now;
  });

/** A client that says what it says to the task, and nothing about any conversation. */
function say(test: TestRuntime, task: Task, performative: string, content: unknown, more = {}) {
  return test.send(task.id, content, { performative, sender: 'human', ...more });
}

for (const mode of MODES) {
  test(`mode ${mode}: what a client says without a conversation belongs to the round`, async () => {
    await withRuntime({ protocols: { mode } }, async (test) => {
      test.runtime.clients.see('human');
      const worse = await participant(bidder({ estimated_time: 100 }));
      await test.deploy(worse, { name: 'worse' });
      const events = test.events('conversation.*');
      const task = await create(test, ['human', 'worse']);
      const awarded = distribute(test, task);
      const conversationId = conversationOf(await called(test, task));
      await say(test, task, 'propose', BID);
      assert.equal((await awarded).award?.bid.agentId, 'human');
      await say(test, task, 'inform', { partial: true, progress: 0.5 });
      await say(test, task, 'inform', { partial: true, progress: 0.7 });
      await say(test, task, 'inform', { answer: 42 });
      const end = await ended(test, task);
      assert.equal(end.status, 'completed');
      assert.equal(end.award?.bid.agentId, 'human');
      assert.deepEqual(JSON.parse(end.result), { answer: 42 });
      const acts = (await test.history({ conversationId }))
        .filter((message) => [message.sender, message.receiver].includes('human'))
        .map((message) => message.performative);
      const informs = ['inform', 'inform', 'inform'];
      assert.deepEqual(acts, ['cfp', 'propose', 'accept-proposal', ...informs]);
      const about = events.filter((event) => event.conversation_id === conversationId);
      assert.equal(events.length, about.length);
      const types = about.map((event) => event.type);
      assert.ok(!types.includes('conversation.violation'), types.join());
      assert.equal(types.at(-1), 'conversation.completed');
    });
  });

  test(`mode ${mode}: so does what an agent says that answers later`, async () => {
    await withRuntime({ protocols: { mode } }, async (test) => {
      const script = { request: { performative: 'propose', content: BID } };
      const late = await participant({ ...script, 'accept-proposal': DONE });
      const { agentId } = await test.deploy(late, { name: 'later' });
      const events = test.events('conversation.violation');
      const task = await create(test, ['later']);
      const awarded = distribute(test, task);
      const conversationId = conversationOf(await called(test, task));
      // Handles this request of somebody else when it bids.
      await test.send('later', {});
      assert.equal((await awarded).award?.bid.agentId, agentId);
      assert.equal((await ended(test, task)).status, 'completed');
      const acts = (await test.history({ conversationId })).map((each) => each.performative);
      assert.deepEqual(acts, ['cfp', 'propose', 'accept-proposal', 'inform']);
      assert.deepEqual(events, []);
    });
  });
}

test('an answer to an earlier round belongs to that one', async () => {
  await withRuntime({}, async (test) => {
    test.runtime.clients.see('human');
    const task = await create(test, ['human']);
    const first = distribute(test, task);
    const firstRound = conversationOf(await called(test, task));
    await say(test, task, 'refuse', {});
    await assert.rejects(first, refusal('UNAVAILABLE'));
    const second = distribute(test, task);
    const secondRound = conversationOf(await called(test, task));
    assert.notEqual(secondRound, firstRound);
    const events = test.events('task.message_ignored');
    await say(test, task, 'propose', BID, { in_reply_to: `${firstRound}.cfp` });
    await eventually('the late bid is ignored', () => events.length > 0);
    assert.equal(test.runtime.tasks.get(task.id).proposalsReceived, 0);
    const last = (await test.history({ conversationId: firstRound })).at(-1);
    assert.equal(last?.performative, 'propose');
    await say(test, task, 'propose', BID, { in_reply_to: `${secondRound}.cfp` });
    assert.equal((await second).award?.bid.agentId, 'human');
  });
});

test('who waits for an answer of the task waits in its round', async () => {
  await withRuntime({}, async (test) => {
    test.runtime.clients.see('human');
    const task = await create(test, ['human']);
    // Before the first round there is none to belong to.
    const early = await say(test, task, 'inform', {});
    const own = await test.runtime.message(early.messageId);
    assert.equal(own?.conversationId, `conv_${early.messageId.slice(4)}`);
    const awarded = distribute(test, task);
    await called(test, task);
    const { reply } = await test.ask(task.id, BID, { performative: 'propose', sender: 'human' });
    assert.equal(reply.performative, 'accept-proposal');
    assert.equal(reply.conversationId, conversationOf(await awarded));
  });
});
