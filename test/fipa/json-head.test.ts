import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { JSON_HEAD_BYTES_MAX, writeJsonHead } from '../../src/fipa/json-head.js';
import { emptyMessage, type Message, messageJsonHead } from '../../src/fipa/message.js';
import { PERFORMATIVES } from '../../src/fipa/performative.js';
import { anyMessage } from './arbitrary-message.js';

const target = new Uint8Array(JSON_HEAD_BYTES_MAX);

function headOf(message: Message): string | undefined {
  const before = 3;
  const bytes = Buffer.concat([Buffer.alloc(before, 0xff), encodeMessageToBuffer(message)]);
  const length = writeJsonHead(target, bytes, before);
  return length < 0 ? undefined : Buffer.from(target.subarray(0, length)).toString('latin1');
}

const plain = fc.string({ maxLength: 60 }).map((text) => text.replaceAll(/["\\]/g, '-'));
const plainMessage = anyMessage.chain((message) =>
  fc.array(plain, { minLength: 11, maxLength: 11 }).map((texts): Message => {
    const [messageId, sender, receiver, conversationId, replyWith, inReplyTo] = texts as string[];
    const [replyTo, ontology, language, protocol, traceparent] = texts.slice(6) as string[];
    return {
      ...message,
      ...{ messageId, sender, receiver, conversationId, replyWith, inReplyTo },
      ...{ replyTo, ontology, language, protocol, traceparent, replyByMs: 0 },
    } as Message;
  }),
);

test('the head of a plain message is the same from its bytes as from its fields', () => {
  fc.assert(
    fc.property(plainMessage, (message) => {
      assert.equal(headOf(message), messageJsonHead(message, false));
    }),
    { numRuns: 1_000 },
  );
});

test('the head of any other message is the same, or declined', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const head = headOf(message);
      if (head !== undefined) assert.equal(head, messageJsonHead(message, false));
    }),
    { numRuns: 1_000 },
  );
});

test('every act, priority and time is written as it is elsewhere', () => {
  for (const performative of PERFORMATIVES) {
    for (const [priority, timestampUs] of [
      [0, 0],
      [9, 1_768_473_000_123_456],
      [1, 1_768_473_000_123_999],
      [1, 1_768_473_000_124_000.5],
    ] as const) {
      const message = { ...emptyMessage(performative), priority, timestampUs };
      assert.equal(headOf(message), messageJsonHead(message, false));
    }
  }
});

test('the longest head has room', () => {
  const field = 'x'.repeat(LIMITS.field_bytes);
  const message: Message = { ...emptyMessage('reject-proposal'), priority: 9 };
  for (const key of Object.keys(message) as Array<keyof Message>) {
    if (message[key] === '' && key !== 'content') Object.assign(message, { [key]: field });
  }
  assert.equal(headOf(message), messageJsonHead(message, false));
});
