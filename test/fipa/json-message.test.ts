import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import { parseMessageInput } from '../../src/fipa/input.js';
import { JsonMessageReader } from '../../src/fipa/json-message.js';
import type { Message } from '../../src/fipa/message.js';
import { PERFORMATIVES } from '../../src/fipa/performative.js';
import { anyText, anyValue } from './arbitrary-message.js';

const CONTENT_BYTES = 2_000;
const reader = new JsonMessageReader();

const ascii = fc.string({ minLength: 1, maxLength: 60 });
const unescaped = ascii.filter((text) => !/["\\]/.test(text));
const field = fc.oneof(
  { weight: 30, arbitrary: unescaped },
  { weight: 1, arbitrary: ascii },
  { weight: 1, arbitrary: anyText },
);
const optional = fc.option(field, { nil: undefined });
const numbers = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.maxSafeInteger());
const content = fc.oneof(
  anyValue,
  fc.record({ action: ascii, data: fc.record({ key: anyText, count: numbers }) }),
  numbers,
  fc.array(numbers),
  fc.dictionary(fc.oneof(ascii, fc.nat().map(String), fc.constant('__proto__')), anyValue),
  fc.string({ unit: 'binary', minLength: 100, maxLength: 2_100 }),
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

// As encoders of many languages write it: without space, with a little, in lines.
const printed = fc.tuple(message, fc.constantFrom(0, ' ', '\t', 3)).map(([value, space]) => {
  const text = JSON.stringify(value, undefined, space);
  return space === ' ' ? text.replaceAll('\n', ' ') : text;
});

function slowly(bytes: Buffer): Message | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return parseMessageInput(value, { contentBytes: CONTENT_BYTES, strict: true });
  } catch {
    return undefined;
  }
}

// Other bytes stand before and behind it, as in an agent's memory.
function read(text: Buffer): Message | undefined {
  const bytes = Buffer.concat([Buffer.from('{"'), text, Buffer.from('"}0')]);
  return reader.read(bytes, 2, 2 + text.length, CONTENT_BYTES);
}

test('what it reads is what the parser and the checks make of it', () => {
  let plain = 0;
  fc.assert(
    fc.property(printed, (text) => {
      const bytes = Buffer.from(text);
      const found = read(bytes);
      if (found === undefined) return;
      plain += 1;
      assert.deepEqual(found, slowly(bytes));
    }),
    { numRuns: 3_000 },
  );
  assert.ok(plain > 300, `${plain} messages were plain`);
});

const SYNTAX = [...'{}[]":,\\ \n019-+.eEtruefalsn/u'].map((character) => character.charCodeAt(0));

test('bytes that were changed are read as the parser reads them, or declined', () => {
  const byte = fc.oneof(fc.constantFrom(...SYNTAX), fc.nat(255));
  const change = fc.tuple(fc.nat(), byte, fc.boolean());
  fc.assert(
    fc.property(printed, fc.array(change, { maxLength: 3 }), (text, changes) => {
      let bytes = Buffer.from(text);
      for (const [place, value, inserted] of changes) {
        const at = place % bytes.length;
        const behind = bytes.subarray(inserted ? at : at + 1);
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([value]), behind]);
      }
      for (const end of [bytes.length, bytes.length - 1, bytes.length >> 1]) {
        const cut = bytes.subarray(0, end);
        const found = read(cut);
        if (found !== undefined) assert.deepEqual(found, slowly(cut));
      }
    }),
    { numRuns: 3_000 },
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
      for (const value of messages) {
        const bytes = Buffer.from(JSON.stringify(value));
        assert.deepEqual(read(bytes), slowly(bytes));
      }
    }),
  );
});

const plain = {
  performative: 'request',
  sender: 'client_001',
  receiver: 'agent_123',
  content: {
    action: 'process',
    'a "quoted" key': 'ü\n',
    list: [1, -2, 1.5, -0.25, 1e-7, null, true, false, {}, []],
  },
  conversation_id: 'conv_789',
  reply_with: 'msg_001',
  priority: 3,
};

test('messages as clients send them are read without the parser, with space or without', () => {
  for (const space of [0, 2]) {
    const bytes = Buffer.from(JSON.stringify(plain, undefined, space));
    assert.notEqual(read(bytes), undefined);
    assert.deepEqual(read(bytes), slowly(bytes));
    assert.equal(read(bytes)?.content, JSON.stringify(plain.content));
  }
});

test('what has to be refused, or printed otherwise, is declined', () => {
  const head = '{"performative":"request","receiver":"a"';
  const deep = `${'['.repeat(40)}${']'.repeat(40)}`;
  for (const text of [
    '',
    '{}',
    'null',
    '[1]',
    head,
    `${head},}`,
    `${head}}}`,
    `${head}} x`,
    '{"receiver":"a"}',
    '{"performative":"shout","receiver":"a"}',
    '{"performative":"request","receiver":""}',
    '{"performative":"request","receiver":"ü"}',
    '{"performative":"request","receiver":"a\\u0062"}',
    '{"performative":"request","receiver":"a","receiver":"b"}',
    `{"performative":"request","receiver":"${'x'.repeat(LIMITS.field_bytes + 1)}"}`,
    `${head},"shape":"round"}`,
    `${head},"priority":10}`,
    `${head},"priority":-1}`,
    `${head},"priority":"1"}`,
    `${head},"reply_by":"2030-01-31T12:00:00Z"}`,
    `${head},"options":{}}`,
    ...['1.0', '-0', '01', '1e5', '12345678901234567890', '1.', '.5', '+1', '0x1', 'NaN'].map(
      (number) => `${head},"content":${number}}`,
    ),
    ...[
      '"\\u0041"',
      '"\\/"',
      '"\\x"',
      '"a\nb"',
      '"open',
      "'a'",
      'nul',
      'True',
      '[1,]',
      '[1 2]',
    ].map((value) => `${head},"content":${value}}`),
    ...[
      '{"b":1,"1":2}',
      '{"a":1,"a":2}',
      '{"__proto__":1}',
      '{"a"}',
      '{a:1}',
      '{"a":1,}',
      deep,
    ].map((value) => `${head},"content":${value}}`),
    `${head},"content":"${'x'.repeat(CONTENT_BYTES)}"}`,
  ]) {
    assert.equal(read(Buffer.from(text)), undefined, text);
  }
  const invalid = Buffer.from(`${head},"content":"?"}`);
  invalid[invalid.indexOf('?')] = 0xff;
  assert.equal(read(invalid), undefined);
});

test('options are handed on as text where they may stand, and belong to one message only', () => {
  const bytes = Buffer.from(
    '{"performative":"inform","options":{ "persist": true },"receiver":"a"}',
  );
  assert.notEqual(reader.read(bytes, 0, bytes.length, CONTENT_BYTES, true), undefined);
  assert.equal(reader.options, '{"persist":true}');
  const next = Buffer.from('{"performative":"inform","receiver":"a"}');
  assert.notEqual(reader.read(next, 0, next.length, CONTENT_BYTES, true), undefined);
  assert.equal(reader.options, '');
});
