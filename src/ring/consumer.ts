import { isMainThread } from 'node:worker_threads';
import { AssertionError, assert } from '../base/assert.js';
import {
  ARMED,
  AWAKE,
  CONSUMER_WAITING,
  DATA_BYTES_OFFSET,
  DATA_WORDS_OFFSET,
  FRAME_HEADER_BYTES,
  frameBytes,
  GENERATION,
  HEAD,
  INTERRUPT,
  maxPayloadBytes,
  openRing,
  PADDING_FLAG,
  PRODUCER_WAITING,
  SPACE_WAKE,
  sealKey,
  TAIL,
  WAITING,
  WAKE,
} from './layout.js';

/** Looks at the ring between two looks at the clock: about a microsecond. */
const LOOKS = 100;

/**
 * The reading end of a ring; exactly one thread holds it at a time.
 *
 *   while (next()) handle bytes[offset … offset + length)      release() after one or many
 *   then waitForFrames() in a worker, arm() and a doorbell in an event loop
 *
 * A new consumer over the same buffer begins at HEAD: what its predecessor read and did not
 * release comes again, which is how the frames of a thread that died are recovered.
 *
 * No wake-up is lost. The consumer writes CONSUMER_WAITING and then reads TAIL; the producer
 * writes TAIL and then reads CONSUMER_WAITING. Atomics have one order that all threads agree on,
 * so at least one of the two sees the other's write: either the consumer finds the frame and
 * doesn't sleep, or the producer finds a sleeper and changes WAKE before it notifies. WAKE was
 * read before CONSUMER_WAITING was written, so a change of it that falls between the second look
 * and Atomics.wait makes the wait return at once. INTERRUPT takes the place of TAIL in the same
 * argument, and HEAD, PRODUCER_WAITING and SPACE_WAKE play the three parts for a waiting producer.
 */
export class RingConsumer {
  /** The data area. Valid to read: the frame at `offset`, and earlier ones until release(). */
  readonly bytes: Uint8Array;
  /** The data area, for numbers; same offsets as `bytes`. */
  readonly view: DataView;
  readonly capacityBytes: number;
  readonly generation: number;

  /** Where the present frame's payload begins in `bytes`, a multiple of 8. Set by next(). */
  offset = 0;
  /** Bytes of the present frame's payload. Set by next(). */
  length = 0;

  private readonly words: Int32Array;
  private readonly mask: number;
  private readonly sealKey: number;
  private readonly maxPayloadBytes: number;
  /** What HEAD was last set to. */
  private released: number;
  /** Position after the last frame read. */
  private cursor: number;
  /** TAIL as last seen: frames up to it are certain. */
  private tail: number;

  /** @param expectedGeneration the ring is refused (AssertionError) if its generation is another */
  constructor(buffer: SharedArrayBuffer, expectedGeneration?: number) {
    const ring = openRing(buffer, expectedGeneration);
    this.words = ring.words;
    this.capacityBytes = ring.capacityBytes;
    this.generation = ring.generation;
    this.mask = ring.capacityBytes - 1;
    this.sealKey = sealKey(ring.generation);
    this.maxPayloadBytes = maxPayloadBytes(ring.capacityBytes);
    this.bytes = new Uint8Array(buffer, DATA_BYTES_OFFSET, ring.capacityBytes);
    this.view = new DataView(buffer, DATA_BYTES_OFFSET, ring.capacityBytes);
    // HEAD is the consumer's own word: a predecessor in another thread may have written it.
    this.released = Atomics.load(this.words, HEAD);
    this.cursor = this.released;
    this.tail = this.released;
    if ((this.released & 7) !== 0) this.fail('head is not a multiple of 8');
    this.loadTail();
  }

  /** Moves to the next published frame; false when there is none, and `offset` is then stale. */
  next(): boolean {
    if (this.cursor === this.tail) {
      this.loadTail();
      if (this.cursor === this.tail) return false;
    }
    let length = this.readHeader();
    if (length < 0) {
      this.skipPadding(length & ~PADDING_FLAG);
      length = this.readHeader();
    }
    this.takeFrame(length);
    return true;
  }

  /** Gives the space of all frames read so far back to the producer, and wakes it if it waits. */
  release(): void {
    if (this.cursor === this.released) return;
    this.checkOwnWords();
    // Releases the space: all reads of these frames come before it in every thread's eyes.
    Atomics.store(this.words, HEAD, this.cursor);
    this.released = this.cursor;
    if (Atomics.load(this.words, PRODUCER_WAITING) === WAITING) this.wakeProducer();
  }

  /** Bytes of frames, headers and padding included, that are published and not yet read. */
  pendingBytes(): number {
    this.loadTail();
    return (this.tail - this.cursor) >>> 0;
  }

  /** Where reading stands, as a position of the ring; wraps at 2^32. */
  get position(): number {
    return this.cursor;
  }

  /** Up to where frames are published now; reading has come so far when `position` passes it. */
  publishedPosition(): number {
    this.loadTail();
    return this.tail;
  }

