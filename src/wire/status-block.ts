/**
 * A few shared words in which a worker says what it is doing, so that the main thread can tell
 * which frame was in hand when the worker died, and since when it has been in hand.
 * An agent that is started or shut down, which no frame asks for, is told of as well.
 *
 *   word 0  sequence of the frame in hand, 0 = none
 *   word 1  slot of the agent that is at work
 *   word 2  monotonic milliseconds (mod 2^32) since when it is
 *   word 3  sequence of the last frame whose DONE or BOUNCE is published
 *   word 4  1 = it is being started or shut down
 *   word 5  1 = the worker waits for room in its reply ring, which is not the agent's time
 */
const IN_HAND = 0;
const SLOT = 1;
const SINCE_MS = 2;
const FINISHED = 3;
const IN_STEP = 4;
const WAITS = 5;
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
    // Plain writes: who sees the sequence, which is stored behind them, sees them too.
    this.#words[SLOT] = slot;
    this.#words[SINCE_MS] = nowMs;
    Atomics.store(this.#words, IN_HAND, sequence | 0);
  }

  /** Worker: everything the frame caused is published. */
  finish(sequence: number): void {
    // As above.
    this.#words[FINISHED] = sequence;
    Atomics.store(this.#words, IN_HAND, 0);
  }

  /** Worker: the agent is about to be started or shut down. */
  beginStep(slot: number, nowMs: number): void {
    Atomics.store(this.#words, SLOT, slot | 0);
    Atomics.store(this.#words, SINCE_MS, nowMs | 0);
    Atomics.store(this.#words, IN_STEP, 1);
  }

  /** Worker: it is over. */
  endStep(): void {
    Atomics.store(this.#words, IN_STEP, 0);
  }

  /** Worker: what the agent does has to wait until the main thread makes room. */
  beginWait(): void {
    Atomics.store(this.#words, WAITS, 1);
  }

  /** Worker: there is room. The time it took is taken off what the agent is charged with. */
  endWait(waitedMs: number): void {
    Atomics.add(this.#words, SINCE_MS, waitedMs | 0);
    Atomics.store(this.#words, WAITS, 0);
  }

  /** Whether an agent is being started or shut down. */
  get inStep(): boolean {
    return Atomics.load(this.#words, IN_STEP) !== 0;
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

  /**
   * For how many milliseconds an agent has been at a frame or a step; 0 when none is, and while the
   * worker waits for room.
   */
  busyMs(nowMs: number): number {
    if (this.sequenceInHand === 0 && !this.inStep) return 0;
    // Before the time is read, which endWait puts right before it clears this.
    if (Atomics.load(this.#words, WAITS) !== 0) return 0;
    // Signed: the worker may have begun a moment after the caller read its clock.
    return Math.max(((nowMs | 0) - Atomics.load(this.#words, SINCE_MS)) | 0, 0);
  }
}
