import { numberKey } from './keys.js';
import { decodePending, encodePending } from './pending-record.js';
import { NO_BYTES, RECORD_HANDLED, RECORD_PUT, TABLE_PENDING } from './records.js';
import type { PendingMessage, PendingStore } from './store.js';
import type { Tables } from './tables.js';
import type { WriterChannel } from './writer-channel.js';

/** Pending messages in a table of their own, whose keys are their numbers. */
export class EmbeddedPendingStore implements PendingStore {
  readonly #channel: WriterChannel;
  readonly #tables: Tables;

  constructor(channel: WriterChannel, tables: Tables) {
    this.#channel = channel;
    this.#tables = tables;
  }

  put(message: PendingMessage, promised: boolean): void {
    const key = numberKey(message.number);
    const value = encodePending(message);
    this.#channel.put({ kind: RECORD_PUT, table: TABLE_PENDING, key, value }, promised);
  }

  handled(number: number): void {
    const key = numberKey(number);
    this.#channel.put({ kind: RECORD_HANDLED, table: TABLE_PENDING, key, value: NO_BYTES }, true);
  }

  all(): PendingMessage[] {
    this.#tables.root.resetReadTxn();
    const entries = this.#tables.pending.getRange({});
    return Array.from(entries, ({ key, value }) => decodePending(key, value));
  }
}
