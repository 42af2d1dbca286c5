import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Awaited } from '../../src/base/caller.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { CONTENT_JSON, emptyMessage, type Message } from '../../src/fipa/message.js';
import type { Performative } from '../../src/fipa/performative.js';
import { Waiters } from '../../src/runtime/waiters.js';
import { refusal } from '../support/runtime.js';

function sent(conversationId = 'c', replyWith = 'r'): Message {
  return { ...emptyMessage('request'), messageId: 'msg_1', conversationId, replyWith };
}

function reply(performative: Performative = 'inform', changes: Partial<Message> = {}): Message {
  const fields: Partial<Message> = {
    conversationId: 'c',
    inReplyTo: 'r',
    content: '1',
    contentEncoding: CONTENT_JSON,
  };
  return { ...emptyMessage(performative), ...fields, ...changes };
}

test('an answer is handed to the one who waits for it, once', async () => {
  const waiters = new Waiters();
  const waiting = waiters.wait(sent(), 10_000, false);
  const answer = reply();
  waiters.match(answer)?.answer(encodeMessageToBuffer(answer), 0);
  assert.deepEqual(await waiting, answer);
  assert.equal(waiters.match(answer), undefined);
  assert.equal(waiters.size, 0);
  waiters.rejectAll(new Error('end'));
});

test('an answer of another conversation, or to something else, is nobody’s', () => {
  const waiters = new Waiters();
  const waiting = waiters.wait(sent(), 10_000, false);
  waiting.catch(() => undefined);
  assert.equal(waiters.match(reply('inform', { conversationId: 'd' })), undefined);
  assert.equal(waiters.match(reply('inform', { inReplyTo: 'x' })), undefined);
  assert.equal(waiters.match(reply('inform', { inReplyTo: '' })), undefined);
  assert.equal(waiters.size, 1);
  waiters.rejectAll(new Error('end'));
});

test('who waits for the final answer is not given agree', async () => {
  const waiters = new Waiters();
  const waiting = waiters.wait(sent(), 10_000, true);
  for (const act of ['agree', 'propose', 'query-if'] as const) {
    assert.equal(waiters.match(reply(act)), undefined);
  }
  const final = reply('refuse');
  waiters.match(final)?.answer(encodeMessageToBuffer(final), 0);
  assert.equal((await waiting).performative, 'refuse');
});

test('a wait ends with TIMEOUT, and others go on', async () => {
  const waiters = new Waiters();
  const long = waiters.wait(sent('c', 'long'), 60_000, false);
  await assert.rejects(
    waiters.wait(sent('c', 'short'), 10, false),
    refusal('TIMEOUT', { timeout_ms: 10, message_id: 'msg_1' }),
  );
  assert.equal(waiters.size, 1);
  const answer = reply('inform', { inReplyTo: 'long' });
  waiters.match(answer)?.answer(encodeMessageToBuffer(answer), 0);
  assert.deepEqual(await long, answer);
  waiters.rejectAll(new Error('end'));
});

test('two can not wait for the same answer', async () => {
  const waiters = new Waiters();
  const first = waiters.wait(sent(), 10_000, false);
  await assert.rejects(waiters.wait(sent(), 10_000, false), refusal('CONFLICT'));
  waiters.rejectAll(new Error('end'));
  await assert.rejects(first, /end/);
  assert.equal(waiters.size, 0);
});

test('a message that could not be sent is waited for no more', () => {
  const waiters = new Waiters();
  void waiters.wait(sent(), 10_000, false);
  waiters.abandon(sent());
  assert.equal(waiters.size, 0);
  waiters.abandon(sent());
  waiters.rejectAll(new Error('end'));
});

test('a wait ends when its caller leaves, and does not begin when he is gone', async () => {
  const waiters = new Waiters();
  const caller = { gone: false, waiting: undefined as Awaited | undefined };
  const waiting = waiters.wait(sent(), 10_000, false, caller);
  caller.waiting?.callerGone();
  await assert.rejects(waiting, refusal('UNAVAILABLE'));
  assert.equal(waiters.size, 0);
  assert.equal(caller.waiting, undefined);
  const gone = { gone: true, waiting: undefined };
  await assert.rejects(waiters.wait(sent(), 10_000, false, gone), refusal('UNAVAILABLE'));
  waiters.rejectAll(new Error('end'));
});

test('an answer is known by its bytes as it is by its text', () => {
  const waiters = new Waiters();
  const waits = [
    sent('c', 'msg_1'),
    { ...sent('d', 'msg_2'), messageId: 'msg_2' },
    sent('c', 'r'),
    sent('ü', 'ö'),
  ];
  for (const each of waits) waiters.wait(each, 10_000, false).catch(() => undefined);
  waiters.wait(sent('final', 'f'), 10_000, true).catch(() => undefined);
  for (const conversationId of ['c', 'd', 'ü', 'final', '']) {
    for (const inReplyTo of ['msg_1', 'msg_2', 'r', 'ö', 'f', '']) {
      for (const performative of ['inform', 'agree'] as const) {
        const answer = reply(performative, { conversationId, inReplyTo });
        const found = waiters.matchEncoded(encodeMessageToBuffer(answer), 0);
        assert.equal(found, waiters.match(answer), `${conversationId} ${inReplyTo}`);
      }
    }
  }
  const own = reply('inform', { conversationId: 'd', inReplyTo: 'msg_2' });
  assert.equal(waiters.matchEncoded(encodeMessageToBuffer(own), 0)?.asked, waits[1]);
  waiters.rejectAll(new Error('end'));
});
