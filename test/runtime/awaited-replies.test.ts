import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaxtonError } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import { CONTENT_JSON, CONTENT_NONE, emptyMessage, type Message } from '../../src/fipa/message.js';
import type { Performative } from '../../src/fipa/performative.js';
import { AwaitedReplies } from '../../src/runtime/awaited-replies.js';
import { eventually } from '../support/eventually.js';

function message(id: string, fields: Partial<Message> = {}): Message {
  return {
    ...emptyMessage(fields.performative ?? 'request'),
    messageId: id,
    sender: 'ann',
    receiver: 'bob',
    conversationId: 'c',
    contentEncoding: CONTENT_JSON,
    content: '"x"',
    ...fields,
  };
}

function reply(fields: Partial<Message> = {}): Message {
  return message('r', { sender: 'bob', receiver: 'ann', ...fields });
}

const inAnHour = (): number => Date.now() + 3_600_000;

test('a message that nobody answers in time is told of once, without its content', async () => {
  const passed: Message[] = [];
  const awaited = new AwaitedReplies((each) => passed.push(each));
  awaited.add(message('m1', { replyByMs: Date.now() + 20 }), 'ann');
  awaited.add(message('m2', { replyByMs: 1 }), 'ann');
  assert.ok(awaited.has('c'));
  await eventually('both passed', () => passed.length === 2);
  assert.deepEqual(
    passed.map(({ messageId, contentEncoding }) => [messageId, contentEncoding]),
    [
      ['m2', CONTENT_NONE],
      ['m1', CONTENT_NONE],
    ],
  );
  assert.equal(awaited.size, 0);
  assert.ok(!awaited.has('c'));
});

test('what goes back to who asked is the answer', () => {
  const answers: ReadonlyArray<readonly [what: string, fields: Partial<Message>]> = [
    ['by its reply_with', { inReplyTo: 'with' }],
    ['by its id', { inReplyTo: 'm' }],
    ['without in_reply_to', {}],
    ['to reply_to', { receiver: 'boss', inReplyTo: 'with' }],
  ];
  for (const [what, fields] of answers) {
    const awaited = new AwaitedReplies(() => assert.fail(what));
    awaited.add(message('m', { replyByMs: inAnHour(), replyWith: 'with' }), 'boss');
    awaited.answered(reply(fields));
    assert.equal(awaited.size, 0, what);
    assert.ok(!awaited.has('c'));
  }
});

test('what answers something else, or comes from another, is not', () => {
  const awaited = new AwaitedReplies(() => assert.fail('nothing comes due'));
  awaited.add(message('m', { replyByMs: inAnHour() }), 'ann');
  for (const fields of [
    { inReplyTo: 'another' },
    { sender: 'eve' },
    { receiver: 'eve' },
    { conversationId: 'd' },
  ]) {
    awaited.answered(reply(fields));
    assert.equal(awaited.size, 1, JSON.stringify(fields));
  }
  awaited.stop();
});

test('several messages to one receiver are answered one by one', () => {
  const awaited = new AwaitedReplies(() => assert.fail('nothing comes due'));
  for (const id of ['m1', 'm2', 'm3']) {
    awaited.add(message(id, { replyByMs: inAnHour() }), 'ann');
  }
  awaited.answered(reply({ inReplyTo: 'm2' }));
  assert.equal(awaited.size, 2);
  awaited.answered(reply({ inReplyTo: 'm2' }));
  assert.equal(awaited.size, 2);
  awaited.answered(reply());
  assert.equal(awaited.size, 0);
});

test('a failure awaits no answer, and after a stop nothing comes due', async () => {
  const awaited = new AwaitedReplies(() => assert.fail('nothing comes due'));
  const performative: Performative = 'failure';
  awaited.add(message('f', { performative, replyByMs: 1 }), 'ann');
  assert.equal(awaited.size, 0);
  awaited.add(message('m', { replyByMs: 1 }), 'ann');
  awaited.stop();
  assert.equal(awaited.size, 0);
  await sleep(50);
});

test('more than the bound is refused', () => {
  const awaited = new AwaitedReplies(() => {});
  awaited.checkRoom(LIMITS.awaited_replies);
  assert.throws(
    () => awaited.checkRoom(LIMITS.awaited_replies + 1),
    (error) => error instanceof CaxtonError && error.code === 'RESOURCE_LIMIT_EXCEEDED',
  );
});
