import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMessage, type Message } from '../../src/fipa/message.js';
import { EventBus, type SubscriptionRequest } from '../../src/runtime/events.js';

const resolve = (name: string): string => (name === 'echo' ? 'agent_echo' : name);

function listen(bus: EventBus, request: SubscriptionRequest) {
  const events: Array<Record<string, unknown>> = [];
  const subscription = bus.subscribe(request, (json) => events.push(JSON.parse(json)));
  return { events, subscription, types: () => events.map((event) => event.type) };
}

function message(fields: Partial<Message> = {}): Message {
  const base = { messageId: 'msg_1', sender: 'tester', receiver: 'agent_echo' };
  return { ...emptyMessage('request'), ...base, conversationId: 'c', ...fields };
}

test('events reach those that asked for their type, a whole family or everything', () => {
  const bus = new EventBus();
  const one = listen(bus, { events: ['agent.failed'] });
  const family = listen(bus, { events: ['agent.*'] });
  const all = listen(bus, { events: ['*'] });
  const none = listen(bus, { events: ['agent', 'agent.', 'agentx.*'] });
  for (const type of ['agent.failed', 'agent.deployed', 'system.alert']) bus.publish(type, {});
  assert.deepEqual(one.types(), ['agent.failed']);
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
  assert.ok(Number(second?.seq) > Number(first?.seq));
});

test('a subscription to some agents gets what concerns them, also as ends of a message', () => {
  const bus = new EventBus(resolve);
  const { events } = listen(bus, { events: ['*'], agentIds: ['echo'] });
  bus.publish('agent.failed', { agent_id: 'agent_echo' });
  bus.publish('agent.failed', { agent_id: 'agent_other' });
  bus.publish('message.sent', { from: 'tester', to: 'agent_echo' });
  bus.publish('message.sent', { from: 'agent_echo', to: 'tester' });
  bus.publish('message.sent', { from: 'tester', to: 'bob' });
  bus.publish('system.alert', { severity: 'warning' });
  assert.equal(events.length, 3);
});

test('messages reach filters by agent, receiver, act and conversation', () => {
  const bus = new EventBus(resolve);
  const byName = listen(bus, { filter: { agents: ['echo'] } });
  const byReceiver = listen(bus, { filter: { receivers: ['tester'] } });
  const byAct = listen(bus, { filter: { performatives: ['inform', 'failure'] } });
  const byConversation = listen(bus, { filter: { conversationId: 'c2' } });
  const both = listen(bus, { filter: { agents: ['echo'], performatives: ['inform'] } });
  const everything = listen(bus, { filter: {} });
  bus.publishMessage(message());
  bus.publishMessage(message({ performative: 'inform', sender: 'agent_echo', receiver: 'tester' }));
  bus.publishMessage(message({ sender: 'x', receiver: 'y', conversationId: 'c2' }));
  const counts = [byName, byReceiver, byAct, byConversation, both, everything].map(
    ({ events }) => events.length,
  );
  assert.deepEqual(counts, [2, 1, 1, 1, 1, 3]);
  const [event] = byConversation.events;
  assert.equal(event?.type, 'message');
  assert.equal(event?.subscription_id, byConversation.subscription.id);
  assert.equal((event as unknown as { message: { sender: string } }).message.sender, 'x');
});

test('one subscription may ask for events and for messages', () => {
  const bus = new EventBus();
  const { types } = listen(bus, { events: ['message.sent'], filter: {} });
  bus.publishMessage(message());
  assert.deepEqual(types(), ['message.sent', 'message']);
});

test('the bus knows whether anybody may want messages', () => {
  const bus = new EventBus();
  assert.equal(bus.wantsMessages, false);
  const agents = bus.subscribe({ events: ['agent.*'] }, () => undefined);
  assert.equal(bus.wantsMessages, false);
  const requests: SubscriptionRequest[] = [
    { events: ['*'] },
    { events: ['message.*'] },
    { events: ['message.failed'] },
    { filter: {} },
  ];
  for (const request of requests) {
    const subscription = bus.subscribe(request, () => undefined);
    assert.equal(bus.wantsMessages, true);
    subscription.cancel();
    subscription.cancel();
    assert.equal(bus.wantsMessages, false);
  }
  agents.cancel();
  assert.equal(bus.subscriptions, 0);
});

test('a subscription that is cancelled gets nothing more, also while an event is told', () => {
  const bus = new EventBus();
  const second = listen(bus, { events: ['*'] });
  second.subscription.cancel();
  bus.publish('agent.failed', {});
  assert.deepEqual(second.events, []);
});

test('numbers are given out whether anybody listens or not', () => {
  const bus = new EventBus();
  const { events } = listen(bus, { events: ['*'] });
  bus.publish('a.b', {});
  bus.publish('a.b', {});
  assert.equal(Number(events[1]?.seq) - Number(events[0]?.seq), 1);
});
