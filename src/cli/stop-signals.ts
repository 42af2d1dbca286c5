import { monotonicMs } from '../base/clock.js';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Signals this soon after the first are the same wish to stop: `timeout` of GNU sends one to its
 * child and one to its child's group, and a shell one to all that run in it.
 */
const SAME_WISH_MS = 500;

/** Tells of the first SIGINT or SIGTERM; a later one ends the process. */
export class StopSignals {
  readonly #controller = new AbortController();
  readonly #beforeEnd: () => void;
  #first_ms: number | undefined;

  /** @param beforeEnd is called before the process ends with its work undone */
  constructor(beforeEnd: () => void = () => undefined) {
    this.#beforeEnd = beforeEnd;
    for (const name of STOP_SIGNALS) process.on(name, this.#take);
  }

  /** Is aborted when the user wants an end, or `dispose` is called. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    this.#controller.abort();
    for (const name of STOP_SIGNALS) process.off(name, this.#take);
  }

  readonly #take = (name: NodeJS.Signals): void => {
    const now = monotonicMs();
    this.#first_ms ??= now;
    this.#controller.abort();
    if (now - this.#first_ms < SAME_WISH_MS) return;
    this.#beforeEnd();
    this.dispose();
    // Whoever started the process sees that the signal ended it.
    process.kill(process.pid, name);
  };
}
