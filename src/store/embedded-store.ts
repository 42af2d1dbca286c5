import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../base/assert.js';
import { CaxtonError, type PlainError } from '../base/errors.js';
import { frameBytesMax, LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { decodeMessage, encodedBytes } from '../fipa/binary.js';
import type { Message } from '../fipa/message.js';
import { createRing, RING_CAPACITY_MAX_BYTES } from '../ring/layout.js';
import { jsonRecord } from './damage.js';
import { encodeDeadLetter } from './dead-letter.js';
import { deadLetterOf, deadLetterPage } from './dead-letter-reader.js';
import { lockDirectory } from './directory-lock.js';
import { HistoryReader, keptWindow } from './history-reader.js';
import { prefixEnd, textPrefix } from './keys.js';
import { ModuleStore } from './modules.js';
import { EmbeddedPendingStore } from './pending.js';
import {
  NO_BYTES,
  RECORD_DEAD_LETTER,
  RECORD_DELETE,
  RECORD_DELETE_DEAD_LETTER,
  RECORD_DELETE_PREFIX,
  RECORD_PUT,
  type RecordKind,
  TABLE_AGENTS,
  TABLE_DATA,
  TABLE_DEPLOYMENTS,
  type TableCode,
} from './records.js';
import { checkBeforeOpening } from './start-check.js';
import type {
  AgentRecord,
  DeadLetter,
  DeadLetterPage,
  DeploymentRecord,
  HistoryPage,
  HistoryQuery,
  Store,
  StoredModule,
  StoreStats,
} from './store.js';
import { checkSchema, openTables, readState, type Snapshot, type Tables } from './tables.js';
import { EmbeddedTaskStore } from './tasks.js';
import { WriterChannel } from './writer-channel.js';

export interface StoreOptions {
  /** Created when absent; belongs to one process at a time. */
  readonly dir: string;
  /** Off: no message is kept and queries find nothing. */
  readonly historyEnabled: boolean;
  readonly historyMaxMessages: number;
  readonly historyMaxAgeMs: number;
  readonly deadLettersMax: number;
  /** Largest content of a message, which the ring must be able to take. */
  readonly contentBytes?: number;
  /** Capacity of the ring to the writer thread, a power of two. */
  readonly ringBytes?: number;
  readonly logger: Logger;
}

const DATA_FILE = 'store.mdb';
/** Room for what a dead letter adds to its message. */
const DEAD_LETTER_EXTRA_BYTES = 64 * 1024;

/**
 * Opens the store of a data directory and starts its writer thread.
 * @throws CaxtonError CONFLICT when another process has it open or another version wrote it,
 *   UNAVAILABLE when the directory can't be written or the file is damaged, INTERNAL_ERROR when a
 *   record is
 */
export async function openStore(options: StoreOptions): Promise<EmbeddedStore> {
  const unlock = await lockDirectory(options.dir);
  const path = join(options.dir, DATA_FILE);
  let tables: Tables | undefined;
  try {
    checkBeforeOpening(options.dir, path, options.logger);
    tables = openTables(path);
    checkSchema(tables, options.dir);
    readState(tables);
    syncDirectory(options.dir);
    return new EmbeddedStore(options, path, tables, unlock);
  } catch (error) {
    await tables?.root.close();
    unlock();
    if (error instanceof CaxtonError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new CaxtonError(
      'UNAVAILABLE',
      `The store in ${options.dir} can’t be opened: ${reason}`,
      { field: 'data_dir', reason },
      error,
    );
  }
}

/** The names of new files are durable only when their directory is flushed too. */
function syncDirectory(dir: string): void {
  const handle = openSync(dir, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

function ringBytesOf(options: StoreOptions): number {
  if (options.ringBytes !== undefined) return options.ringBytes;
  const largest = frameBytesMax(options.contentBytes ?? LIMITS.content_bytes);
  let bytes: number = LIMITS.store_ring_bytes;
  while (bytes < 2 * (largest + DEAD_LETTER_EXTRA_BYTES)) bytes *= 2;
  assert(bytes <= RING_CAPACITY_MAX_BYTES, 'content_bytes is too large for the store’s ring');
  return bytes;
}

/** @throws CaxtonError RESOURCE_LIMIT_EXCEEDED when the agent's key is too long */
function dataKey(agentId: string, key: Uint8Array): Buffer {
  const limit = LIMITS.data_key_bytes;
  if (key.byteLength <= limit) return Buffer.concat([textPrefix(agentId), key]);
  throw new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `A key of stored data has ${key.byteLength} bytes; the limit is ${limit} bytes. Use a shorter key.`,
    { resource: 'data_key_bytes', limit },
  );
}

function deploymentOf(key: Uint8Array, value: Buffer): DeploymentRecord {
  return jsonRecord('deployments', key, value) as DeploymentRecord;
}

/** The store on LMDB: writes go through the writer thread, reads come from the map in this one. */
export class EmbeddedStore implements Store {
  readonly pending: EmbeddedPendingStore;
  readonly tasks: EmbeddedTaskStore;
  readonly #options: StoreOptions;
  readonly #path: string;
  readonly #tables: Tables;
  readonly #unlock: () => void;
  readonly #channel: WriterChannel;
  readonly #modules: ModuleStore;
  readonly #reads = new Set<Promise<unknown>>();
  /** Agent id → the last record of its data that may not be on disk yet. */
  readonly #dataWrites = new Map<string, number>();
  #closed: Promise<void> | undefined;

  constructor(options: StoreOptions, path: string, tables: Tables, unlock: () => void) {
    this.#options = options;
    this.#path = path;
    this.#tables = tables;
    this.#unlock = unlock;
    const ring = createRing({ capacityBytes: ringBytesOf(options), generation: 0 });
    const limits = {
      messages: options.historyMaxMessages,
      ageMs: options.historyMaxAgeMs,
      deadLetters: options.deadLettersMax,
    };
    this.#channel = new WriterChannel(
      { path, ring, session: randomUUID(), limits },
      options.logger,
    );
    this.#modules = new ModuleStore(this.#channel, tables.modules);
    this.pending = new EmbeddedPendingStore(this.#channel, tables);
    this.tasks = new EmbeddedTaskStore(this.#channel, tables);
  }

  appendMessage(
    bytes: Buffer,
    offset: number,
    length: number,
    view?: DataView,
    pending = 0,
  ): boolean {
    if (!this.#options.historyEnabled) {
      assert(pending === 0, 'a message that no history takes is made pending by itself');
      return true;
    }
    return this.#channel.append(bytes, offset, length, view, pending);
  }

  hasRoom(length: number, count = 1): boolean {
    return !this.#options.historyEnabled || this.#channel.hasRoom(length, count);
  }

  keepsUp(length: number): boolean {
    return this.#channel.hasRoom(length, 1);
  }

  get roomBytesMax(): number {
    return this.#options.historyEnabled ? this.#channel.roomBytesMax : Number.POSITIVE_INFINITY;
  }

  get trouble(): string | undefined {
    return this.#channel.trouble;
  }

  durable(): Promise<void> {
    return this.#channel.durable();
  }

  /** Ends the writer thread and starts another, which takes over where the first one stopped. */
  replaceWriter(): Promise<void> {
    return this.#channel.replaceWriter();
  }

  putAgent(record: AgentRecord): void {
    const value = Buffer.from(JSON.stringify(record), 'utf8');
    this.#put(RECORD_PUT, TABLE_AGENTS, Buffer.from(record.agentId, 'utf8'), value);
  }

  deleteAgent(agentId: string): void {
    this.#put(RECORD_DELETE, TABLE_AGENTS, Buffer.from(agentId, 'utf8'), NO_BYTES);
    this.#put(RECORD_DELETE_PREFIX, TABLE_DATA, textPrefix(agentId), NO_BYTES);
    this.#dataWrites.delete(agentId);
  }

  agents(): AgentRecord[] {
    this.#tables.root.resetReadTxn();
    const entries = this.#tables.agents.getRange({});
    return Array.from(entries, ({ key, value }) => jsonRecord('agents', key, value) as AgentRecord);
  }

  putModule(hash: string, original: Uint8Array): void {
    this.#modules.putOriginal(hash, original);
  }

  putMetered(hash: string, version: string, metered: Uint8Array, info: unknown): void {
    this.#tables.root.resetReadTxn();
    this.#modules.putMetered(hash, version, metered, info);
  }

  module(hash: string, version: string): StoredModule | undefined {
    this.#tables.root.resetReadTxn();
    return this.#modules.get(hash, version);
  }

  moduleHashes(): string[] {
    this.#tables.root.resetReadTxn();
    return this.#modules.hashes();
  }

  deleteModule(hash: string): void {
    this.#modules.delete(hash);
  }

  putAgentData(agentId: string, key: Uint8Array, value: Uint8Array): void {
    this.#putData(RECORD_PUT, agentId, key, value);
  }

  deleteAgentData(agentId: string, key: Uint8Array): void {
    this.#putData(RECORD_DELETE, agentId, key, NO_BYTES);
  }

  async agentData(agentId: string): Promise<Array<[Uint8Array, Uint8Array]>> {
    // An agent that a start brings back has written nothing: it needs no disk that takes writes.
    const written = this.#dataWrites.get(agentId);
    if (written !== undefined) await this.#channel.durableUpTo(written);
    if (written === this.#dataWrites.get(agentId)) this.#dataWrites.delete(agentId);
    this.#tables.root.resetReadTxn();
    const prefix = textPrefix(agentId);
    const entries = this.#tables.data.getRange({ start: prefix, end: prefixEnd(prefix) });
    return Array.from(entries, ({ key, value }) => [
      new Uint8Array(key.subarray(prefix.length)),
      new Uint8Array(value),
    ]);
  }

  history(query: HistoryQuery): Promise<HistoryPage> {
    if (!this.#options.historyEnabled) {
      return Promise.resolve({ messages: [], total: 0, nextCursor: undefined });
    }
    return this.#read((snapshot) => this.#reader(snapshot).page(query));
  }

  async message(messageId: string): Promise<Message | undefined> {
    if (!this.#options.historyEnabled) return undefined;
    return this.#read((snapshot) => this.#reader(snapshot).message(messageId));
  }

  async walkHistory(sinceMs: number, take: (message: Message) => boolean): Promise<void> {
    if (!this.#options.historyEnabled) return;
    await this.#read((snapshot) => this.#reader(snapshot).walk(sinceMs, take));
  }

  putDeadLetter(bytes: Buffer, agentId: string, error: PlainError, failedMs: number): void {
    const message = bytes.subarray(0, encodedBytes(bytes));
    const { messageId } = decodeMessage(message, 0, false);
    assert(messageId !== '', 'a dead letter must have a message id');
    assert(messageId.length <= LIMITS.field_bytes, 'the message id of a dead letter is too long');
    const value = encodeDeadLetter(message, agentId, error, failedMs);
    this.#put(RECORD_DEAD_LETTER, TABLE_DATA, Buffer.from(messageId, 'utf8'), value);
  }

  deadLetters(query: Parameters<Store['deadLetters']>[0]): Promise<DeadLetterPage> {
    return this.#read((snapshot) => deadLetterPage(this.#tables, snapshot, query));
  }

  async deadLetter(messageId: string): Promise<DeadLetter | undefined> {
    return this.#read(async (snapshot) => deadLetterOf(this.#tables, snapshot, messageId));
  }

  deleteDeadLetter(messageId: string): void {
    this.#put(RECORD_DELETE_DEAD_LETTER, TABLE_DATA, Buffer.from(messageId, 'utf8'), NO_BYTES);
  }

  putDeployment(record: DeploymentRecord): void {
    const value = Buffer.from(JSON.stringify(record), 'utf8');
    this.#put(RECORD_PUT, TABLE_DEPLOYMENTS, Buffer.from(record.deploymentId, 'utf8'), value);
  }

  deleteDeployment(deploymentId: string): void {
    this.#put(RECORD_DELETE, TABLE_DEPLOYMENTS, Buffer.from(deploymentId, 'utf8'), NO_BYTES);
  }

  deployments(): DeploymentRecord[] {
    this.#tables.root.resetReadTxn();
    const entries = this.#tables.deployments.getRange({});
    return Array.from(entries, ({ key, value }) => deploymentOf(key, value));
  }

  deploymentsOf(deploymentIds: readonly string[]): Promise<DeploymentRecord[]> {
    return this.#read(async (snapshot) =>
      deploymentIds.flatMap((id) => {
        const key = Buffer.from(id, 'utf8');
        const value = this.#tables.deployments.get(key, { transaction: snapshot });
        return value === undefined ? [] : [deploymentOf(key, value)];
      }),
    );
  }

  stats(): StoreStats {
    this.#tables.root.resetReadTxn();
    const state = readState(this.#tables);
    const { from, to } = keptWindow(state, this.#options.historyMaxMessages);
    return {
      pendingRecords: this.#channel.pendingRecords,
      pendingBytes: this.#channel.pendingBytes,
      historyMessages: this.#options.historyEnabled ? to - from : 0,
      deadLetters: state.deadLetters,
      diskBytes: statSync(this.#path).size,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    try {
      await this.#channel.close();
    } finally {
      // The map must stay while somebody reads it.
      await Promise.allSettled(this.#reads);
      await this.#tables.root.close();
      this.#unlock();
    }
  }

  #put(kind: RecordKind, table: TableCode, key: Uint8Array, value: Uint8Array): void {
    this.#channel.put({ kind, table, key, value });
  }

  #putData(kind: RecordKind, agentId: string, key: Uint8Array, value: Uint8Array): void {
    this.#channel.put({ kind, table: TABLE_DATA, key: dataKey(agentId, key), value }, true);
    this.#dataWrites.set(agentId, this.#channel.lastSequence);
  }

  #reader(snapshot: Snapshot): HistoryReader {
    return new HistoryReader(this.#tables, snapshot, this.#options.historyMaxMessages);
  }

  /** Reads from a snapshot that holds all that was handed over before, as far as the disk takes it. */
  async #read<T>(read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    assert(this.#closed === undefined, 'the store is closed');
    const reading = this.#readSnapshot(read);
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  async #readSnapshot<T>(read: (snapshot: Snapshot) => Promise<T>): Promise<T> {
    // A store that can't write stays readable: what it has is better than nothing.
    await this.durable().catch(() => undefined);
    this.#tables.root.resetReadTxn();
    const snapshot = this.#tables.root.useReadTransaction();
    try {
      return await read(snapshot);
    } finally {
      snapshot.done();
    }
  }
}
