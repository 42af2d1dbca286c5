import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { Conversation, type Judgement, judgeFirst } from '../../src/fipa/conversation.js';
import type { Performative } from '../../src/fipa/performative.js';
import { protocolOf } from '../../src/fipa/protocols/registry.js';

const asItIs = (name: string): string => name;

/** A conversation that "ann" may begin by `say`. */
class Talk {
  conversation: Conversation | undefined;
  readonly protocol: string;

  constructor(protocol: string) {
    this.protocol = protocol;
  }

  judge(
    sender: string,
    performative: Performative,
    receiver: string,
    fields: { protocol?: string; replyTo?: string } = {},
  ): Judgement | undefined {
    const { protocol = this.protocol, replyTo = '' } = fields;
    const spoken = { sender, receiver, performative, protocol, replyTo };
    const named = protocolOf(protocol);
    if (this.conversation !== undefined) {
      return this.conversation.judge(spoken, receiver, named, asItIs);
    }
    return judgeFirst(spoken, receiver, named!, asItIs);
  }

  /** What is said must be legal. */
  say(...[sender, act, receiver, fields]: Parameters<Talk['judge']>): this {
    const step = this.judge(sender, act, receiver, fields)?.step;
    assert.ok(step, `${sender} ${act} ${receiver} is not legal`);
    this.conversation ??= new Conversation('c', protocolOf(this.protocol)!, sender);
    this.conversation.take(step);
    return this;
  }

  get states(): Record<string, string> {
    return Object.fromEntries(this.conversation!.states);
  }
}

test('a contract net has a state for each participant, and ends with the last of them', () => {
  const net = new Talk('fipa-contract-net');
  for (const bidder of ['b1', 'b2', 'b3']) net.say('ann', 'cfp', bidder);
  net.say('b1', 'propose', 'ann').say('b2', 'refuse', 'ann').say('b3', 'propose', 'ann');
  net.say('ann', 'accept-proposal', 'b1').say('ann', 'reject-proposal', 'b3');
  assert.deepEqual(net.states, { b1: 'accepted', b2: 'refused', b3: 'rejected' });
  assert.ok(!net.conversation!.completed);
  net.say('b1', 'inform-done', 'ann');
  assert.ok(net.conversation!.completed && net.conversation!.ended);
});

test('what one participant may say depends on its own state alone', () => {
  const net = new Talk('fipa-contract-net').say('ann', 'cfp', 'b1').say('ann', 'cfp', 'b2');
  net.say('b1', 'propose', 'ann');
  assert.deepEqual(net.judge('ann', 'accept-proposal', 'b2')?.violation, {
    role: 'initiator',
    state: 'called',
    legalActs: ['not-understood', 'cancel'],
  });
  net.say('ann', 'accept-proposal', 'b1');
});

test('a message without a protocol counts as long as the exchange is open', () => {
  const talk = new Talk('fipa-contract-net').say('ann', 'cfp', 'b1').say('ann', 'cfp', 'b2');
  const plain = { protocol: '' };
  assert.equal(talk.judge('b1', 'agree', 'ann', plain)?.violation?.state, 'called');
  talk.say('b1', 'refuse', 'ann', plain);
  assert.equal(talk.judge('b1', 'inform', 'ann', plain), undefined);
  assert.equal(talk.judge('ann', 'cfp', 'b1', plain), undefined);
  assert.equal(talk.judge('ann', 'cfp', 'b3', plain), undefined);
  assert.equal(talk.judge('eve', 'inform', 'ann', plain), undefined);
  assert.equal(talk.judge('b2', 'request', 'eve', plain), undefined);
});

test('who has no part in a conversation may not speak under its protocol', () => {
  const talk = new Talk('fipa-request').say('ann', 'request', 'bob');
  for (const [sender, receiver] of [
    ['eve', 'ann'],
    ['bob', 'eve'],
  ] as const) {
    const violation = talk.judge(sender, 'inform', receiver)?.violation;
    assert.deepEqual([violation?.role, violation?.legalActs], [undefined, []]);
  }
});

test('a conversation keeps to its protocol', () => {
  const talk = new Talk('fipa-request').say('ann', 'request', 'bob');
  const other = talk.judge('ann', 'cfp', 'bob', { protocol: 'fipa-contract-net' });
  assert.equal(other?.violation?.state, 'requested');
});

test('who gets the answers may speak for the initiator', () => {
  const talk = new Talk('fipa-contract-net').say('ann', 'cfp', 'bob', { replyTo: 'boss' });
  talk.say('bob', 'propose', 'boss').say('boss', 'accept-proposal', 'bob');
  talk.say('bob', 'inform', 'ann');
  assert.ok(talk.conversation!.completed);
});

test('an agent may talk to itself', () => {
  const talk = new Talk('fipa-request').say('ann', 'request', 'ann').say('ann', 'inform', 'ann');
  assert.ok(talk.conversation!.completed);
});

test('an exchange that is over may be begun anew beside others', () => {
  const talk = new Talk('fipa-request').say('ann', 'request', 'b1').say('ann', 'request', 'b2');
  talk.say('b1', 'inform', 'ann').say('ann', 'request', 'b1');
  assert.deepEqual(talk.states, { b1: 'requested', b2: 'requested' });
  talk.say('b1', 'inform', 'ann').say('b2', 'inform', 'ann');
  assert.ok(talk.conversation!.completed);
});

test('a failure that the server tells of ends an open exchange in any state', () => {
  const { conversation } = new Talk('fipa-contract-net').say('ann', 'cfp', 'bob');
  assert.equal(conversation!.judgeFailure('eve', 'ann'), undefined);
  assert.equal(conversation!.judgeFailure('bob', 'eve'), undefined);
  conversation!.take(conversation!.judgeFailure('bob', 'ann')!.step!);
  assert.equal(conversation!.states.get('bob'), 'failed');
  assert.equal(conversation!.judgeFailure('bob', 'ann'), undefined);
});

test('a broker may pass on more after its first answer', () => {
  const talk = new Talk('fipa-brokering').say('ann', 'proxy', 'broker');
  talk.say('broker', 'agree', 'ann').say('broker', 'inform-done', 'ann');
  talk.say('broker', 'inform', 'ann');
  assert.ok(talk.conversation!.completed && !talk.conversation!.ended);
  talk.say('broker', 'inform', 'ann');
});

test('participants beyond the bound are not tracked, and nothing is held against them', () => {
  const talk = new Talk('fipa-request');
  const count = LIMITS.conversation_participants;
  for (let i = 0; i <= count; i++) talk.say('ann', 'request', `b${i}`);
  assert.equal(talk.conversation!.states.size, count);
  assert.equal(talk.judge(`b${count}`, 'propose', 'ann'), undefined);
  assert.ok(talk.judge('b0', 'propose', 'ann')?.violation);
  for (let i = 0; i < count; i++) talk.say(`b${i}`, 'inform', 'ann');
  assert.ok(!talk.conversation!.completed, 'nobody knows how far the others are');
});
