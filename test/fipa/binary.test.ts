import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import {
  decodeContent,
  decodeMessage,
  encodedBytes,
  encodedBytesMax,
  encodedContentBytes,
  encodedHops,
  encodeMessage,
  encodeMessageToBuffer,
  isEncodedMessage,
  readdress,
} from '../../src/fipa/binary.js';
import { parseMessageInput } from '../../src/fipa/input.js';
import { contentJsonText, emptyMessage, messageJsonText } from '../../src/fipa/message.js';
import { anyMessage } from './arbitrary-message.js';

/** As it is read back: MessagePack as bytes of its own, the rest as it was. */
function plain(message: ReturnType<typeof decodeMessage>): object {
  const { content } = message;
  return { ...message, content: typeof content === 'string' ? content : [...content] };
}

test('a message is read as it was written', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      assert.deepEqual(plain(decodeMessage(encodeMessageToBuffer(message))), plain(message));
    }),
    { numRuns: 500 },
  );
});

test('a message is written within the room asked for, and nowhere else', () => {
  fc.assert(
    fc.property(anyMessage, fc.integer({ min: 0, max: 100 }), (message, offset) => {
      const room = encodedBytesMax(message);
      const buffer = Buffer.alloc(offset + room + 8, 0xaa);
      const length = encodeMessage(buffer, offset, message);
      assert.ok(length <= room);
      assert.equal(encodedBytes(buffer, offset), length);
      assert.ok(buffer.subarray(0, offset).every((byte) => byte === 0xaa));
      assert.ok(buffer.subarray(offset + room).every((byte) => byte === 0xaa));
      assert.deepEqual(plain(decodeMessage(buffer, offset)), plain(message));
    }),
  );
});

test('the envelope is read without the content, which may be read later', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const buffer = encodeMessageToBuffer(message);
      const envelope = decodeMessage(buffer, 0, false);
      assert.equal(envelope.content, '');
      decodeContent(buffer, 0, envelope);
      assert.deepEqual(plain(envelope), plain(message));
      const bytes = Buffer.from(message.content as string);
      assert.equal(encodedContentBytes(buffer), bytes.length);
    }),
  );
});

test('the content survives when the bytes that it was read from are reused', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const buffer = encodeMessageToBuffer(message);
      const read = decodeMessage(buffer);
      buffer.fill(0xff);
      assert.equal(contentJsonText(read), contentJsonText(message));
    }),
  );
});

test('bytes of another version or of an unknown act are refused', () => {
  const buffer = encodeMessageToBuffer(emptyMessage('inform'));
  for (const [at, value] of [
    [0, 2],
    [1, 24],
  ] as const) {
    const broken = Buffer.from(buffer);
    broken[at] = value;
    assert.throws(() => decodeMessage(broken), { code: 'INTERNAL_ERROR' });
  }
});

test('the largest envelope that a client may send has room', () => {
  const widest = '\u{10ffff}'.repeat(LIMITS.field_bytes / 4);
  const fields = { performative: 'request', receiver: widest, sender: widest };
  const message = parseMessageInput(
    { ...fields, conversation_id: widest, reply_with: widest, in_reply_to: widest },
    { contentBytes: LIMITS.content_bytes, strict: true },
  );
  message.messageId = `msg_${'0'.repeat(26)}`;
  const bytes = encodeMessageToBuffer(message);
  assert.ok(bytes.length <= LIMITS.envelope_bytes);
  assert.deepEqual(decodeMessage(bytes), message);
});

test('half a character, which no UTF-8 can hold, becomes one replacement character', () => {
  for (const lone of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
    const message = { ...emptyMessage('inform'), sender: lone, receiver: 'b', ontology: 'ä' };
    const read = decodeMessage(encodeMessageToBuffer(message));
    assert.equal(read.sender, lone.replace(/[\ud800-\udfff]/g, '\ufffd'));
    assert.equal(read.receiver, 'b');
    assert.equal(read.ontology, 'ä');
    assert.ok(JSON.parse(messageJsonText(read)));
  }
});

test('a message to another receiver differs from the first in nothing else', () => {
  fc.assert(
    fc.property(anyMessage, fc.stringMatching(/^[a-z0-9_]{1,60}$/), (message, receiver) => {
      const bytes = Buffer.concat([Buffer.alloc(8), encodeMessageToBuffer(message)]);
      const target = Buffer.alloc(bytes.length + 100);
      const [from, to] = [bytes, target].map(
        (each) => new DataView(each.buffer, each.byteOffset, each.length),
      ) as [DataView, DataView];
      const length = readdress(bytes, 8, from, Buffer.from(receiver), target, to);
      const expected = { ...message, receiver };
      assert.equal(length, encodedBytes(target));
      assert.deepEqual(plain(decodeMessage(target)), plain(expected));
      assert.ok(isEncodedMessage(target, 0, length));
    }),
  );
});

test('a message from before hops were counted has none', () => {
  const bytes = encodeMessageToBuffer({ ...emptyMessage('inform'), hops: 7 });
  assert.equal(encodedHops(bytes), 7);
  bytes.fill(0, 52, 56);
  assert.equal(decodeMessage(bytes).hops, 0);
});
