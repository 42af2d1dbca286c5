import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { CONTENT_JSON, emptyMessage, type Message } from '../../src/fipa/message.js';
import { EventBus } from '../../src/runtime/events.js';
import type { SubscriptionRequest } from '../../src/runtime/selection.js';
import { eventually } from '../support/eventually.js';

const nameOf = (id: string) => (id === 'agent_echo' ? 'echo' : undefined);

function listen(bus: EventBus, request: SubscriptionRequest) {
  const events: Array<Record<string, unknown>> = [];
  const subscription = bus.subscribe(request, (json) => events.push(JSON.parse(json)));
  return { events, subscription, types: () => events.map((event) => event.type) };
}

function message(fields: Partial<Message> = {}): Message {
  const base = { messageId: 'msg_1', sender: 'tester', receiver: 'agent_echo' };
  return { ...emptyMessage('request'), ...base, conversationId: 'c', ...fields };
}

function publishMessage(bus: EventBus, fields: Partial<Message> = {}): void {
  const whole = message(fields);
  bus.publishMessage({ ...whole, content: '' }, encodeMessageToBuffer(whole), 0);
}

test('events reach those that asked for their type, a whole family or everything', () => {
  const bus = new EventBus();
  const one = listen(bus, { events: ['agent.failed'] });
  const twice = listen(bus, { events: ['agent.failed', 'agent.*', '*'] });
  const family = listen(bus, { events: ['agent.*'] });
  const all = listen(bus, { events: ['*'] });
  const none = listen(bus, { events: ['agent', 'agent.', 'agentx.*'] });
  for (const type of ['agent.failed', 'agent.deployed', 'system.alert'] as const) {
    bus.publish(type, {});
  }
  assert.deepEqual(one.types(), ['agent.failed']);
  assert.deepEqual(twice.types(), ['agent.failed', 'agent.deployed', 'system.alert']);
  assert.deepEqual(family.types(), ['agent.failed', 'agent.deployed']);
  assert.deepEqual(all.types(), ['agent.failed', 'agent.deployed', 'system.alert']);
  assert.deepEqual(none.types(), []);
});

test('an event has its fields, a time, a growing number and the id of the subscription', () => {
  const bus = new EventBus();
  const { events, subscription } = listen(bus, { events: ['*'] });
  bus.publish('agent.deployed', { agent_id: 'agent_1', name: 'a "b"' });
  bus.publish('agent.failed', { agent_id: 'agent_1' });
  const [first, second] = events;
  assert.equal(first?.type, 'agent.deployed');
  assert.equal(first?.name, 'a "b"');
  assert.equal(first?.subscription_id, subscription.id);
  assert.ok(!Number.isNaN(Date.parse(String(first?.timestamp))));
  assert.ok(Number.isSafeInteger(first?.seq));
  assert.ok(Number(second?.seq) > Number(first?.seq));
});

test('numbers go on growing from one bus to the next', async () => {
  const before = new EventBus();
  before.publish('agent.failed', {});
  await eventually('time goes on', () => new EventBus().sequence > before.sequence);
});

test('a subscription to some agents gets what concerns them, also as ends of a message', () => {
  const bus = new EventBus(nameOf);
  const byName = listen(bus, { events: ['*'], agentIds: ['echo'] });
  const byId = listen(bus, { events: ['*'], agentIds: ['agent_echo', 'echo', 'tester'] });
  bus.publish('agent.failed', { agent_id: 'agent_echo' });
  bus.publish('agent.failed', { agent_id: 'agent_other' });
  publishMessage(bus);
  publishMessage(bus, { sender: 'agent_echo', receiver: 'tester' });
  publishMessage(bus, { receiver: 'bob', sender: 'alice' });
  bus.publish('system.alert', { severity: 'warning' });
  const wanted = [
    'agent.failed',
    'message.sent',
    'message.delivered',
    'message.sent',
    'message.delivered',
  ];
  assert.deepEqual(byName.types(), wanted);
  assert.deepEqual(byId.types(), wanted);
});

test('a state is no agent, whatever agents are called', () => {
  const bus = new EventBus();
  const { events } = listen(bus, { events: ['agent.*'], agentIds: ['running'] });
  bus.publish('agent.state_changed', { agent_id: 'agent_1', from: 'loaded', to: 'running' });
  assert.deepEqual(events, []);
});

