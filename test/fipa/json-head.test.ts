import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { JsonHeadWriter } from '../../src/fipa/json-head.js';
import { emptyMessage, type Message, messageJsonHead } from '../../src/fipa/message.js';
import { PERFORMATIVES } from '../../src/fipa/performative.js';
import { anyMessage } from './arbitrary-message.js';

// One for all: what it wrote before must not show in what it writes next.
const writer = new JsonHeadWriter();
const CONTENT_KEY = ',"content":';

function headOf(message: Message): string | undefined {
  const before = 3;
  const bytes = Buffer.concat([Buffer.alloc(before, 0xff), encodeMessageToBuffer(message)]);
  const length = writer.prepare(bytes, before);
  if (length < 0) return undefined;
  const target = Buffer.alloc(length + 10);
  writer.write(target, new DataView(target.buffer, target.byteOffset, target.length), 5);
  const [front, back] = [target.subarray(0, 5), target.subarray(5 + length)];
  assert.ok([...front, ...back].every((byte) => byte === 0));
  const head = target.toString('latin1', 5, 5 + length);
  assert.ok(head.endsWith(CONTENT_KEY));
  return head.slice(0, -CONTENT_KEY.length);
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

test('the head of a message that is much like the last one is its own', () => {
  const changes = fc.array(
    fc.tuple(
      fc.constantFrom('messageId', 'sender', 'conversationId', 'traceparent', 'replyWith'),
      fc.constantFrom('', 'a', 'b', 'ab', 'ba', '"', 'ü'),
      fc.integer({ min: 0, max: 3 }),
      fc.constantFrom(0, 1_000, 1_001, 5_000_000),
      fc.boolean(),
    ),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(plainMessage, changes, (message, some) => {
      let last = message;
      for (const [key, text, priority, timestampUs, deadline] of some) {
        const replyByMs = deadline ? 1 : 0;
        last = { ...last, [key]: text, priority, timestampUs, replyByMs };
        const head = headOf(last);
        if (head === undefined) last = message;
        else assert.equal(head, messageJsonHead(last, false));
      }
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
