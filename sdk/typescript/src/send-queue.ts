import { CaxtonError } from './error.js';
import { randomKey } from './random-key.js';

/** Largest message that goes into a frame, which the server bounds at 16 MiB, with room to spare. */
const MESSAGE_BYTES_MAX = 15 * 1024 * 1024;

/** A message from its send to its answer. */
export interface PendingSend {
  /** Its place among all of the channel. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly resolve: (sent: { readonly message_id: string }) => void;
  readonly reject: (error: unknown) => void;
  readonly unlisten: (() => void) | undefined;
  settled: boolean;
}

/** Messages of a fast channel in their order, and how many of them there may be. */
export class SendQueue {
  readonly #maxPending: number;
  readonly #maxPendingBytes: number;
  readonly #keyHead = randomKey();
  #waiting: PendingSend[] = [];
  #sequence = 0;
  #pending = 0;
  #pendingBytes = 0;
  #roomWaiters: Array<() => void> = [];
  #idleWaiters: Array<() => void> = [];

  constructor(maxPending: number, maxPendingBytes: number) {
    this.#maxPending = maxPending;
    this.#maxPendingBytes = maxPendingBytes;
  }

  get pending(): number {
    return this.#pending;
  }

  /** For the next message that is added. */
  nextKey(): string {
    return `${this.#keyHead}-${this.#sequence + 1}`;
  }

  /** @throws CaxtonError RESOURCE_LIMIT_EXCEEDED when there is no room */
  add(
    bytes: Uint8Array,
    resolve: PendingSend['resolve'],
    reject: PendingSend['reject'],
    signal: AbortSignal | undefined,
  ): void {
    if (bytes.length > MESSAGE_BYTES_MAX) {
      throw limitExceeded(`The message has ${bytes.length} bytes`, MESSAGE_BYTES_MAX);
    }
    if (!this.#hasRoom()) {
      const what = `${this.#pending} messages wait; await ready() before each send`;
      throw limitExceeded(what, this.#maxPending);
    }
    let unlisten: (() => void) | undefined;
    if (signal !== undefined) {
      const abort = (): void => this.fail(entry, signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      unlisten = () => signal.removeEventListener('abort', abort);
    }
    const sequence = ++this.#sequence;
    const entry: PendingSend = { sequence, bytes, resolve, reject, unlisten, settled: false };
    // Those that were taken back while there was no connection.
    if (this.#waiting.length > 2 * this.#maxPending) {
      this.#waiting = this.#waiting.filter(({ settled }) => !settled);
    }
    this.#waiting.push(entry);
    this.#pending += 1;
    this.#pendingBytes += bytes.length;
  }

  /** The next ones to go; at least one when any waits, however large. */
  take(mostMessages: number, mostBytes: number): PendingSend[] {
    const taken: PendingSend[] = [];
    let bytes = 0;
    let looked = 0;
    for (const entry of this.#waiting) {
      const fits = taken.length === 0 || bytes + entry.bytes.length <= mostBytes;
      if (taken.length === mostMessages || !fits) break;
      looked += 1;
      // Those that were taken back meanwhile.
      if (entry.settled) continue;
      taken.push(entry);
      bytes += entry.bytes.length;
    }
    this.#waiting.splice(0, looked);
    return taken;
  }

  /** In front of those that came after them. */
  putBack(entries: readonly PendingSend[]): void {
    const open = entries.filter((entry) => !entry.settled);
    this.#waiting = [...open, ...this.#waiting].sort((a, b) => a.sequence - b.sequence);
  }

  succeed(entry: PendingSend, messageId: string): void {
    if (this.#settle(entry)) entry.resolve({ message_id: messageId });
  }

  fail(entry: PendingSend, error: unknown): void {
    if (this.#settle(entry)) entry.reject(error);
  }

  failAll(error: unknown): void {
    for (const entry of this.#waiting.splice(0)) this.fail(entry, error);
  }

  whenRoom(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  whenIdle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #hasRoom(): boolean {
    return this.#pending < this.#maxPending && this.#pendingBytes < this.#maxPendingBytes;
  }

  #settle(entry: PendingSend): boolean {
    if (entry.settled) return false;
    entry.settled = true;
    entry.unlisten?.();
    this.#pending -= 1;
    this.#pendingBytes -= entry.bytes.length;
    if (this.#hasRoom()) {
      // No more than there is room for: each of them sends one.
      const room = this.#maxPending - this.#pending;
      for (const wake of this.#roomWaiters.splice(0, room)) wake();
    }
    if (this.#pending === 0) for (const wake of this.#idleWaiters.splice(0)) wake();
    return true;
  }
}

function limitExceeded(what: string, limit: number): CaxtonError {
  return new CaxtonError({
    code: 'RESOURCE_LIMIT_EXCEEDED',
    message: `${what}; the limit is ${limit}.`,
    details: { limit },
  });
}
