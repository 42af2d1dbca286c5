import type { PendingStore } from '../store/store.js';
import type { Backlog } from './backlog.js';

const MARKS = 2 ** 32;

/**
 * Messages that are on disk, or on their way there, until their agents have handled them: those that
 * were sent with `persist`, and those that a stop of the server left. Each has a number. Frames carry
 * its last 32 bits as their mark, which name one message, since no others are under way at a time.
 */
export class Pending {
  readonly #store: PendingStore;
  readonly #backlog: Backlog;
  #last = 0;

  constructor(store: PendingStore, backlog: Backlog) {
    this.#store = store;
    this.#backlog = backlog;
  }

  static markOf(number: number): number {
    return number % MARKS;
  }

  /** Numbers from here on are greater. */
  continueAfter(number: number): void {
    this.#last = number;
  }

  /** A number for a message that the caller hands to the store under it. */
  next(): number {
    this.#last += 1;
    if (Pending.markOf(this.#last) === 0) this.#last += 1;
    return this.#last;
  }

  /**
   * Keeps a message by itself.
   * @param bytes its binary form
   * @param promised it can't be refused any more
   * @returns its number
   * @throws CaxtonError UNAVAILABLE when it is not promised and the store is too far behind
   */
  keep(bytes: Buffer, promised: boolean): number {
    const number = this.next();
    this.#store.put({ number, starts: 0, bytes }, promised);
    return number;
  }

  /**
   * The message has been handled, or is a dead letter. Told behind what came of it, so that after a
   * crash it may be handled once more, but what it did is never missing.
   * @param mark of its frame; 0 = it isn't pending
   */
  handled(mark: number): void {
    if (mark === 0) return;
    const number = this.#last - ((this.#last - mark) >>> 0);
    if (this.#backlog.empty) {
      this.#store.handled(number);
      return;
    }
    this.#backlog.push(() => {
      this.#store.handled(number);
      return true;
    });
  }
}
