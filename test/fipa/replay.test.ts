import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMessage, type Message } from '../../src/fipa/message.js';
import type { Performative } from '../../src/fipa/performative.js';
import { replay } from '../../src/fipa/replay.js';

function said(text: string, protocol = ''): Message {
  const [sender, act, receiver] = text.split(' ') as [string, Performative, string];
  return { ...emptyMessage(act), sender, receiver, protocol, conversationId: 'c' };
}

test('messages without a protocol name who speaks, the first sender as the initiator', () => {
  const { protocol, completed, parties } = replay([said('a request b'), said('b inform c')]);
  assert.equal(protocol, undefined);
  assert.equal(completed, false);
  assert.deepEqual(
    parties.map(({ id, role, state }) => [id, role, state]),
    [
      ['a', 'initiator', undefined],
      ['b', 'participant', undefined],
      ['c', 'participant', undefined],
    ],
  );
});

test('the state of each participant follows from the messages', () => {
  const net = 'fipa-contract-net';
  const told = replay([
    said('a cfp b', net),
    said('a cfp c', net),
    said('b propose a'),
    said('c propose a'),
    said('a accept-proposal b', net),
    said('b inform a'),
  ]);
  assert.equal(told.protocol, net);
  assert.equal(told.completed, false);
  assert.deepEqual(
    told.parties.map(({ id, state }) => `${id} ${state}`),
    ['a undefined', 'b done', 'c proposed'],
  );
});

test('a failure out of turn, which only the server sends, ends the exchange', () => {
  const told = replay([said('a cfp b', 'fipa-contract-net'), said('b failure a')]);
  assert.equal(told.completed, true);
  assert.equal(told.parties[1]?.state, 'failed');
});

test('a failure that answers nothing in the conversation tells of a refusal, and is passed over', () => {
  const refused = { ...said('b failure a'), inReplyTo: 'msg_refused' };
  const told = replay([said('a cfp b', 'fipa-contract-net'), refused]);
  assert.equal(told.parties[1]?.state, 'called');
});

test('what is not legal changes nothing, and a new beginning begins anew', () => {
  const told = replay([
    said('b inform a', 'fipa-request'),
    said('a request b', 'fipa-request'),
    said('b propose a', 'fipa-request'),
    said('b inform a'),
    said('a query-if b', 'fipa-query'),
    said('b agree a'),
  ]);
  assert.equal(told.protocol, 'fipa-query');
  assert.equal(told.completed, false);
  assert.equal(told.parties.find(({ id }) => id === 'b')?.state, 'agreed-if');
});

test('of no messages nothing is told', () => {
  assert.deepEqual(replay([]), { protocol: undefined, completed: false, parties: [] });
});
