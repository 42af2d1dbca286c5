import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import {
  CONTENT_JSON,
  CONTENT_MESSAGE_PACK,
  contentJsonText,
  contentValue,
  emptyMessage,
  type Message,
  messageJson,
  messageJsonText,
  messagePack,
} from '../../src/fipa/message.js';
import { decodeMessagePack } from '../../src/fipa/message-pack.js';
import { anyMessage, anyValue } from './arbitrary-message.js';

test('the JSON text is that of the object form', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const object = JSON.parse(JSON.stringify(messageJson(message)));
      assert.deepEqual(JSON.parse(messageJsonText(message)), object);
    }),
    { numRuns: 500 },
  );
});

test('the MessagePack form is that of the object form', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const object = JSON.parse(JSON.stringify(messageJson(message)));
      assert.deepEqual(JSON.parse(JSON.stringify(decode(messagePack(message)))), object);
    }),
  );
});

test('the MessagePack form of half a surrogate pair is UTF-8, and other content stays as it is', () => {
  for (const [content, expected] of [
    ['\ud800', '\ufffd'],
    [{ 'a\udc00': ['\ud83d\ude00', '\udbff!'] }, { 'a\ufffd': ['\ud83d\ude00', '\ufffd!'] }],
    ['\\ud800', '\\ud800'],
  ]) {
    const message = emptyMessage('inform');
    message.contentEncoding = CONTENT_JSON;
    message.content = JSON.stringify(content);
    const packed = decodeMessagePack(messagePack(message), 'message', 'The message');
    assert.deepEqual((packed as { content: unknown }).content, expected);
    assert.deepEqual(contentValue(message), content);
  }
});

test('content is the same value in either encoding', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const json: Message = {
        ...emptyMessage('inform'),
        contentEncoding: CONTENT_JSON,
        content: JSON.stringify(value),
      };
      const packed: Message = {
        ...emptyMessage('inform'),
        contentEncoding: CONTENT_MESSAGE_PACK,
        content: encode(value),
      };
      const expected = JSON.parse(JSON.stringify(value));
      assert.deepEqual(contentValue(json), expected);
      assert.deepEqual(JSON.parse(contentJsonText(json)), expected);
      assert.deepEqual(JSON.parse(contentJsonText(packed)), expected);
    }),
  );
});

test('absent fields are not printed, present ones under the names of the API', () => {
  const message = emptyMessage('inform');
  message.messageId = 'msg_1';
  message.sender = 'a';
  message.receiver = 'b';
  assert.deepEqual(Object.keys(messageJson(message)).sort(), [
    'message_id',
    'performative',
    'receiver',
    'sender',
    'timestamp',
  ]);
  message.conversationId = 'c';
  message.replyWith = 'rw';
  message.inReplyTo = 'ir';
  message.replyTo = 'rt';
  message.replyByMs = Date.parse('2030-01-31T12:00:00Z');
  message.priority = 3;
  message.timestampUs = Date.parse('2024-01-15T10:30:00Z') * 1_000;
  assert.deepEqual(JSON.parse(messageJsonText(message)), {
    message_id: 'msg_1',
    performative: 'inform',
    sender: 'a',
    receiver: 'b',
    conversation_id: 'c',
    reply_with: 'rw',
    in_reply_to: 'ir',
    reply_to: 'rt',
    reply_by: '2030-01-31T12:00:00.000Z',
    priority: 3,
    timestamp: '2024-01-15T10:30:00.000Z',
  });
});

test('a content of null is a content', () => {
  const message: Message = {
    ...emptyMessage('inform'),
    contentEncoding: CONTENT_JSON,
    content: 'null',
  };
  assert.equal(messageJson(message).content, null);
  assert.equal(JSON.parse(messageJsonText(message)).content, null);
  assert.ok(!('content' in messageJson(emptyMessage('inform'))));
});
