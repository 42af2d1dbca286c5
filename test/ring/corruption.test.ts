import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AssertionError } from '../../src/base/assert.js';
import { RingConsumer } from '../../src/ring/consumer.js';
import {
  createRing,
  DATA_WORDS_OFFSET,
  GENERATION,
  HEAD,
  PADDING_FLAG,
  sealKey,
  TAIL,
} from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';

const GENERATION_NUMBER = 21;
const CAPACITY_BYTES = 256;

/** A ring in which 16 of 48 bytes of frames were released; both ends are in mid-flow. */
function makeRing() {
  const buffer = createRing({ capacityBytes: CAPACITY_BYTES, generation: GENERATION_NUMBER });
  const producer = new RingProducer(buffer);
  const consumer = new RingConsumer(buffer);
  for (let i = 0; i < 3; i++) assert.ok(producer.push(Uint8Array.of(i)));
  assert.ok(consumer.next());
  consumer.release();
  return { words: new Int32Array(buffer), buffer, producer, consumer };
}

function seal(position: number, length: number): number {
  return length ^ position ^ sealKey(GENERATION_NUMBER);
}

const fails = (action: () => void, reason: RegExp): void => {
  assert.throws(action, (error) => error instanceof AssertionError && reason.test(error.message));
};

test('a tail that cannot be is noticed by both ends', () => {
  for (const [tail, reason] of [
    [48 + 4, /not a multiple of 8/],
    [16 + CAPACITY_BYTES + 8, /further apart than the capacity/],
    [8, /further apart than the capacity/],
    [40, /moved backwards/],
  ] as const) {
    const { words, producer, consumer } = makeRing();
    consumer.next();
    Atomics.store(words, TAIL, tail);
    fails(() => consumer.pendingBytes(), reason);
    fails(() => producer.freeBytes(), /tail was changed by another/);
    fails(() => producer.push(Uint8Array.of(1)), /tail was changed by another/);
  }
});

test('a head that cannot be is noticed by both ends', () => {
  for (const [head, reason] of [
    [20, /not a multiple of 8/],
    [56, /further apart than the capacity/],
    [0, /moved backwards/],
  ] as const) {
    const { words, producer, consumer } = makeRing();
    assert.equal(producer.freeBytes(), CAPACITY_BYTES - 32);
    Atomics.store(words, HEAD, head);
    fails(() => producer.freeBytes(), reason);
    assert.ok(consumer.next());
    fails(() => consumer.release(), /head was changed by another/);
    fails(() => consumer.pendingBytes(), /head was changed by another/);
  }
});

test('a generation that changes is noticed by both ends at their next publish or release', () => {
  const { words, producer, consumer } = makeRing();
  Atomics.store(words, GENERATION, GENERATION_NUMBER + 1);
  fails(() => producer.push(Uint8Array.of(1)), /generation changed/);
  consumer.next();
  fails(() => consumer.release(), /generation changed/);
});

test('ends are not made over control words that cannot be', () => {
  for (const [word, value] of [
    [HEAD, 12],
    [HEAD, 56],
    [TAIL, 52],
    [TAIL, 8],
  ] as const) {
    const { words, buffer } = makeRing();
    Atomics.store(words, word, value);
    fails(() => new RingConsumer(buffer), /corrupt/);
    fails(() => new RingProducer(buffer), /corrupt/);
  }
});

test('a frame that was overwritten is refused, not read', () => {
  const position = 16;
  const word = DATA_WORDS_OFFSET + position / 4;
  for (const [length, sealed, reason] of [
    [1, 0, /seal/],
    [2, seal(position, 1), /seal/],
    [64, seal(position, 64), /runs past the tail/],
    [0x7fff_ffff, seal(position, 0x7fff_ffff), /impossible length/],
    [8 | PADDING_FLAG, seal(position, 8 | PADDING_FLAG), /does not end where the data ends/],
  ] as const) {
    const { words, consumer } = makeRing();
    words[word] = length;
    words[word + 1] = sealed;
    fails(() => consumer.next(), reason);
  }
});

test('memory that nobody wrote to is no frame, whatever the position and the generation', () => {
  for (const generation of [0, 8, 64, 2 ** 31 - 8]) {
    for (const startPosition of [0, 8, 64, 2 ** 31 - 8]) {
      const buffer = createRing({ capacityBytes: 64, generation, startPosition });
      Atomics.store(new Int32Array(buffer), TAIL, startPosition + 8);
      fails(() => new RingConsumer(buffer).next(), /seal/);
    }
  }
});

test('a frame or padding that would lead out of the data is refused', () => {
  const buffer = createRing({
    capacityBytes: 64,
    generation: GENERATION_NUMBER,
    startPosition: 48,
  });
  const words = new Int32Array(buffer);
  const producer = new RingProducer(buffer);
  assert.ok(producer.push(new Uint8Array(24)));
  const word = DATA_WORDS_OFFSET + 48 / 4;
  words[word] = 24;
  words[word + 1] = seal(48, 24);
  fails(() => new RingConsumer(buffer).next(), /past the end of the data/);
  words[word] = 8 | PADDING_FLAG;
  words[word + 1] = seal(48, 8 | PADDING_FLAG);
  Atomics.store(words, TAIL, 64);
  fails(() => new RingConsumer(buffer).next(), /padding runs past the tail/);
});

test('whatever words are overwritten, every frame read lies inside the data', () => {
  const word = fc.oneof(
    fc.constantFrom(HEAD, TAIL, GENERATION),
    fc.integer({ min: DATA_WORDS_OFFSET, max: DATA_WORDS_OFFSET + 63 }),
  );
  const value = fc.oneof(fc.integer(), fc.integer({ min: -16, max: 512 }));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, value), { minLength: 1, maxLength: 4 }), (changes) => {
      const { words, consumer } = makeRing();
      for (const [index, changed] of changes) words[index] = changed;
      try {
        while (consumer.next()) {
          assert.ok(consumer.offset >= 0 && consumer.length >= 0);
          assert.ok(consumer.offset + consumer.length <= CAPACITY_BYTES);
        }
        consumer.release();
      } catch (error) {
        assert.ok(error instanceof AssertionError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
