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

/**
 * The writing end of a ring; exactly one thread holds it at a time.
 *
 *   offset = reserve(most) → write into bytes/view at offset → commit(length)   … any number of times
 *   publish() → wakeConsumer(), or takeDoorbell() for a consumer on the main thread
 *
 * Committed frames are private until publish() shows all of them at once. A thread that dies before
 * it leaves nothing behind: the next producer of the ring begins at the last published position.
 */
export class RingProducer {
  /** The data area. Only what reserve() gave may be written, and only until commit(). */
  readonly bytes: Uint8Array;
  /** The data area, for numbers; same offsets as `bytes`. */
  readonly view: DataView;
  readonly capacityBytes: number;
  /** The longest payload that a frame of this ring may have. */
  readonly maxPayloadBytes: number;
  readonly generation: number;

  private readonly words: Int32Array;
  private readonly mask: number;
  private readonly sealKey: number;
  /** What TAIL was last set to. */
  private published: number;
  /** Position after the last committed frame. */
  private cursor: number;
  /** HEAD as last seen: it only moves on, so the space it implies is certain. */
  private head: number;
  /** Most payload bytes of the frame under way; -1 = none is. */
  private reservedBytes = -1;
  /** Padding in front of the frame under way. */
  private reservedPadding = 0;

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
    // TAIL is the producer's own word: a predecessor in another thread may have written it.
    this.published = Atomics.load(this.words, TAIL);
    this.cursor = this.published;
    this.head = this.published;
    if ((this.published & 7) !== 0) this.fail('tail is not a multiple of 8');
    // Until now `head` claims an empty ring; the true one may lie up to a capacity before it.
    this.head = Atomics.load(this.words, HEAD);
    this.loadHead();
  }

  /**
   * Finds room for a frame of at most `maxBytes`. A reservation not yet committed is given up.
   * @returns offset into `bytes`, a multiple of 8; or -1 when there aren't enough credits now
   */
  reserve(maxBytes: number): number {
    if (!(maxBytes >= 0 && maxBytes <= this.maxPayloadBytes)) this.refuseLength(maxBytes);
    const frame = frameBytes(maxBytes);
    const room = this.capacityBytes - (this.cursor & this.mask);
    const padding = room < frame ? room : 0;
    this.reservedBytes = -1;
    if (!this.hasFree(padding + frame)) return -1;
    this.reservedBytes = maxBytes;
    this.reservedPadding = padding;
    return ((this.cursor + padding) & this.mask) + FRAME_HEADER_BYTES;
  }

  /**
   * Ends the reserved frame, which becomes visible with the next publish().
   * @param byteLength its true length, at most what was reserved
   */
  commit(byteLength: number): void {
    if (!(byteLength >= 0 && byteLength <= this.reservedBytes)) this.refuseCommit(byteLength);
    if (this.reservedPadding > 0) {
      this.writeHeader((this.reservedPadding - FRAME_HEADER_BYTES) | PADDING_FLAG);
      this.cursor = (this.cursor + this.reservedPadding) | 0;
    }
    this.writeHeader(byteLength);
    this.cursor = (this.cursor + frameBytes(byteLength)) | 0;
    this.reservedBytes = -1;
  }

  /** Makes all frames committed since the last publish visible, in one step. Wakes nobody. */
  publish(): void {
    this.reservedBytes = -1;
    if (this.cursor === this.published) return;
    this.checkOwnWords();
    // The commit word: a release of all plain writes above, paired with the consumer's load.
    Atomics.store(this.words, TAIL, this.cursor);
    this.published = this.cursor;
  }

  /** Drops the frames committed since the last publish, and the one under way. */
  rollback(): void {
    this.reservedBytes = -1;
    this.cursor = this.published;
  }

  /**
   * One frame at once: reserve, copy, commit, publish (and with it whatever was committed before).
   * @returns false, and nothing is changed, when there aren't enough credits now
   */
  push(payload: Uint8Array): boolean {
    const offset = this.reserve(payload.length);
    if (offset < 0) return false;
    // Plain copy into reserved space: the consumer doesn't look beyond TAIL.
    this.bytes.set(payload, offset);
    this.commit(payload.length);
    this.publish();
    return true;
  }

  /** Credits: bytes of the ring neither published and unreleased nor committed. */
  freeBytes(): number {
    this.loadHead();
    return this.capacityBytes - ((this.cursor - this.head) >>> 0);
  }

  /**
   * Whether a set of frames can surely be reserved and committed, one after another, by now.
   * @param totalBytes sum of frameBytes(most payload bytes) over the set
   * @param largestBytes the largest of them; it bounds what is lost at the end of the data
   */
  fits(totalBytes: number, largestBytes: number = totalBytes): boolean {
    return this.hasFree(this.bytesNeeded(totalBytes, largestBytes));
  }

  /** Wakes the consumer if it sleeps in waitForFrames(). One Atomics.load when it doesn't. */
  wakeConsumer(): void {
    if (Atomics.load(this.words, CONSUMER_WAITING) !== WAITING) return;
    // The exchange leaves one notification per sleep, however many frames follow.
    if (Atomics.compareExchange(this.words, CONSUMER_WAITING, WAITING, AWAKE) === WAITING) {
      this.notifyConsumer();
    }
  }

  /**
   * For a consumer in an event loop: true exactly once after each of its arm() calls, to the
   * publisher of the frames that end its sleep, who then posts it a message.
   */
  takeDoorbell(): boolean {
    if (Atomics.load(this.words, CONSUMER_WAITING) !== ARMED) return false;
    return Atomics.compareExchange(this.words, CONSUMER_WAITING, ARMED, AWAKE) === ARMED;
  }

  /** Whether takeDoorbell() would say so. */
  get armed(): boolean {
    return Atomics.load(this.words, CONSUMER_WAITING) === ARMED;
  }

  /**
   * Ends the consumer's present or next sleep in waitForFrames() though no frame came. What it is
   * to see then (a posted control message) must have been sent before.
   */
  interrupt(): void {
    Atomics.store(this.words, INTERRUPT, 1);
    this.notifyConsumer();
  }

  /**
   * Sleeps until fits(totalBytes, largestBytes). Not for the main thread, which must not block.
   * A consumer that is armed has to be rung (takeDoorbell) before, or it will not make room.
   * @returns false when `timeoutMs` passed without enough room
   */
  waitForSpace(totalBytes: number, timeoutMs: number, largestBytes: number = totalBytes): boolean {
    assert(!isMainThread, 'the main thread may not sleep on a ring');
    // The consumer can give back what is published, and nothing else.
    const unpublished = (this.cursor - this.published) >>> 0;
    assert(
      this.bytesNeeded(totalBytes, largestBytes) <= this.capacityBytes - unpublished,
      'waits for more room than the ring can ever give beside the unpublished frames',
    );
    if (this.fits(totalBytes, largestBytes)) return true;
    // The consumer must run for room to come.
    this.wakeConsumer();
    const deadlineMs = performance.now() + timeoutMs;
    for (;;) {
      // The same order as in the consumer's sleep, for the reason given there.
      const seen = Atomics.load(this.words, SPACE_WAKE);
      Atomics.store(this.words, PRODUCER_WAITING, WAITING);
      const enough = this.fits(totalBytes, largestBytes);
      const remainingMs = deadlineMs - performance.now();
      if (enough || remainingMs <= 0) {
        Atomics.store(this.words, PRODUCER_WAITING, AWAKE);
        return enough;
      }
      Atomics.wait(this.words, SPACE_WAKE, seen, remainingMs);
    }
  }

  /** With what may be lost at the end of the data, which the cursor's place decides. */
  private bytesNeeded(totalBytes: number, largestBytes: number): number {
    const room = this.capacityBytes - (this.cursor & this.mask);
    if (totalBytes <= room) return totalBytes;
    return totalBytes + Math.min(room, largestBytes - FRAME_HEADER_BYTES);
  }

  private notifyConsumer(): void {
    // Changing the word first makes a consumer that is on its way to sleep not fall asleep.
    Atomics.add(this.words, WAKE, 1);
    Atomics.notify(this.words, WAKE);
  }

  /** Asks shared memory only when what was last seen of HEAD isn't enough. */
  private hasFree(bytes: number): boolean {
    if (bytes <= this.capacityBytes - ((this.cursor - this.head) >>> 0)) return true;
    this.loadHead();
    return bytes <= this.capacityBytes - ((this.cursor - this.head) >>> 0);
  }

  private loadHead(): void {
    // Acquires the space the consumer released: its reads of it are over once this shows it.
    const head = Atomics.load(this.words, HEAD);
    if ((head & 7) !== 0) this.fail('head is not a multiple of 8');
    const used = (this.published - head) >>> 0;
    if (used > this.capacityBytes) this.fail('head and tail are further apart than the capacity');
    if (used > (this.published - this.head) >>> 0) this.fail('head moved backwards');
    if ((this.cursor - head) >>> 0 > this.capacityBytes) this.fail('more is written than fits');
    this.head = head;
    this.checkOwnWords();
  }

  private checkOwnWords(): void {
    // Plain reads suffice and are much cheaper: only this side writes the one word and nobody the
    // other, so that there is nothing to order them against.
    if (this.words[TAIL] !== this.published) this.fail('tail was changed by another');
    if (this.words[GENERATION] !== this.generation) this.fail('generation changed');
  }

  private writeHeader(length: number): void {
    const word = DATA_WORDS_OFFSET + ((this.cursor & this.mask) >> 2);
    // Plain writes beyond TAIL: no other thread reads here before the publish.
    this.words[word] = length;
    this.words[word + 1] = length ^ this.cursor ^ this.sealKey;
  }

  private refuseLength(byteLength: number): never {
    throw new AssertionError(
      `a frame of ${byteLength} bytes is over the ring's limit of ${this.maxPayloadBytes} bytes`,
    );
  }

  private refuseCommit(byteLength: number): never {
    if (this.reservedBytes < 0) throw new AssertionError('commit without a reservation');
    throw new AssertionError(
      `commit of ${byteLength} bytes where ${this.reservedBytes} were reserved`,
    );
  }

  private fail(reason: string): never {
    throw new AssertionError(
      `ring of generation ${this.generation} is corrupt, seen by its producer: ${reason}`,
    );
  }
}
