import type { Worker } from 'node:worker_threads';
import { LIMITS } from '../../src/base/limits.js';

/**
 * The worker threads of agents in this process, told from all others by the heap limit that only
 * they have. Watches from when it is made until `close`.
 */
export class AgentThreads {
  readonly #threads = new Set<Worker>();
  readonly #note = (thread: Worker): void => {
    if (thread.resourceLimits?.maxOldGenerationSizeMb !== LIMITS.worker_heap_mb) return;
    this.#threads.add(thread);
    thread.once('exit', () => this.#threads.delete(thread));
  };

  constructor() {
    process.on('worker', this.#note);
  }

  get all(): readonly Worker[] {
    return [...this.#threads];
  }

  /** Ends all of them, wherever they are. */
  async terminateAll(): Promise<void> {
    await Promise.all(this.all.map((thread) => thread.terminate()));
  }

  close(): void {
    process.off('worker', this.#note);
  }
}
