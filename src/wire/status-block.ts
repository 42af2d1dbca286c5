/**
 * A few shared words in which a worker says what it is doing, so that the main thread can tell
 * which frame was in hand when the worker died, and since when it has been in hand.
 *
 *   word 0  sequence of the frame in hand, 0 = none
 *   word 1  slot of the agent that handles it
 *   word 2  monotonic milliseconds (mod 2^32) at which it was taken
 *   word 3  sequence of the last frame whose DONE or BOUNCE is published
 */
const IN_HAND = 0;
const SLOT = 1;
const SINCE_MS = 2;
const FINISHED = 3;
const WORDS = 16;

export class StatusBlock {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Worker: the frame is about to be given to the agent. */
  take(sequence: number, slot: number, nowMs: number): void {
    Atomics.store(this.#words, SLOT, slot | 0);
    Atomics.store(this.#words, SINCE_MS, nowMs | 0);
    Atomics.store(this.#words, IN_HAND, sequence | 0);
  }

  /** Worker: everything the frame caused is published. */
  finish(sequence: number): void {
    Atomics.store(this.#words, FINISHED, sequence | 0);
    Atomics.store(this.#words, IN_HAND, 0);
  }

  get sequenceInHand(): number {
    return Atomics.load(this.#words, IN_HAND) >>> 0;
  }

  get slotInHand(): number {
    return Atomics.load(this.#words, SLOT) >>> 0;
  }

  get lastFinished(): number {
    return Atomics.load(this.#words, FINISHED) >>> 0;
  }

  /** How long the present frame has been in hand, in milliseconds; 0 when there is none. */
  busyMs(nowMs: number): number {
    if (this.sequenceInHand === 0) return 0;
    // Signed: the worker may have taken the frame a moment after the caller read its clock.
    return Math.max(((nowMs | 0) - Atomics.load(this.#words, SINCE_MS)) | 0, 0);
  }
}
