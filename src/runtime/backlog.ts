import type { Logger } from '../base/log.js';

/**
 * Does what it can now.
 * @param last nothing will be tried again: what there is no room for is refused
 * @returns whether it is done; when not, it is called again from where it stands
 */
export type Attempt = (last: boolean) => boolean;

const RETRY_MS = 2;

/**
 * What agents sent and the history has no room for at the moment, in order. While anything waits
 * here nothing is taken from the workers' rings, so that it is one frame in the usual case, and
 * after the death of a worker no more than its ring held.
 */
export class Backlog {
  readonly #logger: Logger;
  #waiting: Attempt[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Tries at once, unless others wait; keeps for later what there is no room for. */
  push(attempt: Attempt): void {
    if (this.empty && this.#done(attempt)) return;
    this.#waiting.push(attempt);
    this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS);
  }

  /** The server stops: tries all for the last time. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const attempt of waiting) this.#done(attempt);
  }

  #retry(): void {
    this.#timer = undefined;
    let done = 0;
    while (done < this.#waiting.length && this.#done(this.#waiting[done] as Attempt)) done += 1;
    this.#waiting = this.#waiting.slice(done);
    if (!this.empty) this.#timer = setTimeout(() => this.#retry(), RETRY_MS);
  }

  #done(attempt: Attempt): boolean {
    try {
      return attempt(this.#closed) || this.#closed;
    } catch (error) {
      // One that can't be digested must not stop those behind it.
      this.#logger.error({ err: error }, 'a message of an agent could not be handled');
      return true;
    }
  }
}
