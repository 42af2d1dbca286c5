import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMessage, type Message } from '../../src/fipa/message.js';
import { AgentSubscriptions } from '../../src/runtime/agent-subscriptions.js';
import { makeAgent } from '../support/agents.js';

const nameOf = (id: string) => (id === 'agent_echo' ? 'echo' : undefined);

function message(fields: Partial<Message> = {}): Message {
  const ends = { sender: 'tester', receiver: 'agent_echo', conversationId: 'c' };
  return { ...emptyMessage('inform'), ...ends, ...fields };
}

function subscribed(...filters: object[]) {
  const subscriptions = new AgentSubscriptions(nameOf);
  const agent = makeAgent('watcher');
  for (const filter of filters) subscriptions.add(agent, JSON.stringify(filter));
  const matches = (fields: Partial<Message> = {}): number =>
    subscriptions.matching(message(fields)).size;
  return { subscriptions, agent, matches };
}

test('a filter without conditions matches every message between others', () => {
  const { matches, agent } = subscribed({});
  assert.equal(matches(), 1);
  assert.equal(matches({ sender: agent.id }), 0);
  assert.equal(matches({ receiver: agent.id }), 0);
});

test('each condition of a filter narrows it', () => {
  const { matches } = subscribed({
    agents: ['echo'],
    performatives: ['INFORM', 'not_understood'],
    conversation_id: 'c',
  });
  assert.equal(matches(), 1);
  assert.equal(matches({ sender: 'agent_echo', receiver: 'x' }), 1);
  assert.equal(matches({ performative: 'not-understood' }), 1);
  assert.equal(matches({ receiver: 'other' }), 0);
  assert.equal(matches({ performative: 'request' }), 0);
  assert.equal(matches({ conversationId: 'd' }), 0);
});

test('an agent with several filters gets one copy', () => {
  const { matches } = subscribed({}, { performatives: ['inform'] }, { agents: ['echo'] });
  assert.equal(matches(), 1);
});

test('a list of acts none of which is known matches nothing', () => {
  const { matches } = subscribed({ performatives: ['shout'] });
  assert.equal(matches(), 0);
});

test('all filters end with the agent', () => {
  const { subscriptions, agent, matches } = subscribed({}, { agents: ['echo'] });
  assert.equal(subscriptions.size, 1);
  subscriptions.remove(agent);
  assert.equal(matches(), 0);
  assert.equal(subscriptions.size, 0);
});

test('a filter by name matches whichever agent has the name when the message comes', () => {
  const names = new Map<string, string>();
  const subscriptions = new AgentSubscriptions((id) => names.get(id));
  const watcher = makeAgent('watcher');
  subscriptions.add(watcher, JSON.stringify({ agents: ['late'] }));
  const matches = (receiver: string): number => subscriptions.matching(message({ receiver })).size;
  assert.equal(matches('agent_first'), 0);
  names.set('agent_first', 'late');
  assert.equal(matches('agent_first'), 1);
  names.set('agent_second', 'late');
  assert.equal(matches('agent_second'), 1);
});
