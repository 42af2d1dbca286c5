import { assert } from '../base/assert.js';
import { wallMs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import { RingConsumer } from '../ring/consumer.js';
import { DeadLetterWriter } from './dead-letter-writer.js';
import type { DiskRoom } from './disk-room.js';
import { HistoryWriter } from './history-writer.js';
import { numberOfKey, prefixEnd } from './keys.js';
import { PendingWriter } from './pending-writer.js';
import {
  PENDING_KEY_BYTES,
  RECORD_APPEND,
  RECORD_APPEND_PENDING,
  RECORD_DEAD_LETTER,
  RECORD_DELETE,
  RECORD_DELETE_DEAD_LETTER,
  RECORD_DELETE_PREFIX,
  RECORD_HANDLED,
  RECORD_HEADER_BYTES,
  RECORD_PUT,
  TABLE_AGENTS,
  TABLE_DEPLOYMENTS,
  TABLE_MODULES,
  TABLE_PENDING,
  TABLE_TASKS,
} from './records.js';
import { dropOldestSegment, hasExpiredSegment, type RetentionLimits } from './retention.js';
import type { StatusWords } from './status-words.js';
import { readState, type StoreState, type Table, type Tables, writeState } from './tables.js';

/** Bounds of one transaction, so that whoever waits for it doesn't wait for everyone else too. */
const GROUP_RECORDS = 8_192;
const GROUP_BYTES = 8 * 1024 * 1024;
/** Segments dropped in one transaction: one more than a group of records can fill. */
const DROPS_PER_TRANSACTION = 3;
const SEGMENT_SPAN_MAX_MS = 3_600_000;

export interface WriterLimits extends RetentionLimits {
  readonly deadLetters: number;
}

/** Writes what is in the ring, one group of records and one flush to disk at a time. */
export class Writer {
  readonly #tables: Tables;
  readonly #room: DiskRoom;
  readonly #ring: SharedArrayBuffer;
  readonly #words: StatusWords;
  readonly #session: string;
  readonly #limits: WriterLimits;
  readonly #onDropped: (reason: string) => void;
  #consumer!: RingConsumer;
  #bytes!: Buffer;
  #state!: StoreState;
  #history!: HistoryWriter;
  #deadLetters!: DeadLetterWriter;
  #pending!: PendingWriter;

  /** @param onDropped told of messages that can't be kept, and why */
  constructor(
    tables: Tables,
    room: DiskRoom,
    ring: SharedArrayBuffer,
    words: StatusWords,
    session: string,
    limits: WriterLimits,
    onDropped: (reason: string) => void,
  ) {
    this.#tables = tables;
    this.#room = room;
    this.#ring = ring;
    this.#words = words;
    this.#session = session;
    this.#limits = limits;
    this.#onDropped = onDropped;
    this.#reload();
  }

  get consumer(): RingConsumer {
    return this.#consumer;
  }

  /**
   * Writes one group and flushes it. When it throws nothing has changed, and the same records are
   * there for the next attempt.
   * @returns how much it wrote of what was in the ring
   */
  writeGroup(): 'nothing' | 'part' | 'all' {
    if (this.#consumer.pendingBytes() === 0) return 'nothing';
    const before = this.#state.sequence;
    let isAll = false;
    this.#transaction(() => {
      isAll = this.#applyGroup();
      if (this.#state.sequence === before) return;
      this.#history.finish();
      this.#pending.finish(this.#bytes);
      this.#dropOldest();
      writeState(this.#tables, this.#state);
    });
    this.#consumer.release();
    this.#words.setCommitted(this.#state.sequence);
    return isAll ? 'all' : 'part';
  }

  /** Drops segments that are beyond the limits; a few at a time. */
  prune(): void {
    if (!hasExpiredSegment(this.#tables, this.#state, this.#limits, wallMs())) return;
    this.#transaction(() => {
      this.#dropOldest();
      writeState(this.#tables, this.#state);
    });
  }

  #dropOldest(): void {
    for (let i = 0; i < DROPS_PER_TRANSACTION; i++) {
      const dropped = dropOldestSegment(this.#tables, this.#state, this.#limits, wallMs());
      if (dropped === undefined) return;
      this.#history.forget(dropped);
    }
  }

  // The gate is held for the transaction alone: see StatusWords.
  #transaction(work: () => void): void {
    this.#words.enter();
    try {
      const group = Math.min(this.#consumer.pendingBytes(), GROUP_BYTES);
      this.#tables.root.transactionSync(() => {
        this.#room.ensure(LIMITS.store_room_bytes + LIMITS.store_room_factor * group);
        work();
      });
    } catch (error) {
      this.#reload();
      throw error;
    } finally {
      this.#words.leave();
    }
  }

  /** Forgets all that isn't on disk. A new consumer begins at the first record not released. */
  #reload(): void {
    this.#consumer = new RingConsumer(this.#ring);
    const { buffer, byteOffset, byteLength } = this.#consumer.bytes;
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#state = readState(this.#tables);
    if (this.#state.session !== this.#session) {
      this.#state.session = this.#session;
      this.#state.sequence = 0;
    }
    // A thread that died behind its commit may not have said so.
    this.#words.setCommitted(this.#state.sequence);
    const spanMs = Math.min(SEGMENT_SPAN_MAX_MS, this.#limits.ageMs / 8);
    this.#history = new HistoryWriter(this.#tables, this.#state, spanMs);
    this.#deadLetters = new DeadLetterWriter(this.#tables, this.#state, this.#limits.deadLetters);
    this.#pending = new PendingWriter(this.#tables);
  }

  /** @returns whether nothing is left in the ring */
  #applyGroup(): boolean {
    let bytes = 0;
    for (let records = 0; records < GROUP_RECORDS && bytes < GROUP_BYTES; records++) {
      if (!this.#consumer.next()) return true;
      bytes += this.#consumer.length;
      this.#applyRecord();
    }
    return false;
  }

  #applyRecord(): void {
    const { offset, length, view } = this.#consumer;
    const head = view.getUint32(offset, true);
    const valueBytes = view.getUint32(offset + 4, true);
    const sequence = view.getFloat64(offset + 8, true);
    // A thread that died after its commit and before it released the ring left these behind.
    if (sequence <= this.#state.sequence) return;
    assert(sequence === this.#state.sequence + 1, 'a record is missing from the ring');
    const keyBytes = head >>> 16;
    assert(RECORD_HEADER_BYTES + keyBytes + valueBytes === length, 'a record has a wrong length');
    this.#state.sequence = sequence;
    const keyAt = offset + RECORD_HEADER_BYTES;
    const kind = head & 0xff;
    if (kind === RECORD_APPEND) {
      this.#append(view, keyAt, valueBytes);
      return;
    }
    if (kind === RECORD_APPEND_PENDING) {
      const messageAt = keyAt + PENDING_KEY_BYTES;
      if (!this.#append(view, messageAt, valueBytes)) return;
      this.#pending.append(view.getFloat64(keyAt, true), messageAt, valueBytes);
      return;
    }
    // Copied: LMDB takes the address of ordinary memory only.
    const key = Buffer.from(this.#bytes.subarray(keyAt, keyAt + keyBytes));
    const valueAt = keyAt + keyBytes;
    const value = Buffer.from(this.#bytes.subarray(valueAt, valueAt + valueBytes));
    this.#applyOther(kind, this.#tableOf((head >>> 8) & 0xff), key, value);
  }

  #append(view: DataView, offset: number, length: number): boolean {
    const reason = this.#history.append(this.#bytes, view, offset, length);
    if (reason !== undefined) this.#onDropped(reason);
    return reason === undefined;
  }

  #applyOther(kind: number, table: Table, key: Buffer, value: Buffer): void {
    if (kind === RECORD_PUT) table.putSync(key, value);
    else if (kind === RECORD_DELETE) table.removeSync(key);
    else if (kind === RECORD_DELETE_PREFIX) deletePrefix(table, key);
    else if (kind === RECORD_DEAD_LETTER) this.#deadLetters.put(key.toString('utf8'), value);
    else if (kind === RECORD_HANDLED) this.#pending.handled(numberOfKey(key));
    else if (kind === RECORD_DELETE_DEAD_LETTER) this.#deadLetters.delete(key.toString('utf8'));
    else assert(false, `a record has the unknown kind ${kind}`);
  }

  #tableOf(code: number): Table {
    if (code === TABLE_AGENTS) return this.#tables.agents;
    if (code === TABLE_MODULES) return this.#tables.modules;
    if (code === TABLE_DEPLOYMENTS) return this.#tables.deployments;
    if (code === TABLE_TASKS) return this.#tables.tasks;
    if (code === TABLE_PENDING) return this.#tables.pending;
    return this.#tables.data;
  }
}

function deletePrefix(table: Table, prefix: Buffer): void {
  const keys = [...table.getKeys({ start: prefix, end: prefixEnd(prefix) })];
  for (const key of keys) table.removeSync(key);
}
