import { wallMs } from '../base/clock.js';
import type { Store } from '../store/store.js';
import type { Agent } from './agent.js';

export interface Removal {
  readonly agentId: string;
  readonly removedMs: number;
}

/** Removals of agents: those under way, and those that aren't on disk yet, as far as somebody knows. */
export class Removals {
  readonly #store: Store;
  readonly #underWay = new Set<Promise<void>>();
  /** By id and name. */
  readonly #unwritten = new Map<string, Removal>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** What a stop of the server waits for. */
  get underWay(): ReadonlyArray<Promise<void>> {
    return [...this.#underWay];
  }

  async track(removal: Promise<void>): Promise<void> {
    this.#underWay.add(removal);
    try {
      await removal;
    } finally {
      this.#underWay.delete(removal);
    }
  }

  /**
   * The agent is gone.
   * @returns when that is on disk
   * @throws CaxtonError UNAVAILABLE; `again` then knows of it
   */
  async removed(agent: Agent): Promise<Removal> {
    const removal = { agentId: agent.id, removedMs: wallMs() };
    const names = [agent.id, agent.name];
    for (const each of names) this.#unwritten.set(each, removal);
    await this.#store.durable();
    for (const each of names) {
      if (this.#unwritten.get(each) === removal) this.#unwritten.delete(each);
    }
    return removal;
  }

  /**
   * Waits for the disk once more, for who repeats a removal.
   * @returns undefined when no removal of that name waits for it
   * @throws CaxtonError UNAVAILABLE
   */
  async again(name: string): Promise<Removal | undefined> {
    const former = this.#unwritten.get(name);
    if (former === undefined) return undefined;
    await this.#store.durable();
    this.#unwritten.clear();
    return former;
  }
}
