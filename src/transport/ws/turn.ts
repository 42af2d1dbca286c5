/** What has something to be done before the event loop goes on. */
export interface Flushable {
  flush(): void;
}

/**
 * Puts off writing to the end of a turn of the event loop, when all sockets that had something were
 * read. A frame that goes to many at once, and what follows it in the same turn, then costs each of
 * them one write: within the handler of one socket the library gathers nothing for the others.
 */
export class Turn {
  #waiting: Flushable[] = [];

  /** To be flushed once when the turn ends. */
  add(one: Flushable): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#end());
    this.#waiting.push(one);
  }

  #end(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.flush();
  }
}