  /**
   * Sleeps until there are frames to read. Not for the main thread, which must not block: see arm().
   * @param timeoutMs longest sleep in milliseconds; Infinity = no end
   * @param lookMs how long to look at the ring before it sleeps, which keeps this core busy
   * @returns true when there are frames; false when the time passed or interrupt() was called, of
   *   which this call takes notice. While frames are there an interrupt stays for takeInterrupt().
   */
  waitForFrames(timeoutMs: number, lookMs = 0): boolean {
    assert(!isMainThread, 'the main thread may not sleep on a ring');
    if (this.pendingBytes() > 0) return true;
    const beganMs = performance.now();
    if (lookMs > 0 && this.lookForFrames(beganMs + lookMs)) return true;
    const deadlineMs = beganMs + timeoutMs;
    for (;;) {
      // The order of these four is what loses no wake-up: see the top of this class.
      const seen = Atomics.load(this.words, WAKE);
      Atomics.store(this.words, CONSUMER_WAITING, WAITING);
      const frames = this.pendingBytes() > 0;
      const remainingMs = deadlineMs - performance.now();
      if (frames || this.takeInterrupt() || remainingMs <= 0) {
        Atomics.store(this.words, CONSUMER_WAITING, AWAKE);
        return frames;
      }
      Atomics.wait(this.words, WAKE, seen, remainingMs);
    }
  }

  private lookForFrames(endMs: number): boolean {
    do {
      for (let i = 0; i < LOOKS; i++) if (this.pendingBytes() > 0) return true;
    } while (performance.now() < endMs);
    return false;
  }

  /** Whether the other side called interrupt() since the last time this, or a wait, said so. */
  takeInterrupt(): boolean {
    // The load keeps the common case from writing to a line that the producer reads.
    if (Atomics.load(this.words, INTERRUPT) === 0) return false;
    return Atomics.exchange(this.words, INTERRUPT, 0) !== 0;
  }

  /**
   * For an event loop: asks the producer for one doorbell at its next frames (see takeDoorbell).
   * @returns false when frames are there already: read them first, then arm again. A doorbell may
   *   then ring nevertheless, if the producer was quicker than this second look.
   */
  arm(): boolean {
    Atomics.store(this.words, CONSUMER_WAITING, ARMED);
    if (this.pendingBytes() === 0) return true;
    Atomics.compareExchange(this.words, CONSUMER_WAITING, ARMED, AWAKE);
    return false;
  }

  private wakeProducer(): void {
    // The exchange leaves one notification per sleep, however often space is released meanwhile.
    if (Atomics.compareExchange(this.words, PRODUCER_WAITING, WAITING, AWAKE) !== WAITING) return;
    Atomics.add(this.words, SPACE_WAKE, 1);
    Atomics.notify(this.words, SPACE_WAKE);
  }

  private loadTail(): void {
    // The commit word: an acquire of all that the producer wrote before it stored this.
    const tail = Atomics.load(this.words, TAIL);
    if ((tail & 7) !== 0) this.fail('tail is not a multiple of 8');
    const used = (tail - this.released) >>> 0;
    if (used > this.capacityBytes) this.fail('head and tail are further apart than the capacity');
    if (used < (this.tail - this.released) >>> 0) this.fail('tail moved backwards');
    this.tail = tail;
    this.checkOwnWords();
  }

  private checkOwnWords(): void {
    // Plain reads suffice and are much cheaper: only this side writes the one word and nobody the
    // other, so that there is nothing to order them against.
    if (this.words[HEAD] !== this.released) this.fail('head was changed by another');
    if (this.words[GENERATION] !== this.generation) this.fail('generation changed');
  }

  /** The length word of the frame at the cursor, its seal checked. */
  private readHeader(): number {
    const word = DATA_WORDS_OFFSET + ((this.cursor & this.mask) >> 2);
    // Plain reads before TAIL: the producer doesn't write here until HEAD has passed.
    const length = this.words[word]!;
    const seal = this.words[word + 1]!;
    if (seal !== (length ^ this.cursor ^ this.sealKey)) this.fail('the seal of a frame is wrong');
    return length;
  }

  private skipPadding(length: number): void {
    const frame = length + FRAME_HEADER_BYTES;
    const room = this.capacityBytes - (this.cursor & this.mask);
    if (frame !== room) this.fail('padding does not end where the data ends');
    // A padding frame is published together with the frame behind it, never alone.
    if (frame >= (this.tail - this.cursor) >>> 0) this.fail('padding runs past the tail');
    this.cursor = (this.cursor + frame) | 0;
  }

  private takeFrame(length: number): void {
    if (length < 0 || length > this.maxPayloadBytes) this.fail('a frame has an impossible length');
    const frame = frameBytes(length);
    const start = this.cursor & this.mask;
    if (frame > (this.tail - this.cursor) >>> 0) this.fail('a frame runs past the tail');
    if (frame > this.capacityBytes - start) this.fail('a frame runs past the end of the data');
    this.offset = start + FRAME_HEADER_BYTES;
    this.length = length;
    this.cursor = (this.cursor + frame) | 0;
  }

  private fail(reason: string): never {
    throw new AssertionError(
      `ring of generation ${this.generation} is corrupt, seen by its consumer: ${reason}`,
    );
  }
}
