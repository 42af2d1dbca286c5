import { LIMITS } from '../../base/limits.js';
import type { TaskStore } from '../../store/store.js';

interface Record {
  awarded: number;
  completed: number;
  /** Place of the last award in the order of all; 0 = never. */
  lastAward: number;
}

/**
 * How participants did in their past tasks, and when each was last awarded one. Kept in the store;
 * those that were not heard of for longest are forgotten first.
 */
export class Performance {
  readonly #store: TaskStore;
  readonly #records = new Map<string, Record>();
  #awards = 0;

  constructor(store: TaskStore) {
    this.#store = store;
  }

  restore(): void {
    const records = this.#store.records() as Array<[string, Record]>;
    records.sort(([, a], [, b]) => a.lastAward - b.lastAward);
    for (const [participant, record] of records) this.#records.set(participant, record);
    this.#awards = records.at(-1)?.[1].lastAward ?? 0;
  }

  /** Completed ÷ awarded of the tasks that are over; 1 when there are none. */
  scoreOf(participant: string): number {
    const record = this.#records.get(participant);
    return record === undefined || record.awarded === 0 ? 1 : record.completed / record.awarded;
  }

  /** Grows with each award; 0 = never awarded. */
  lastAwardOf(participant: string): number {
    return this.#records.get(participant)?.lastAward ?? 0;
  }

  tookTurn(participant: string): void {
    const record = this.#touch(participant);
    record.lastAward = ++this.#awards;
    this.#store.putRecord(participant, record);
  }

  count(participant: string, completed: boolean): void {
    const record = this.#touch(participant);
    record.awarded += 1;
    if (completed) record.completed += 1;
    this.#store.putRecord(participant, record);
  }

  #touch(participant: string): Record {
    const record = this.#records.get(participant) ?? { awarded: 0, completed: 0, lastAward: 0 };
    this.#records.delete(participant);
    this.#records.set(participant, record);
    if (this.#records.size > LIMITS.task_records) {
      const oldest = this.#records.keys().next().value as string;
      this.#records.delete(oldest);
      this.#store.deleteRecord(oldest);
    }
    return record;
  }
}