test('messages reach filters by agent, receiver, act and conversation', () => {
  const bus = new EventBus(nameOf);
  const byName = listen(bus, { filter: { agents: ['echo'] } });
  const byReceiver = listen(bus, { filter: { receivers: ['tester'] } });
  const byAct = listen(bus, { filter: { performatives: ['inform', 'failure'] } });
  const byConversation = listen(bus, { filter: { conversationId: 'c2' } });
  const both = listen(bus, { filter: { agents: ['echo'], performatives: ['inform'] } });
  const everything = listen(bus, { filter: {} });
  publishMessage(bus);
  publishMessage(bus, { performative: 'inform', sender: 'agent_echo', receiver: 'tester' });
  publishMessage(bus, { sender: 'x', receiver: 'y', conversationId: 'c2' });
  const counts = [byName, byReceiver, byAct, byConversation, both, everything].map(
    ({ events }) => events.length,
  );
  assert.deepEqual(counts, [2, 1, 1, 1, 1, 3]);
  const [event] = byConversation.events;
  assert.equal(event?.type, 'message');
  assert.equal(event?.subscription_id, byConversation.subscription.id);
  assert.equal((event as unknown as { message: { sender: string } }).message.sender, 'x');
});

test('a message is delivered with its content, whoever of its readers is first', () => {
  const bus = new EventBus();
  const readers = [listen(bus, { filter: {} }), listen(bus, { filter: {} })];
  publishMessage(bus, { contentEncoding: CONTENT_JSON, content: '{"n":1}' });
  for (const { events } of readers) {
    assert.deepEqual((events[0] as { message?: { content: unknown } }).message?.content, { n: 1 });
  }
});

test('one subscription may ask for events and for messages, and gets each under its number', () => {
  const bus = new EventBus();
  const { types, events } = listen(bus, { events: ['message.*'], filter: {} });
  publishMessage(bus);
  assert.deepEqual(types(), ['message.sent', 'message', 'message.delivered']);
  const [sent, copy, delivered] = events.map(({ seq }) => Number(seq));
  assert.ok(sent! < copy! && copy! < delivered!);
});

test('the bus knows whether anybody may want messages', () => {
  const quiet: SubscriptionRequest[] = [
    { events: ['agent.*'] },
    { events: ['message.failed', 'system.*'] },
  ];
  for (const request of quiet) {
    const bus = new EventBus();
    bus.subscribe(request, () => undefined);
    assert.equal(bus.wantsMessages, false, JSON.stringify(request));
  }
  const wanting: SubscriptionRequest[] = [
    { events: ['*'] },
    { events: ['message.*'] },
    { events: ['message.sent'] },
    { filter: {} },
  ];
  for (const request of wanting) {
    const bus = new EventBus();
    const subscription = bus.subscribe(request, () => undefined);
    assert.equal(bus.wantsMessages, true, JSON.stringify(request));
    subscription.cancel();
    subscription.cancel();
    assert.equal(bus.subscriptions, 0);
  }
});

test('frequent events are of no use while nobody asks for any, rare ones are kept', () => {
  const bus = new EventBus();
  assert.equal(bus.wants('message.failed'), false);
  assert.equal(bus.wants('agent.failed'), true);
  bus.subscribe({ events: ['message.failed'] }, () => undefined);
  assert.equal(bus.wants('message.failed'), true);
});

test('a subscription that is cancelled gets nothing more', () => {
  const bus = new EventBus();
  const second = listen(bus, { events: ['*'], filter: {} });
  second.subscription.cancel();
  bus.publish('agent.failed', {});
  publishMessage(bus);
  assert.deepEqual(second.events, []);
});

test('ends of messages count in events of conversations, and names of tasks are no agents', () => {
  const bus = new EventBus(nameOf);
  const asked = listen(bus, { events: ['*'], agentIds: ['echo'] });
  const restricted = listen(bus, {
    events: ['*'],
    filter: {},
    allows: (agent) => agent === 'agent_echo' || agent === 'echo',
  });
  bus.publish('conversation.completed', { from: 'agent_echo', to: 'tester' });
  bus.publish('conversation.completed', { from: 'other', to: 'tester' });
  bus.publish('task.created', { task_id: 'task_1', name: 'echo' });
  bus.publish('task.completed', { task_id: 'task_1', agent_id: 'agent_echo' });
  bus.publish('system.alert', { severity: 'warning' });
  assert.deepEqual(asked.types(), ['conversation.completed', 'task.completed']);
  assert.deepEqual(restricted.types(), asked.types());
  bus.publish('agent.removed', { agent_id: 'agent_former', name: 'echo' });
  publishMessage(bus, { receiver: 'bob', sender: 'alice' });
  publishMessage(bus, { receiver: 'bob', sender: 'agent_echo' });
  assert.deepEqual(restricted.types().slice(2), [
    'agent.removed',
    'message.sent',
    'message',
    'message.delivered',
  ]);
});
