import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CaxtonError } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { parseMessageInput } from '../../src/fipa/input.js';
import { CONTENT_NONE, contentValue } from '../../src/fipa/message.js';
import { MessageInputSchema } from '../../src/fipa/message-schema.js';
import { PERFORMATIVES } from '../../src/fipa/performative.js';
import { anyText, anyValue } from './arbitrary-message.js';

const checks = { contentBytes: 1_000, strict: true };
const valid = { performative: 'request', receiver: 'echo' };

function refused(input: unknown, overrides: Partial<typeof checks> = {}): CaxtonError {
  try {
    parseMessageInput(input, { ...checks, ...overrides });
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String(error));
    assert.equal(error.code, 'INVALID_REQUEST');
    return error;
  }
  assert.fail('the message was taken');
}

test('what is wrong is refused by the name of its field', () => {
  const long = 'x'.repeat(LIMITS.field_bytes + 1);
  const cases: ReadonlyArray<readonly [input: unknown, field: string]> = [
    [{ receiver: 'a' }, 'performative'],
    [{ performative: 'request' }, 'receiver'],
    [{ ...valid, performative: 'shout' }, 'performative'],
    [{ ...valid, performative: '' }, 'performative'],
    [{ ...valid, performative: 7 }, 'performative'],
    [{ ...valid, receiver: '' }, 'receiver'],
    [{ ...valid, receiver: long }, 'receiver'],
    [{ ...valid, sender: long }, 'sender'],
    [{ ...valid, conversation_id: 5 }, 'conversation_id'],
    [{ ...valid, priority: 10 }, 'priority'],
    [{ ...valid, priority: -1 }, 'priority'],
    [{ ...valid, priority: 1.5 }, 'priority'],
    [{ ...valid, priority: '1' }, 'priority'],
    [{ ...valid, reply_by: 'tomorrow' }, 'reply_by'],
    [{ ...valid, reply_by: '2030-13-01T00:00:00Z' }, 'reply_by'],
    [{ ...valid, content: 'x'.repeat(999) }, 'content'],
    [{ ...valid, content: '€'.repeat(400) }, 'content'],
    [{ ...valid, shout: 1 }, 'shout'],
    [null, 'message'],
    [[], 'message'],
    ['request', 'message'],
  ];
  for (const [input, field] of cases) {
    const error = refused(input);
    assert.equal(error.details.field, field, JSON.stringify(input));
    assert.match(error.message, field === 'message' ? /message/ : new RegExp(field));
  }
});

test('an unknown act is refused with those that are known', () => {
  const { message } = refused({ ...valid, performative: 'shout' });
  for (const name of PERFORMATIVES) assert.ok(message.includes(name));
});

test('content as large as the limit is taken, one byte more is not', () => {
  for (const character of ['x', 'é', '€', '😀']) {
    const bytes = Buffer.byteLength(character);
    const fits = character.repeat(Math.floor((1_000 - 2) / bytes));
    const content = { ...valid, content: fits };
    const size = Buffer.byteLength(JSON.stringify(fits));
    assert.equal(contentValue(parseMessageInput(content, { ...checks, contentBytes: size })), fits);
    assert.equal(refused(content, { contentBytes: size - 1 }).details.limit_bytes, size - 1);
  }
});

test('content that is nested too deep is refused, however short it is', () => {
  const nest = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  const allowed = LIMITS.content_depth;
  assert.ok(parseMessageInput({ ...valid, content: nest(allowed) }, checks));
  assert.equal(refused({ ...valid, content: nest(allowed + 1) }).details.limit, allowed);
  let bottomless: unknown = 0;
  for (let i = 0; i < 100_000; i++) bottomless = [bottomless];
  const error = refused({ ...valid, content: bottomless }, { contentBytes: 1e9 });
  assert.equal(error.details.field, 'content');
});

test('a message without content has none; null is one', () => {
  assert.equal(parseMessageInput(valid, checks).contentEncoding, CONTENT_NONE);
  assert.equal(contentValue(parseMessageInput({ ...valid, content: null }, checks)), null);
});

test('what agents add of their own is passed over, what they get wrong is not', () => {
  const message = parseMessageInput({ ...valid, mood: 'good' }, { ...checks, strict: false });
  assert.equal(message.receiver, 'echo');
  assert.equal(
    refused({ ...valid, mood: 1, priority: 99 }, { strict: false }).details.field,
    'priority',
  );
  assert.equal(
    refused({ mood: 1, receiver: 'x' }, { strict: false }).details.field,
    'performative',
  );
});

test('fields that take more than the envelope together are refused', () => {
  const wide = '€'.repeat(LIMITS.field_bytes);
  const names = ['sender', 'conversation_id', 'reply_with', 'in_reply_to', 'reply_to'];
  const fields = Object.fromEntries(names.map((name) => [name, wide]));
  const error = refused({ ...valid, ...fields });
  assert.equal(error.details.limit_bytes, LIMITS.envelope_bytes - 1_024);
});

test('half of a surrogate pair in a text field is refused, and both halves are taken', () => {
  for (const name of ['receiver', 'sender', 'conversation_id', 'reply_with', 'traceparent']) {
    for (const text of ['\ud800', 'a\udfff', '\udc00\ud800']) {
      assert.equal(refused({ ...valid, [name]: text }).details.field, name);
    }
    const options = { contentBytes: 1_000, strict: true };
    parseMessageInput({ ...valid, [name]: '\ud83d\ude00' }, options);
  }
});

test('a priority of -0 is 0', () => {
  const message = parseMessageInput({ ...valid, priority: -0 }, { contentBytes: 9, strict: true });
  assert.ok(Object.is(message.priority, 0));
});

test('whatever is taken fits its envelope and keeps its fields', () => {
  const names = Object.keys(MessageInputSchema.properties).filter(
    (name) => !['performative', 'priority', 'reply_by', 'content', 'timestamp'].includes(name),
  );
  const fields = fc.dictionary(
    fc.constantFrom(...names),
    fc.string({ unit: 'binary', maxLength: 256 }),
  );
  fc.assert(
    fc.property(fields, anyText, anyValue, (texts, receiver, content) => {
      const input = {
        ...texts,
        performative: 'Accept_Proposal',
        receiver: receiver || 'x',
        content,
      };
      let message: ReturnType<typeof parseMessageInput>;
      try {
        message = parseMessageInput(input, { contentBytes: 1e6, strict: true });
      } catch (error) {
        assert.ok(error instanceof CaxtonError && error.code === 'INVALID_REQUEST', String(error));
        return;
      }
      assert.equal(message.performative, 'accept-proposal');
      assert.equal(message.receiver, input.receiver);
      assert.equal(message.replyWith, texts.reply_with ?? '');
      assert.equal(message.messageId, '', 'the server gives ids');
      assert.deepEqual(contentValue(message), JSON.parse(JSON.stringify(content)));
      const contentBytes = Buffer.byteLength(message.content as string);
      assert.ok(encodeMessageToBuffer(message).length - contentBytes <= LIMITS.envelope_bytes);
    }),
    { numRuns: 300 },
  );
});
