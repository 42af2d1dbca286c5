import { isAgentId } from '../base/ids.js';

/**
 * Names of clients: whoever sent a message, polled the history under a name, or claimed one on a
 * WebSocket. Messages to them are accepted; they find them in the history and in their streams.
 */
export class Clients {
  readonly #limit: number;
  readonly #seen = new Set<string>();
  readonly #claims = new Map<string, number>();

  /** @param limit how many names are remembered; the first remembered are forgotten first */
  constructor(limit: number) {
    this.#limit = limit;
  }

  has(name: string): boolean {
    return this.#seen.has(name) || this.#claims.has(name);
  }

  see(name: string): void {
    // Who polls for an agent that was removed, or sent its messages, must not bring it back as a client.
    if (this.#seen.has(name) || isAgentId(name)) return;
    if (this.#seen.size >= this.#limit) {
      this.#seen.delete(this.#seen.values().next().value as string);
    }
    this.#seen.add(name);
  }

  /** A connection takes a name; several may hold the same. */
  claim(name: string): void {
    this.#claims.set(name, (this.#claims.get(name) ?? 0) + 1);
  }

  /** Whether it is remembered from then on, as one that was seen, is for the caller to say. */
  release(name: string): void {
    const holders = (this.#claims.get(name) ?? 0) - 1;
    if (holders > 0) this.#claims.set(name, holders);
    else this.#claims.delete(name);
  }
}
