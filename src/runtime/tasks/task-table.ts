import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { TaskStore } from '../../store/store.js';
import {
  hasEnded,
  TASK_STATUSES,
  type Task,
  type TaskDefinition,
  type TaskStatus,
} from './task.js';

/** Whoever waits for the end of a distribution. */
export interface Distributor {
  readonly resolve: (awarded: Task) => void;
  readonly reject: (error: Error) => void;
}

/** A task and what goes on around it. */
export interface Entry {
  task: Task;
  timer: NodeJS.Timeout | undefined;
  distributor: Distributor | undefined;
}

export interface TaskQuery {
  readonly status?: TaskStatus | undefined;
  /** The name of a token. */
  readonly createdBy?: string | undefined;
  /** The id of the last task of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  readonly total: number;
  readonly nextCursor: string | undefined;
}

/** What one name or a number takes, beside its characters. */
const FIELD_BYTES = 128;
const REASON_BYTES = FIELD_BYTES + LIMITS.task_reason_bytes;
const TASK_BYTES = 1_024;

/** Every task that is known, within bounds of number and size, and their copies in the store. */
export class TaskTable {
  readonly #store: TaskStore;
  readonly #forgotten: (taskId: string) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #weights = new Map<string, number>();
  #bytes = 0;

  /** @param forgotten told of each task that is known no longer */
  constructor(store: TaskStore, forgotten: (taskId: string) => void) {
    this.#store = store;
    this.#forgotten = forgotten;
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** How many of those that are known are in each state. */
  countByStatus(): Record<TaskStatus, number> {
    const counts = Object.fromEntries(TASK_STATUSES.map((status) => [status, 0]));
    for (const { task } of this.#entries.values()) counts[task.status]! += 1;
    return counts as Record<TaskStatus, number>;
  }

  find(taskId: string): Entry | undefined {
    return this.#entries.get(taskId);
  }

  /** @throws CaxtonError NOT_FOUND */
  get(taskId: string): Entry {
    const entry = this.#entries.get(taskId);
    if (entry !== undefined) return entry;
    throw new CaxtonError('NOT_FOUND', `Task '${taskId}' not found`, { task_id: taskId });
  }

  /**
   * Takes a new task, for which the first that ended may be forgotten.
   * @throws CaxtonError RESOURCE_LIMIT_EXCEEDED when too many have not ended, UNAVAILABLE when the
   *   store can't take it
   */
  add(task: Task): Entry {
    this.#makeRoom(weigh(task));
    const { data } = task.definition;
    if (data !== '') this.#store.putData(task.id, data);
    this.#store.put(task.id, stateOf(task));
    return this.#know(task);
  }

  /** Every task of the store, as it was when it was last stored. */
  restore(): void {
    for (const { state, data } of this.#store.all()) this.#know(taskOf(state, data));
  }

  /** Puts the task into the store as it is now. @throws CaxtonError UNAVAILABLE */
  save(entry: Entry): void {
    const { task } = entry;
    this.#weighAnew(task);
    if (hasEnded(task) && task.definition.data !== '') {
      // Nobody will be told of the data any more.
      entry.task = { ...task, definition: { ...task.definition, data: '' } };
      this.#weighAnew(entry.task);
      this.#store.dropData(task.id);
    }
    this.#store.put(task.id, stateOf(task));
  }

  forget(taskId: string): void {
    this.#bytes -= this.#weights.get(taskId) ?? 0;
    this.#weights.delete(taskId);
    this.#entries.delete(taskId);
    this.#store.delete(taskId);
    this.#forgotten(taskId);
  }

  /** Newest first. */
  page({ status, createdBy, before, limit }: TaskQuery): TaskPage {
    const all = [...this.#entries.values()]
      .map((entry) => entry.task)
      .filter((task) => status === undefined || task.status === status)
      .filter((task) => createdBy === undefined || task.definition.createdBy === createdBy)
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    const from = before === undefined ? all : all.filter((task) => task.id < before);
    const tasks = from.slice(0, limit);
    const nextCursor = from.length > limit ? tasks.at(-1)?.id : undefined;
    return { tasks, total: all.length, nextCursor };
  }

  #know(task: Task): Entry {
    const entry: Entry = { task, timer: undefined, distributor: undefined };
    this.#entries.set(task.id, entry);
    this.#weighAnew(task);
    return entry;
  }

  #weighAnew(task: Task): void {
    const weight = weigh(task);
    this.#bytes += weight - (this.#weights.get(task.id) ?? 0);
    this.#weights.set(task.id, weight);
  }

  #makeRoom(neededBytes: number): void {
    for (const { task } of this.#entries.values()) {
      if (this.#hasRoom(neededBytes)) return;
      if (hasEnded(task)) this.forget(task.id);
    }
    if (this.#hasRoom(neededBytes)) return;
    const byNumber = this.#entries.size >= LIMITS.tasks;
    const limit = byNumber ? LIMITS.tasks : LIMITS.tasks_bytes;
    throw new CaxtonError(
      'RESOURCE_LIMIT_EXCEEDED',
      `Tasks that have not ended take up all there is: ${limit} ${byNumber ? 'tasks' : 'bytes'}. Wait for some to end, or cancel them.`,
      byNumber ? { resource: 'tasks', limit } : { resource: 'tasks_bytes', limit_bytes: limit },
    );
  }

  #hasRoom(neededBytes: number): boolean {
    return this.#entries.size < LIMITS.tasks && this.#bytes + neededBytes <= LIMITS.tasks_bytes;
  }
}

/** About how many bytes of memory a task takes. */
function weigh(task: Task): number {
  const { definition } = task;
  const names = [...(definition.participants ?? []), ...definition.capabilities];
  const short = task.pending.length + task.bids.length + task.subtasks.length;
  const long = task.refusals.length + task.attempts.length;
  return (
    TASK_BYTES +
    definition.name.length +
    definition.description.length +
    definition.data.length +
    names.reduce((sum, name) => sum + name.length + FIELD_BYTES, 0) +
    short * FIELD_BYTES +
    long * REASON_BYTES +
    task.result.length
  );
}

function stateOf(task: Task): unknown {
  const { data: _, ...definition } = task.definition;
  return { ...task, definition };
}

function taskOf(state: unknown, data: string): Task {
  const task = state as Omit<Task, 'definition'> & { definition: Omit<TaskDefinition, 'data'> };
  return { ...task, definition: { ...task.definition, data } };
}
