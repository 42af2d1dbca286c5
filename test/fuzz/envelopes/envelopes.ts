import assert from 'node:assert/strict';
import { CaxtonError } from '../../../src/base/errors.js';
import { wellFormed } from '../../../src/base/utf8.js';
import { decodeMessage, encodeMessageToBuffer } from '../../../src/fipa/binary.js';
import { parseMessageInput } from '../../../src/fipa/input.js';
import { JsonMessageReader } from '../../../src/fipa/json-message.js';
import {
  contentJsonText,
  type Message,
  messageJson,
  messageJsonText,
  messagePack,
} from '../../../src/fipa/message.js';
import { decodeMessagePack } from '../../../src/fipa/message-pack.js';
import { PackedMessageReader } from '../../../src/fipa/packed-message.js';
import { parseJson } from '../../../src/transport/parse-json.js';
import { checkJsonValue } from '../../../src/transport/ws/codec.js';
import { checkFrame, isObject, type SendFrame } from '../../../src/transport/ws/frames.js';
import { PlainBatchReader } from '../../../src/transport/ws/plain-batch.js';
import { bytesTarget, Fates, type FuzzTarget } from '../target.js';
import { anyEnvelope } from './envelope-texts.js';

const CONTENT_BYTES = 2_000;
const CHECKS = { contentBytes: CONTENT_BYTES, strict: true };
const jsonReader = new JsonMessageReader();
const packedReader = new PackedMessageReader();
const batchReader = new PlainBatchReader();

/**
 * Bytes that may be a message, read as JSON and as MessagePack, by the readers of plain messages
 * and by the decoders for all: what the first reads is what the second make of it, what is refused
 * is refused with a field, and what is accepted stays the same in every form.
 */
export function envelopes(): FuzzTarget {
  const fates = new Fates();
  const check = (bytes: Uint8Array): void => {
    fates.add(`json: ${checkJson(bytes)}`);
    fates.add(`MessagePack: ${checkPacked(bytes)}`);
    fates.add(`batch: ${checkBatch(bytes)}`);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'a prototype was changed');
  };
  return bytesTarget(anyEnvelope, check, { details: () => fates.lines }) as FuzzTarget;
}

/** What is made of the input by any way there is; undefined when it is refused. */
function accepted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String((error as Error).stack ?? error));
    assert.equal(error.code, 'INVALID_REQUEST');
    assert.equal(typeof error.details.field, 'string', error.message);
    assert.ok(error.message.length < 1_000, 'the error repeats the input');
    return undefined;
  }
}

// Other bytes stand before and behind it, as in an agent's memory.
function surrounded(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('{"'), bytes, Buffer.from('"}0')]);
}

function checkJson(bytes: Uint8Array): string {
  const value = accepted(() => parseJson(Buffer.from(bytes), CONTENT_BYTES, 'body', 'The body'));
  const slow = accepted(() => (value === undefined ? undefined : parseMessageInput(value, CHECKS)));
  const around = surrounded(bytes);
  const fast = jsonReader.read(around, 2, 2 + bytes.length, CONTENT_BYTES);
  if (fast !== undefined) assert.deepEqual(fast, slow);
  checkOptions(around, bytes.length, value);
  if (slow === undefined) return value === undefined ? 'not JSON' : 'refused';
  checkForms(slow);
  return fast === undefined ? 'accepted by the decoder' : 'accepted by both';
}

/** Over REST `options` may stand among the fields. */
function checkOptions(around: Buffer, length: number, value: unknown): void {
  const fast = jsonReader.read(around, 2, 2 + length, CONTENT_BYTES, true);
  if (fast === undefined) return;
  assert.ok(isObject(value));
  const { options, ...message } = value;
  assert.deepEqual(fast, parseMessageInput(message, CHECKS));
  assert.deepEqual(jsonReader.options === '' ? undefined : JSON.parse(jsonReader.options), options);
}

function checkPacked(bytes: Uint8Array): string {
  const whole = Buffer.from(bytes);
  const slow = accepted(() => {
    const value = decodeMessagePack(whole, 'frame', 'The frame');
    checkJsonValue(value, 'message');
    return parseMessageInput(value, CHECKS);
  });
  const found = packedReader.read(whole, 0, whole.length, CONTENT_BYTES);
  const fast = packedReader.end === whole.length ? found : undefined;
  if (fast !== undefined) assert.deepEqual(fast, slow);
  if (slow === undefined) return 'refused';
  checkForms(slow);
  return fast === undefined ? 'accepted by the decoder' : 'accepted by both';
}

function checkBatch(bytes: Uint8Array): string {
  const whole = Buffer.from(bytes);
  const fast = batchReader.read(whole, CONTENT_BYTES);
  if (fast === undefined) return 'not plain';
  const value = decodeMessagePack(whole, 'frame', 'The frame') as unknown[];
  assert.equal(fast.length, value.length);
  fast.forEach((send, index) => {
    const frame = checkFrame({ ...(value[index] as object), type: 'send' }) as SendFrame;
    assert.equal(send.id, frame.id);
    assert.deepEqual(send.message.message, parseMessageInput(frame.message, CHECKS));
  });
  return 'accepted by both';
}

/** The message as it crosses threads, as it is stored and as each kind of reader sees it. */
function checkForms(given: Message): void {
  const message = { ...given, messageId: 'msg_1', timestampUs: 1_700_000_000_000_000 };
  const content = contentJsonText(message);
  const decoded = decodeMessage(encodeMessageToBuffer(message));
  assert.equal(contentJsonText(decoded), content);
  assert.deepEqual({ ...decoded, content: '' }, { ...message, content: '' });
  const json = JSON.parse(messageJsonText(decoded)) as Record<string, unknown>;
  assert.deepEqual(json, JSON.parse(JSON.stringify(messageJson(message))));
  // The library that reads MessagePack refuses this key, so that nobody can send it in that form.
  if (content.includes('"__proto__"')) return;
  const packed = decodeMessagePack(messagePack(message), 'message', 'The message');
  // Half of a surrogate pair, which JSON can escape, has no form in UTF-8.
  assert.deepEqual(JSON.parse(JSON.stringify(packed)), wellFormed(json));
}
