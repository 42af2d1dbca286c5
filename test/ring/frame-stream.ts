import assert from 'node:assert/strict';
import type { RingConsumer } from '../../src/ring/consumer.js';
import type { RingProducer } from '../../src/ring/producer.js';

/** Whole numbers from a seed, the same in every thread. */
export class Random {
  private state: number;

  constructor(seed: number) {
    // Zero would stay zero for ever.
    this.state = (seed ^ 0x5bd1e995) | 0 || 1;
  }

  /** From 0 to `limit` − 1. */
  below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

/**
 * An endless stream of frames of random length and content. Two streams of the same seed are the
 * same, so that a reader can tell a lost, changed or reordered frame from the one it expects.
 */
export class FrameStream {
  readonly payload: Uint8Array;
  length = 0;
  private readonly random: Random;
  /** Of its own, because a reader draws nothing from it. */
  private readonly spares: Random;

  constructor(seed: number, maxBytes: number) {
    this.random = new Random(seed);
    this.spares = new Random(seed + 1);
    this.payload = new Uint8Array(maxBytes);
  }

  /** Moves to the next frame: `length` bytes of `payload`. */
  next(): void {
    // Short frames are the rule and the longest are not rare.
    const most = this.random.below(4) === 0 ? this.payload.length : this.payload.length >> 2;
    this.length = this.random.below(most + 1);
    let value = this.random.below(2 ** 31);
    for (let i = 0; i < this.length; i++) {
      value = Math.imul(value, 1_664_525) + 1_013_904_223;
      this.payload[i] = value >>> 24;
    }
  }

  /** Commits the present frame, reserved with some bytes to spare; false without enough credits. */
  writeTo(producer: RingProducer): boolean {
    const spare = this.spares.below(16);
    const offset = producer.reserve(Math.min(this.length + spare, producer.maxPayloadBytes));
    if (offset < 0) return false;
    producer.bytes.set(this.payload.subarray(0, this.length), offset);
    producer.commit(this.length);
    return true;
  }

  /** Fails unless the consumer's present frame is this one. */
  assertEquals(consumer: RingConsumer, index: number): void {
    const { offset, length } = consumer;
    const same =
      length === this.length &&
      Buffer.compare(
        consumer.bytes.subarray(offset, offset + length),
        this.payload.subarray(0, length),
      ) === 0;
    if (!same) assert.fail(`frame ${index} differs: ${length} bytes, expected ${this.length}`);
  }
}

/** Keeps the thread busy, or asleep, for a random short while: most often for none at all. */
export function pause(random: Random): void {
  const choice = random.below(200);
  if (choice < 40) for (let i = random.below(500); i > 0; i--) Math.sqrt(i);
  else if (choice === 199) Atomics.wait(SLEEP, 0, 0, 1);
}

const SLEEP = new Int32Array(new SharedArrayBuffer(4));
