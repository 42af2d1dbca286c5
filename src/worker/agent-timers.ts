import { LIMITS } from '../base/limits.js';
import { HOST_LIMIT_EXCEEDED } from '../wire/host-calls.js';
import type { UndoLog } from './undo-log.js';

const ID_MAX = 0x7fffffff;

/**
 * Which timers of one agent are pending. The main thread keeps their times; here is only what the
 * agent may cancel, and what a due timer is checked against that was cancelled on its way here.
 *
 * Timers from before the installation (a worker that died, say) have ids below the first one given
 * out here. Which of them are still to come isn't known: each counts as pending once.
 */
export class AgentTimers {
  readonly #firstOwnId: number;
  readonly #pending = new Set<number>();
  readonly #inheritedGone = new Set<number>();
  #nextId: number;

  constructor(nextId: number) {
    this.#firstOwnId = Math.max(1, nextId);
    this.#nextId = this.#firstOwnId;
  }

  /** @returns the new timer's id, or the host call's negative result */
  set(undo: UndoLog): number {
    if (this.#pending.size >= LIMITS.timers_per_agent || this.#nextId > ID_MAX) {
      return HOST_LIMIT_EXCEEDED;
    }
    const id = this.#nextId;
    undo.add(() => {
      this.#pending.delete(id);
      // Replayed without the failed message, the agent is given the same ids.
      this.#nextId = id;
    });
    this.#pending.add(id);
    this.#nextId = id + 1;
    return id;
  }

  isPending(id: number): boolean {
    if (id < this.#firstOwnId) return id > 0 && !this.#inheritedGone.has(id);
    return this.#pending.has(id);
  }

  cancel(id: number, undo: UndoLog): void {
    undo.add(() => {
      if (id < this.#firstOwnId) this.#inheritedGone.delete(id);
      else this.#pending.add(id);
    });
    this.#end(id);
  }

  /** The timer came due. @returns false when it was cancelled while it was on its way */
  fire(id: number): boolean {
    const pending = this.isPending(id);
    this.#end(id);
    return pending;
  }

  #end(id: number): void {
    if (id < this.#firstOwnId) this.#inheritedGone.add(id);
    else this.#pending.delete(id);
  }
}
