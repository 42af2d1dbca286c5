import { Worker } from 'node:worker_threads';
import { assert } from '../base/assert.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { copyAligned } from '../base/words.js';
import { frameBytes } from '../ring/layout.js';
import { RingProducer } from '../ring/producer.js';
import type { WriterNotice } from './commits.js';
import {
  PENDING_KEY_BYTES,
  RECORD_APPEND,
  RECORD_APPEND_PENDING,
  RECORD_HEADER_BYTES,
  recordBytes,
  type SmallRecord,
  TABLE_DATA,
  writeRecordHeader,
} from './records.js';
import { StatusWords } from './status-words.js';
import type { WriterStart } from './writer-thread.js';

const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 5_000;
/** A thread that lived so long doesn't count as one that dies again and again. */
const STABLE_MS = 10_000;
/** So many deaths in a row are more than a mishap. */
const DEATHS_TOLERATED = 4;
/** How long the exit of the process may wait for the end of a transaction. */
const EXIT_WAIT_MS = 10_000;

interface Waiter {
  readonly sequence: number;
  readonly resolve: () => void;
  readonly reject: (error: CaxtonError) => void;
}

export type ChannelStart = Omit<WriterStart, 'words'>;

/**
 * The main thread's end of the writer thread: hands records over in order, knows what is on disk,
 * and keeps a writer thread alive.
 */
export class WriterChannel {
  readonly #start: WriterStart;
  readonly #logger: Logger;
  readonly #producer: RingProducer;
  readonly #words = new StatusWords();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #bornMs = 0;
  #deaths = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #closing = false;
  #reason = '';
  /** Sequence of the last record taken. */
  #sequence = 0;
  #committed = 0;
  readonly #waiters: Waiter[] = [];
  #gathering: Promise<void> | undefined;
  /** Records for which there was no room; nothing overtakes them. */
  #overflow: SmallRecord[] = [];
  #overflowBytes = 0;
  readonly #onExit = (): void => this.#words.closeBlocking(EXIT_WAIT_MS);

