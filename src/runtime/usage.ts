/**
 * Something that runs while somebody uses it, and a while longer: whoever lost a connection shall
 * find it running when it is back.
 */
export class Usage {
  readonly #lingerMs: number;
  readonly #start: () => void;
  readonly #stop: () => void;
  #users = 0;
  #lingering: NodeJS.Timeout | undefined;

  constructor(lingerMs: number, start: () => void, stop: () => void) {
    this.#lingerMs = lingerMs;
    this.#start = start;
    this.#stop = stop;
  }

  /** @returns what ends this use */
  begin(): () => void {
    this.#users += 1;
    if (this.#lingering !== undefined) {
      clearTimeout(this.#lingering);
      this.#lingering = undefined;
    } else if (this.#users === 1) this.#start();
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      this.#end();
    };
  }

  #end(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    const stop = (): void => {
      this.#lingering = undefined;
      this.#stop();
    };
    this.#lingering = setTimeout(stop, this.#lingerMs).unref();
  }
}
