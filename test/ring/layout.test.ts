import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../src/base/assert.js';
import { RingConsumer } from '../../src/ring/consumer.js';
import {
  CAPACITY,
  CONSUMER_WAITING,
  createRing,
  DATA_BYTES_OFFSET,
  frameBytes,
  HEAD,
  maxPayloadBytes,
  PRODUCER_WAITING,
  TAIL,
} from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';

test('a ring is refused unless its capacity is a power of two from 64 bytes to 1 GiB', () => {
  for (const capacityBytes of [0, 32, 63, 96, 1000, 2 ** 31, -64, 64.5, Number.NaN]) {
    assert.throws(() => createRing({ capacityBytes, generation: 0 }), AssertionError);
  }
  for (const capacityBytes of [64, 128, 2 ** 20]) {
    const buffer = createRing({ capacityBytes, generation: 0 });
    assert.equal(buffer.byteLength, DATA_BYTES_OFFSET + capacityBytes);
  }
});

test('a ring is refused with a generation or a start position that its words cannot hold', () => {
  for (const generation of [-1, 2 ** 31, 1.5]) {
    assert.throws(() => createRing({ capacityBytes: 64, generation }), AssertionError);
  }
  for (const startPosition of [-8, 4, 2 ** 32, 0.5]) {
    assert.throws(
      () => createRing({ capacityBytes: 64, generation: 0, startPosition }),
      AssertionError,
    );
  }
});

test('the words that are written often stand at least 128 bytes apart', () => {
  const hot = [CAPACITY, TAIL, HEAD, CONSUMER_WAITING, PRODUCER_WAITING, DATA_BYTES_OFFSET / 4];
  const lines = hot.map((word) => Math.floor((word * 4) / 128));
  assert.equal(new Set(lines).size, hot.length);
});

test('frames take a header and whole multiples of eight bytes', () => {
  assert.deepEqual([0, 1, 8, 9, 200].map(frameBytes), [8, 16, 16, 24, 208]);
});

test('the longest payload fits every empty ring, wherever its positions stand', () => {
  for (let startPosition = 0; startPosition <= 256; startPosition += 8) {
    const buffer = createRing({ capacityBytes: 256, generation: 1, startPosition });
    const producer = new RingProducer(buffer);
    assert.equal(producer.maxPayloadBytes, maxPayloadBytes(256));
    assert.ok(producer.push(new Uint8Array(producer.maxPayloadBytes).fill(7)));
    const consumer = new RingConsumer(buffer);
    assert.ok(consumer.next());
    assert.equal(consumer.length, producer.maxPayloadBytes);
  }
});

test('an end of another generation is refused', () => {
  const buffer = createRing({ capacityBytes: 64, generation: 5 });
  assert.throws(() => new RingProducer(buffer, 4), /generation 5, not 4/);
  assert.throws(() => new RingConsumer(buffer, 6), /generation 5, not 6/);
  assert.equal(new RingProducer(buffer, 5).generation, 5);
  assert.equal(new RingConsumer(buffer, 5).generation, 5);
});

test('memory that is not a ring is refused', () => {
  assert.throws(() => new RingConsumer(new SharedArrayBuffer(8)), /too short/);
  assert.throws(() => new RingProducer(new SharedArrayBuffer(4096)), /first word/);
  const buffer = createRing({ capacityBytes: 128, generation: 0 });
  Atomics.store(new Int32Array(buffer), CAPACITY, 64);
  assert.throws(() => new RingConsumer(buffer), /does not match its buffer/);
});
