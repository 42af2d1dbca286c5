import { jsonRecord } from './damage.js';
import { prefixEnd } from './keys.js';
import { NO_BYTES, RECORD_DELETE, RECORD_PUT, TABLE_TASKS } from './records.js';
import type { StoredTask, TaskStore } from './store.js';
import type { Tables } from './tables.js';
import type { WriterChannel } from './writer-channel.js';

/** Keys: what the entry holds, then the id of the task or the name of the participant. */
const STATE = 's';
const DATA = 'd';
const RECORD = 'r';
type Kind = typeof STATE | typeof DATA | typeof RECORD;

const keyOf = (kind: Kind, name: string): Buffer => Buffer.from(kind + name, 'utf8');

function recordOf(name: string, text: string): unknown {
  return jsonRecord('tasks', Buffer.from(name), Buffer.from(text));
}

/**
 * Tasks in a table of their own. What changes is apart from the data, so that each step of a task
 * writes a few hundred bytes, whatever its data.
 */
export class EmbeddedTaskStore implements TaskStore {
  readonly #channel: WriterChannel;
  readonly #tables: Tables;

  constructor(channel: WriterChannel, tables: Tables) {
    this.#channel = channel;
    this.#tables = tables;
  }

  put(taskId: string, state: unknown): void {
    this.#put(STATE, taskId, JSON.stringify(state));
  }

  putData(taskId: string, data: string): void {
    this.#put(DATA, taskId, data);
  }

  dropData(taskId: string): void {
    this.#delete(DATA, taskId);
  }

  delete(taskId: string): void {
    this.#delete(STATE, taskId);
    this.#delete(DATA, taskId);
  }

  all(): StoredTask[] {
    const data = new Map(this.#entries(DATA));
    return this.#entries(STATE).map(([taskId, text]) => ({
      state: recordOf(taskId, text),
      data: data.get(taskId) ?? '',
    }));
  }

  putRecord(participant: string, record: unknown): void {
    this.#put(RECORD, participant, JSON.stringify(record));
  }

  deleteRecord(participant: string): void {
    this.#delete(RECORD, participant);
  }

  records(): Array<[participant: string, record: unknown]> {
    return this.#entries(RECORD).map(([name, text]) => [name, recordOf(name, text)]);
  }

  #entries(kind: Kind): Array<[name: string, text: string]> {
    this.#tables.root.resetReadTxn();
    const start = Buffer.from(kind);
    const entries = this.#tables.tasks.getRange({ start, end: prefixEnd(start) });
    return Array.from(entries, ({ key, value }) => [
      Buffer.from(key.subarray(1)).toString('utf8'),
      value.toString('utf8'),
    ]);
  }

  #put(kind: Kind, name: string, text: string): void {
    const value = Buffer.from(text, 'utf8');
    this.#channel.put({ kind: RECORD_PUT, table: TABLE_TASKS, key: keyOf(kind, name), value });
  }

  #delete(kind: Kind, name: string): void {
    const key = keyOf(kind, name);
    this.#channel.put({ kind: RECORD_DELETE, table: TABLE_TASKS, key, value: NO_BYTES });
  }
}
