import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import { LIMITS } from '../../../src/base/limits.js';
import { encodeMessagePack } from '../../../src/fipa/message-pack.js';
import { encodeBatchAck } from '../../../src/transport/ws/batch-ack.js';
import { PlainBatchReader } from '../../../src/transport/ws/plain-batch.js';

const CONTENT_BYTES = 1_000;
const message = { performative: 'inform', receiver: 'echo', content: 1 };
const read = (value: unknown) =>
  new PlainBatchReader().read(Buffer.from(encode(value)), CONTENT_BYTES);

test('sends of messages alone are read, with their ids', () => {
  for (const count of [0, 1, 15, 16, 300, LIMITS.batch_messages]) {
    const sends = read(
      Array.from({ length: count }, (_, i) => ({
        message: { ...message, content: i },
        ...(i % 2 === 1 && { id: i, type: 'send' }),
      })),
    );
    assert.equal(sends?.length, count);
    for (const [i, send] of sends?.entries() ?? []) {
      assert.equal(send.message.message.content, String(i));
      assert.equal(send.id, i % 2 === 1 ? i : undefined);
    }
  }
  for (const id of ['', 'a', 'x'.repeat(31), 0, 127, 128, 255, 256, 65_536, 2 ** 32 - 1]) {
    assert.equal(read([{ id, message }])?.[0]?.id, id);
  }
});

test('a frame with anything else in it is declined as a whole', () => {
  for (const other of [
    { message, wait: true },
    { message, options: {} },
    { message, type: 'ping' },
    { message, id: 'ü' },
    { message, id: -1 },
    { message, id: null },
    { message: { ...message, content: new Uint8Array(1) } },
    { id: 1 },
    {},
    null,
    'text',
  ]) {
    assert.equal(read([{ message }, other]), undefined, JSON.stringify(other));
  }
  assert.equal(read({ message }), undefined);
  assert.equal(read(new Array(LIMITS.batch_messages + 1).fill({ message })), undefined);
  const whole = Buffer.from(encode([{ message }, { message }]));
  const reader = new PlainBatchReader();
  for (let end = 0; end < whole.length; end++) {
    assert.equal(reader.read(whole.subarray(0, end), CONTENT_BYTES), undefined);
  }
  assert.equal(reader.read(Buffer.concat([whole, Buffer.from([0])]), CONTENT_BYTES), undefined);
  assert.equal(reader.read(whole, CONTENT_BYTES)?.length, 2);
});

test('an acknowledgement is the same whether it is put together or encoded', () => {
  const ids = (count: number) =>
    Array.from({ length: count }, (_, i) => `msg_${String(i).padStart(26, '0')}`);
  for (const count of [0, 1, 15, 16, 127, 128, 255, 256, 1_000, LIMITS.batch_messages]) {
    const answer = { count, message_ids: ids(count), errors: [] };
    const bytes = encodeBatchAck(answer);
    assert.deepEqual(decode(bytes), { type: 'ack', ...answer });
    assert.equal(
      Buffer.compare(bytes, encodeMessagePack({ type: 'ack', ...answer })) === 0,
      count < 128 || count > 255,
    );
  }
  const some = { count: 1, message_ids: [...ids(1), null], ids: ['a', null], errors: [] };
  assert.deepEqual(decode(encodeBatchAck(some)), { type: 'ack', ...some });
});
