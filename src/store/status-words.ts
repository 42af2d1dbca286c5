/**
 * The few words that the main thread and the writer thread share beside the ring.
 *
 *   word 0  COMMITTED  sequence of the last record on disk, modulo 2^32; the writer's
 *   word 1  URGENT     1 = somebody waits for durability: commit now
 *   word 2  DOORBELL   1 = the main thread wants a posted message at the next commit
 *   word 3  GATE       who may begin a transaction, see below
 *   word 4  STOP       1 = write what is there, then end
 *   word 5  FAILING    1 = the last attempt to write failed; the writer's
 *
 * The gate keeps the writer thread from being ended in the middle of a transaction: LMDB's write
 * lock would be held for ever, and the thread's own cleanup would wait for it. OPEN → WRITING →
 * OPEN around each transaction; whoever wants to end the thread takes OPEN → CLOSED first.
 */
const COMMITTED = 0;
const URGENT = 1;
const DOORBELL = 2;
const GATE = 3;
const STOP = 4;
const FAILING = 5;
const WORDS = 16;

const OPEN = 0;
const WRITING = 1;
const CLOSED = 2;

export class StatusWords {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Modulo 2^32. */
  get committed(): number {
    return Atomics.load(this.#words, COMMITTED) >>> 0;
  }

  /** Writer: all records up to this one are on disk. */
  setCommitted(sequence: number): void {
    Atomics.store(this.#words, COMMITTED, sequence | 0);
  }

  /** Main: a commit is wanted now, and a doorbell after it. */
  demand(): void {
    Atomics.store(this.#words, DOORBELL, 1);
    Atomics.store(this.#words, URGENT, 1);
    Atomics.notify(this.#words, URGENT);
  }

  /** Writer: lets records gather for so long. @returns false when somebody is in need */
  napUnlessUrgent(timeoutMs: number): boolean {
    return Atomics.wait(this.#words, URGENT, 0, timeoutMs) === 'timed-out';
  }

  /** Writer: the records read from now on answer demands that came before. */
  clearUrgent(): void {
    Atomics.store(this.#words, URGENT, 0);
  }

  /** Writer: whether to ring the main thread; true once per demand. */
  takeDoorbell(): boolean {
    if (Atomics.load(this.#words, DOORBELL) === 0) return false;
    return Atomics.exchange(this.#words, DOORBELL, 0) !== 0;
  }

  /** Writer: waits until it may begin a transaction; for ever when the thread is to be ended. */
  enter(): void {
    while (Atomics.compareExchange(this.#words, GATE, OPEN, WRITING) !== OPEN) {
      Atomics.wait(this.#words, GATE, CLOSED);
    }
  }

  leave(): void {
    Atomics.store(this.#words, GATE, OPEN);
    Atomics.notify(this.#words, GATE);
  }

  /** Main: true when the writer is outside a transaction and will begin none. */
  tryClose(): boolean {
    const before = Atomics.compareExchange(this.#words, GATE, OPEN, CLOSED);
    return before !== WRITING;
  }

  /**
   * The same when the process is about to exit and has no event loop any more; at most `timeoutMs`.
   */
  closeBlocking(timeoutMs: number): void {
    const deadlineMs = performance.now() + timeoutMs;
    while (!this.tryClose()) {
      const remainingMs = deadlineMs - performance.now();
      if (remainingMs <= 0) return;
      Atomics.wait(this.#words, GATE, WRITING, remainingMs);
    }
  }

  /** Main, when the thread behind the gate is gone. */
  reopen(): void {
    Atomics.store(this.#words, GATE, OPEN);
    Atomics.notify(this.#words, GATE);
  }

  requestStop(): void {
    Atomics.store(this.#words, STOP, 1);
    Atomics.notify(this.#words, STOP);
    this.demand();
  }

  get stopRequested(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  /** Writer: sleeps before the next attempt, less when it is to stop. */
  backOff(delayMs: number): void {
    Atomics.wait(this.#words, STOP, 0, delayMs);
  }

  get failing(): boolean {
    return Atomics.load(this.#words, FAILING) === 1;
  }

  setFailing(failing: boolean): void {
    Atomics.store(this.#words, FAILING, failing ? 1 : 0);
  }
}