  constructor(start: ChannelStart, logger: Logger) {
    this.#start = { ...start, words: this.#words.buffer };
    this.#logger = logger;
    this.#producer = new RingProducer(start.ring);
    process.on('exit', this.#onExit);
    this.#spawn();
  }

  /** Why nothing can be written now; undefined while the disk takes what it is given. */
  get trouble(): string | undefined {
    const isDying = this.#deaths >= DEATHS_TOLERATED;
    if (!this.#words.failing && !isDying) return undefined;
    return this.#reason || 'the writer thread ended';
  }

  /** Records handed over and not known to be on disk. */
  get pendingRecords(): number {
    this.#noteCommitted();
    return this.lastSequence - this.#committed;
  }

  get pendingBytes(): number {
    return this.#producer.capacityBytes - this.#producer.freeBytes() + this.#overflowBytes;
  }

  /** The longest message that fits. */
  get messageBytesMax(): number {
    return this.#producer.maxPayloadBytes - RECORD_HEADER_BYTES - PENDING_KEY_BYTES;
  }

  /** Whatever a set of messages of so many bytes is made of, an empty ring takes it. */
  get roomBytesMax(): number {
    return this.#producer.capacityBytes / 2;
  }

  hasRoom(length: number, count: number): boolean {
    // As if it were pending: that takes most.
    const bytes = RECORD_HEADER_BYTES + PENDING_KEY_BYTES + length;
    if (this.#overflow.length > 0 || bytes > this.#producer.maxPayloadBytes) return false;
    return this.#producer.fits(frameBytes(bytes) * count, frameBytes(bytes));
  }

  /**
   * One copy into the ring; false when there is no room.
   * @param view over the same memory
   * @param pending as Store.appendMessage has it
   */
  append(
    bytes: Buffer,
    offset: number,
    length: number,
    view: DataView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    pending = 0,
  ): boolean {
    if (this.#closing || (this.#overflow.length > 0 && !this.#flushOverflow())) return false;
    const keyBytes = pending === 0 ? 0 : PENDING_KEY_BYTES;
    const kind = pending === 0 ? RECORD_APPEND : RECORD_APPEND_PENDING;
    const total = RECORD_HEADER_BYTES + keyBytes + length;
    if (total > this.#producer.maxPayloadBytes) this.#refuseTooLong(length);
    const at = this.#producer.reserve(total);
    if (at < 0) return false;
    const sequence = ++this.#sequence;
    const target = this.#producer.view;
    writeRecordHeader(target, at, kind, TABLE_DATA, keyBytes, length, sequence);
    const keyAt = at + RECORD_HEADER_BYTES;
    if (pending !== 0) target.setFloat64(keyAt, pending, true);
    // Copies into space that reserve() gave and that nobody reads before publish().
    copyAligned(this.#producer.bytes, keyAt + keyBytes, view, offset, length);
    this.#producer.commit(total);
    this.#producer.publish();
    this.#producer.wakeConsumer();
    return true;
  }

  /**
   * Takes a record that isn't a message, in any case behind all taken before.
   * @param promised it was promised to be kept, and can't be refused
   * @throws CaxtonError UNAVAILABLE when too many wait already
   */
  put(record: SmallRecord, promised = false): void {
    assert(!this.#closing, 'the store is closed');
    const bytes = recordBytes(record);
    if (bytes > this.#producer.maxPayloadBytes) this.#refuseTooLong(bytes);
    if (this.#overflow.length === 0 || this.#flushOverflow()) {
      if (this.#push(record)) return;
    }
    if (!promised && this.#overflowBytes + bytes > LIMITS.store_overflow_bytes) {
      throw new CaxtonError(
        'UNAVAILABLE',
        `The store is too far behind to take more: ${this.#overflowBytes} bytes wait beside a full ring. Try again later${this.#reason === '' ? '' : `; the last write failed: ${this.#reason}`}.`,
        { limit_bytes: LIMITS.store_overflow_bytes, retry_after_seconds: 1 },
      );
    }
    // Copied, since the caller may use its buffers again. (slice() of a Buffer would not copy.)
    const key = new Uint8Array(record.key);
    this.#overflow.push({ ...record, key, value: new Uint8Array(record.value) });
    this.#overflowBytes += bytes;
    this.#hold();
    this.#words.demand();
  }

  /** Sequence of the last record handed over. */
  get lastSequence(): number {
    return this.#sequence + this.#overflow.length;
  }

  /**
   * Resolves when all records taken before are on disk. Those who ask in one turn of the event loop
   * wait for one commit.
   * @throws CaxtonError UNAVAILABLE
   */
  durable(): Promise<void> {
    this.#gathering ??= this.#gather();
    return this.#gathering;
  }

  async #gather(): Promise<void> {
    await new Promise(setImmediate);
    this.#gathering = undefined;
    await this.durableUpTo(this.lastSequence);
  }

  /** The same for the records up to this one. */
  durableUpTo(sequence: number): Promise<void> {
    this.#noteCommitted();
    if (sequence <= this.#committed) return Promise.resolve();
    if (this.trouble !== undefined) return Promise.reject(this.#unavailable());
    return new Promise((resolve, reject) => {
      const after = this.#waiters.findLastIndex((waiter) => waiter.sequence <= sequence);
      this.#waiters.splice(after + 1, 0, { sequence, resolve, reject });
      this.#hold();
      this.#words.demand();
      // The commit may have come between the look above and the demand, and then no doorbell rings.
      this.#settle();
    });
  }

  /**
   * Ends the writer thread, between two transactions, and starts another that takes over what the
   * first had not committed; what happens by itself when the thread dies.
   */
  async replaceWriter(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    while (!this.#words.tryClose()) await new Promise((resolve) => setTimeout(resolve, 1));
    await worker.terminate();
    await this.#ended;
  }

  /**
   * Writes out everything and ends the thread.
   * @throws CaxtonError UNAVAILABLE when the disk didn't take the rest
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#hold();
    const failure = await this.durable().then(
      () => undefined,
      (error: CaxtonError) => error,
    );
    clearTimeout(this.#restartTimer);
    this.#words.requestStop();
    this.#producer.interrupt();
    await this.#ended;
    process.off('exit', this.#onExit);
    this.#noteCommitted();
    const lost = this.lastSequence - this.#committed;
    if (lost === 0) return;
    this.#logger.error({ lost, reason: this.#reason }, 'the store could not write out its records');
    throw failure ?? this.#unavailable();
  }

  #spawn(): void {
    this.#bornMs = Date.now();
    this.#restartTimer = undefined;
    const worker = new Worker(new URL('./writer-thread.js', import.meta.url), {
      workerData: this.#start,
      name: 'store-writer',
    });
    this.#worker = worker;
    worker.on('message', (notice: WriterNotice) => this.#notice(notice));
    worker.on('error', (error) => {
      this.#reason = error.message;
      this.#logger.error({ err: error }, 'the store’s writer thread died');
    });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#worker = undefined;
        this.#exited();
        resolve();
      });
    });
    if (!this.#closing && this.#waiters.length + this.#overflow.length === 0) worker.unref();
  }

  #exited(): void {
    this.#words.reopen();
    this.#settle();
    if (this.#closing && this.#words.stopRequested) return;
    const delayMs =
      Date.now() - this.#bornMs > STABLE_MS
        ? 0
        : Math.min(RESTART_MAX_MS, RESTART_MIN_MS * 2 ** this.#deaths);
    this.#deaths = delayMs === 0 ? 0 : this.#deaths + 1;
    this.#logger.warn({ delay_ms: delayMs }, 'the store’s writer thread is started again');
    // A thread that dies at each start will not write what waiters wait for.
    if (this.#deaths >= DEATHS_TOLERATED) this.#rejectAll();
    this.#restartTimer = setTimeout(() => this.#spawn(), delayMs);
  }

  #notice(notice: WriterNotice): void {
    if (notice.notice === 'failing') {
      this.#reason = notice.reason;
      this.#logger.error({ reason: notice.reason }, 'the store can’t write; it tries again');
      this.#rejectAll();
    } else if (notice.notice === 'recovered') {
      this.#reason = '';
      this.#logger.info('the store writes again');
    } else if (notice.notice === 'dropped') {
      this.#logger.error(
        { reason: notice.reason },
        'a malformed message was left out of the history',
      );
    }
    if (this.#overflow.length > 0) this.#flushOverflow();
    this.#settle();
  }

  /** Brings the 32-bit word of the writer back to the full count. */
  #noteCommitted(): void {
    const fresh = (this.#words.committed - this.#committed) >>> 0;
    this.#committed += fresh;
    if (fresh > 0) this.#deaths = 0;
  }

  #settle(): void {
    this.#noteCommitted();
    let done = 0;
    // Waiters are in order of their sequence.
    while (done < this.#waiters.length && this.#waiters[done]!.sequence <= this.#committed) done++;
    for (const waiter of this.#waiters.splice(0, done)) waiter.resolve();
    if (this.#waiters.length > 0 || this.#overflow.length > 0) this.#words.demand();
    else if (!this.#closing) this.#worker?.unref();
  }

  #rejectAll(): void {
    const error = this.#unavailable();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #unavailable(): CaxtonError {
    return new CaxtonError(
      'UNAVAILABLE',
      `The store can’t write at the moment: ${this.trouble ?? (this.#reason || 'the writer thread ended')}. Messages that were accepted are kept in memory and written as soon as it can be.`,
      { reason: this.#reason },
    );
  }

  #refuseTooLong(bytes: number): never {
    throw new CaxtonError(
      'RESOURCE_LIMIT_EXCEEDED',
      `A record of ${bytes} bytes is over what the store takes at once, ${this.messageBytesMax} bytes.`,
      { limit_bytes: this.messageBytesMax },
    );
  }

  /** The process stays alive while something waits for the writer. */
  #hold(): void {
    this.#worker?.ref();
  }

  #flushOverflow(): boolean {
    let moved = 0;
    while (moved < this.#overflow.length && this.#push(this.#overflow[moved]!)) {
      this.#overflowBytes -= recordBytes(this.#overflow[moved]!);
      moved++;
    }
    if (moved > 0) this.#overflow = this.#overflow.slice(moved);
    return this.#overflow.length === 0;
  }

  #push(record: SmallRecord): boolean {
    const at = this.#producer.reserve(recordBytes(record));
    if (at < 0) return false;
    const { kind, table, key, value } = record;
    const { view, bytes } = this.#producer;
    const sequence = ++this.#sequence;
    writeRecordHeader(view, at, kind, table, key.byteLength, value.byteLength, sequence);
    // As in append: into reserved space.
    bytes.set(key, at + RECORD_HEADER_BYTES);
    bytes.set(value, at + RECORD_HEADER_BYTES + key.byteLength);
    this.#producer.commit(recordBytes(record));
    this.#producer.publish();
    this.#producer.wakeConsumer();
    return true;
  }
}
