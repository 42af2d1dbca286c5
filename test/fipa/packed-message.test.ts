import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import { parseMessageInput } from '../../src/fipa/input.js';
import type { Message } from '../../src/fipa/message.js';
import { decodeMessagePack } from '../../src/fipa/message-pack.js';
import { PackedMessageReader } from '../../src/fipa/packed-message.js';
import { PERFORMATIVES } from '../../src/fipa/performative.js';
import { anyText, anyValue } from './arbitrary-message.js';

const CONTENT_BYTES = 2_000;
const reader = new PackedMessageReader();

const ascii = fc.string({ minLength: 1, maxLength: 60 });
const field = fc.oneof({ weight: 30, arbitrary: ascii }, { weight: 1, arbitrary: anyText });
const optional = fc.option(field, { nil: undefined });
const content = fc.oneof(
  anyValue,
  fc.record({ action: ascii, data: fc.record({ key: anyText, count: fc.integer() }) }),
  fc.double(),
  fc.integer(),
  fc.dictionary(fc.oneof(ascii, fc.nat().map(String), fc.constant('__proto__')), anyValue),
  fc.string({ unit: 'binary', minLength: 100, maxLength: 700 }),
);
const message = fc
  .record(
    {
      performative: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...PERFORMATIVES, 'REQUEST', 'accept_proposal') },
        { weight: 1, arbitrary: ascii },
      ),
      receiver: field,
      sender: optional,
      content,
      conversation_id: optional,
      reply_with: optional,
      in_reply_to: optional,
      reply_to: optional,
      ontology: optional,
      language: optional,
      protocol: optional,
      traceparent: optional,
      priority: fc.option(fc.integer({ min: -1, max: 12 }), { nil: undefined }),
      reply_by: fc.option(fc.constant('2030-01-31T12:00:00Z'), { nil: undefined, freq: 9 }),
    },
    { requiredKeys: ['performative', 'receiver'] },
  )
  .chain((fields) => {
    const entries = Object.entries(fields);
    const least = entries.length - (entries.length > 2 ? 1 : 0);
    return fc.shuffledSubarray(entries, { minLength: least });
  })
  .map((entries) => Object.fromEntries(entries));

function slowly(bytes: Buffer): Message | undefined {
  try {
    const value = decodeMessagePack(bytes, 'message', 'The message');
    return parseMessageInput(value, { contentBytes: CONTENT_BYTES, strict: true });
  } catch {
    return undefined;
  }
}

function read(bytes: Buffer): Message | undefined {
  const found = reader.read(bytes, 0, bytes.length, CONTENT_BYTES);
  return found !== undefined && reader.end === bytes.length ? found : undefined;
}

const pack = (value: unknown): Buffer => Buffer.from(encode(value, { ignoreUndefined: true }));

test('what it reads is what the decoder and the checks make of it', () => {
  let plain = 0;
  fc.assert(
    fc.property(message, (value) => {
      const bytes = pack(value);
      const found = read(bytes);
      if (found === undefined) return;
      plain += 1;
      assert.deepEqual(found, slowly(bytes));
    }),
    { numRuns: 2_000 },
  );
  assert.ok(plain > 200, `${plain} messages were plain`);
});

test('bytes that were changed are read as the decoder reads them, or declined', () => {
  fc.assert(
    fc.property(message, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }), (v, some) => {
      const bytes = pack(v);
      for (const [at, byte] of some) bytes[at % bytes.length] = byte;
      const found = read(bytes);
      if (found !== undefined) assert.deepEqual(found, slowly(bytes));
      for (const end of [bytes.length - 1, bytes.length >> 1]) {
        const cut = Buffer.from(bytes.subarray(0, end));
        const foundCut = read(cut);
        if (foundCut !== undefined) assert.deepEqual(foundCut, slowly(cut));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a text is never taken for that of the message before', () => {
  const text = fc.constantFrom('a', 'b', 'ab', 'ba', 'inform', 'agree', 'x'.repeat(200));
  const some = fc.record(
    {
      performative: fc.constantFrom('inform', 'agree'),
      receiver: text,
      sender: text,
      ontology: text,
    },
    { requiredKeys: ['performative', 'receiver'] },
  );
  fc.assert(
    fc.property(fc.array(some, { maxLength: 20 }), (messages) => {
      for (const value of messages) assert.deepEqual(read(pack(value)), slowly(pack(value)));
    }),
  );
});

test('messages as clients send them are read without the decoder', () => {
  const plain = {
    performative: 'request',
    sender: 'client_001',
    receiver: 'agent_123',
    content: {
      action: 'process',
      data: { 'a "quoted" key': 'ü\n', list: [1, -2, 1.5, null, true] },
    },
    conversation_id: 'conv_789',
    reply_with: 'msg_001',
    priority: 3,
  };
  assert.deepEqual(read(pack(plain)), slowly(pack(plain)));
  assert.notEqual(read(pack(plain)), undefined);
});

test('what has to be refused, or said otherwise, is declined', () => {
  const plain = { performative: 'request', receiver: 'agent_123' };
  for (const value of [
    {},
    { receiver: 'agent_123' },
    { ...plain, receiver: '' },
    { ...plain, receiver: 'x'.repeat(LIMITS.field_bytes + 1) },
    { ...plain, receiver: 'ü' },
    { ...plain, priority: LIMITS.priority_max + 1 },
    { ...plain, shape: 'round' },
    { ...plain, performative: 'shout' },
    { ...plain, content: 'x'.repeat(CONTENT_BYTES) },
    { ...plain, content: { b: 1, 1: 2 } },
    { ...plain, content: new Uint8Array(3) },
    { ...plain, content: new Date(0) },
    { ...plain, content: Number.NaN },
    { ...plain, content: 2 ** 40 + 0.5, reply_by: '2030-01-31T12:00:00Z' },
    [plain],
    'text',
  ]) {
    assert.equal(read(pack(value)), undefined, JSON.stringify(value));
  }
});

test('of a key given twice the decoder decides', () => {
  const twice = Buffer.concat([
    Buffer.from([0x83]),
    ...['performative', 'request', 'receiver', 'a', 'receiver', 'b'].map((text) => pack(text)),
  ]);
  assert.equal(read(twice), undefined);
});
