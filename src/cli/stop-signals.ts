const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Tells of the first SIGINT or SIGTERM; the next ends the process. */
export class StopSignals {
  readonly #controller = new AbortController();
  readonly #stop = (): void => this.#controller.abort();

  constructor() {
    for (const name of STOP_SIGNALS) process.once(name, this.#stop);
  }

  /** Is aborted when the user wants an end, or `dispose` is called. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  dispose(): void {
    this.#stop();
    for (const name of STOP_SIGNALS) process.off(name, this.#stop);
  }
}
