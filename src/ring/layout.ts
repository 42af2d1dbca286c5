import { assert } from '../base/assert.js';

/**
 * A ring of variable-length frames from one producer to one consumer over a SharedArrayBuffer.
 *
 *   byte 0        128          256          384                    512                 640
 *   ├─ constant ──┼─ producer ─┼─ consumer ─┼─ consumer's sleep ───┼─ producer's sleep ─┼─ data …
 *   │ MAGIC       │ TAIL       │ HEAD       │ CONSUMER_WAITING     │ PRODUCER_WAITING   │ capacity
 *   │ CAPACITY    │            │            │ WAKE                 │ SPACE_WAKE         │ bytes,
 *   │ GENERATION  │            │            │ INTERRUPT            │                    │ a power of 2
 *   └─────────────┴────────────┴────────────┴──────────────────────┴────────────────────┴─
 *
 * Words that are written often stand 128 bytes apart: two cache lines, because processors fetch
 * lines in pairs. HEAD and TAIL are positions, bytes ever passed modulo 2^32; a position's place
 * in the data is `position & (capacity − 1)`, and differences of positions are taken modulo 2^32.
 *
 *   data    ┌──────────────┬─────────────┬─────────────┬·····························┐
 *           │ free         │ frame frame │ frame frame │ free                        │
 *           └──────────────┴─────────────┴─────────────┴─────────────────────────────┘
 *                          HEAD          TAIL          producer's cursor: committed,
 *                          released      published     not yet published
 *                                 ↖ consumer's cursor: read, not yet released
 *
 *   frame   ┌────────────┬──────────┬──────────────────────────┬──────────┐
 *           │ length u32 │ seal u32 │ payload, `length` bytes  │ 0–7 fill │   starts at 8·n
 *           └────────────┴──────────┴──────────────────────────┴──────────┘
 *
 * A frame never straddles the end of the data: one that would is put at the start, behind a
 * padding frame (length with the top bit set) that fills the rest. The seal is
 * `length ^ position ^ sealKey(generation)`, so that a reader that has lost its place finds out at
 * once.
 *
 * TAIL is the commit word. Everything before it is plain writes by the producer, then one
 * Atomics.store(TAIL); the consumer does Atomics.load(TAIL) and only then reads. HEAD does the
 * same in the other direction: reads, then one Atomics.store(HEAD), then the space is the
 * producer's again.
 */

/** Indices into an Int32Array over the whole buffer. */
export const MAGIC = 0;
export const CAPACITY = 1;
export const GENERATION = 2;
export const TAIL = 32;
export const HEAD = 64;
export const CONSUMER_WAITING = 96;
export const WAKE = 97;
export const INTERRUPT = 98;
export const PRODUCER_WAITING = 128;
export const SPACE_WAKE = 129;

/** Where the data begins, in bytes and in words. */
export const DATA_BYTES_OFFSET = 640;
export const DATA_WORDS_OFFSET = DATA_BYTES_OFFSET / 4;

/** Values of CONSUMER_WAITING and PRODUCER_WAITING. */
export const AWAKE = 0;
/** Sleeps in Atomics.wait; is to be notified. */
export const WAITING = 1;
/** Sleeps in its event loop, which may not block; is to be told by a doorbell (a posted message). */
export const ARMED = 2;

export const FRAME_HEADER_BYTES = 8;
/** Marks a length word as that of a padding frame. */
export const PADDING_FLAG = 0x80000000 | 0;

/**
 * What marks the seals of a generation. Never a multiple of 8, which positions are: so memory that
 * nobody wrote to is no empty frame at any place.
 */
export function sealKey(generation: number): number {
  return Math.imul(generation, 0x9e3779b8) | 5;
}

/** Smallest capacity: two frames that hold something. */
export const RING_CAPACITY_MIN_BYTES = 64;
/** Largest capacity: keeps every difference of positions far from 2^31, and lengths below it. */
export const RING_CAPACITY_MAX_BYTES = 2 ** 30;

