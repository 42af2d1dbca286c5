import { LIMITS } from '../base/limits.js';
import { HOST_INVALID_ARGUMENT, HOST_LIMIT_EXCEEDED } from '../wire/host-calls.js';
import { DataBudget } from './data-budget.js';
import type { UndoLog } from './undo-log.js';

/**
 * One agent's key-value store, whole in memory. Keys are bytes, kept as Latin-1 text, one
 * character for each byte.
 *
 * An agent with instances on other workers shares it with them: the main thread puts all changes in
 * one order, confirms those made here and hands on those of others. Until a change is confirmed it
 * is later in that order than any of another worker that arrives here, and so it stays.
 */
export class AgentData {
  readonly #entries = new Map<string, Uint8Array>();
  #budget: DataBudget;
  #bytes = 0;
  /** Number of the last change made here. */
  #writes = 0;
  /** Key → number of the last change made here, unless it is confirmed; in order of the numbers. */
  #unconfirmed: Map<string, number> | undefined;

  constructor(
    entries: ReadonlyArray<readonly [Uint8Array, Uint8Array]> = [],
    budget: DataBudget = new DataBudget(),
  ) {
    this.#budget = budget;
    for (const [key, value] of entries) this.#set(keyText(key), value);
  }

  /** Bytes of all keys and values, and what each entry counts. */
  get byteLength(): number {
    return this.#bytes;
  }

  /** The number that the next change made here will have. */
  get nextWrite(): number {
    return this.#writes + 1;
  }

  /** Others have the data too from now on. */
  share(): void {
    this.#unconfirmed ??= new Map();
  }

  /** Changes made here up to this number have their place in the order of all. */
  confirm(write: number): void {
    if (this.#unconfirmed === undefined) return;
    for (const [key, number] of this.#unconfirmed) {
      if (number > write) return;
      this.#unconfirmed.delete(key);
    }
  }

  /** A change that another worker made; undefined deletes. */
  apply(key: Uint8Array, value: Uint8Array | undefined): void {
    const text = keyText(key);
    if (this.#unconfirmed?.has(text) !== true) this.#set(text, value);
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.get(keyText(key));
  }

  /** 0 when `put` would take a value of this size under this key, else the host call's result. */
  check(key: Uint8Array, valueBytes: number): number {
    if (key.length === 0 || key.length > LIMITS.data_key_bytes) return HOST_INVALID_ARGUMENT;
    if (valueBytes > LIMITS.data_value_bytes) return HOST_LIMIT_EXCEEDED;
    const before = this.#entries.get(keyText(key));
    const freed = before === undefined ? 0 : entryBytes(key.length, before.length);
    const more = entryBytes(key.length, valueBytes) - freed;
    const fits = this.#bytes + more <= LIMITS.data_bytes_per_agent && this.#budget.allows(more);
    return fits ? 0 : HOST_LIMIT_EXCEEDED;
  }

  /** Stores a copy of the value. */
  put(key: Uint8Array, value: Uint8Array, undo: UndoLog): void {
    const text = keyText(key);
    this.#change(text, Uint8Array.prototype.slice.call(value), undo);
  }

  /** @returns whether there was such a key */
  delete(key: Uint8Array, undo: UndoLog): boolean {
    const text = keyText(key);
    if (!this.#entries.has(text)) return false;
    this.#change(text, undefined, undo);
    return true;
  }

  /** It is about to go: it counts no more, though a last call may still use it. */
  release(): void {
    this.#budget.add(-this.#bytes);
    this.#budget = new DataBudget();
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.add(bytes);
  }

  #change(key: string, value: Uint8Array | undefined, undo: UndoLog): void {
    const before = this.#entries.get(key);
    const unconfirmed = this.#unconfirmed;
    const writeBefore = unconfirmed?.get(key);
    undo.add(() => {
      this.#set(key, before);
      unconfirmed?.delete(key);
      if (writeBefore !== undefined) unconfirmed?.set(key, writeBefore);
    });
    this.#writes += 1;
    unconfirmed?.delete(key);
    unconfirmed?.set(key, this.#writes);
    this.#set(key, value);
  }

  #set(key: string, value: Uint8Array | undefined): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#count(-entryBytes(key.length, before.length));
    if (value === undefined) {
      this.#entries.delete(key);
    } else {
      this.#count(entryBytes(key.length, value.length));
      this.#entries.set(key, value);
    }
  }
}

function entryBytes(keyBytes: number, valueBytes: number): number {
  return LIMITS.data_entry_bytes + keyBytes + valueBytes;
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