// Tells a ring from any other shared memory: "CxRg" in little endian.
const MAGIC_VALUE = 0x67527843;

export interface RingOptions {
  /** Bytes for frames, headers included; a power of two from 64 to 2^30. */
  readonly capacityBytes: number;
  /** Number of the thread that uses the ring, 0 to 2^31 − 1, so that its successor's ring differs. */
  readonly generation: number;
  /** First position, a multiple of 8 below 2^32; near 2^32 it makes the positions wrap soon. */
  readonly startPosition?: number;
}

/** Makes an empty ring. Its two ends are a RingProducer and a RingConsumer, one of each at a time. */
export function createRing(options: RingOptions): SharedArrayBuffer {
  const { capacityBytes, generation, startPosition = 0 } = options;
  assertCapacity(capacityBytes);
  assert(
    Number.isInteger(generation) && generation >= 0 && generation < 2 ** 31,
    'ring generation must be a whole number from 0 to 2^31 - 1',
  );
  assert(
    Number.isInteger(startPosition) && startPosition >= 0 && startPosition < 2 ** 32,
    'ring start position must be a whole number below 2^32',
  );
  assert(startPosition % 8 === 0, 'ring start position must be a multiple of 8');
  const buffer = new SharedArrayBuffer(DATA_BYTES_OFFSET + capacityBytes);
  const words = new Int32Array(buffer);
  // Atomic although nobody else has the buffer yet: it may reach its reader by other shared memory.
  Atomics.store(words, CAPACITY, capacityBytes);
  Atomics.store(words, GENERATION, generation);
  Atomics.store(words, HEAD, startPosition | 0);
  Atomics.store(words, TAIL, startPosition | 0);
  Atomics.store(words, MAGIC, MAGIC_VALUE);
  return buffer;
}

/** What both ends check about a buffer that they are given; gives its words and its generation. */
export function openRing(
  buffer: SharedArrayBuffer,
  expectedGeneration: number | undefined,
): { words: Int32Array; capacityBytes: number; generation: number } {
  assert(buffer.byteLength > DATA_BYTES_OFFSET, 'not a ring: the buffer is too short');
  const words = new Int32Array(buffer);
  // These three never change after createRing; Atomics.load orders them before what follows.
  assert(Atomics.load(words, MAGIC) === MAGIC_VALUE, 'not a ring: the first word is wrong');
  const capacityBytes = Atomics.load(words, CAPACITY);
  assertCapacity(capacityBytes);
  assert(
    buffer.byteLength === DATA_BYTES_OFFSET + capacityBytes,
    'ring capacity does not match its buffer',
  );
  const generation = Atomics.load(words, GENERATION);
  assert(
    expectedGeneration === undefined || generation === expectedGeneration,
    `ring belongs to generation ${generation}, not ${expectedGeneration}`,
  );
  return { words, capacityBytes, generation };
}

/** Bytes of the ring that a frame with a payload of this length takes, its padding aside. */
export function frameBytes(payloadBytes: number): number {
  return FRAME_HEADER_BYTES + ((payloadBytes + 7) & ~7);
}

/**
 * The largest payload of a ring. A frame of half the capacity goes into every empty ring, wherever
 * its positions stand: the padding in front of it is shorter than the frame itself.
 */
export function maxPayloadBytes(capacityBytes: number): number {
  return capacityBytes / 2 - FRAME_HEADER_BYTES;
}

function assertCapacity(capacityBytes: number): void {
  assert(
    Number.isInteger(capacityBytes) &&
      capacityBytes >= RING_CAPACITY_MIN_BYTES &&
      capacityBytes <= RING_CAPACITY_MAX_BYTES &&
      (capacityBytes & (capacityBytes - 1)) === 0,
    'ring capacity must be a power of two from 64 bytes to 2^30 bytes',
  );
}
