import type { LogTail } from './log-tail.js';

/** Until so long after one line the next misses are only counted. */
const TOLD_EVERY_MS = 1_000;

/**
 * Copies for `subscribe_messages` that found no room in an agent's mailbox. Nobody waits for them,
 * so they are told to the agent's log, many in one line: a flood of them must not become another.
 */
export class MissedCopies {
  readonly #log: LogTail;
  #untold = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(log: LogTail) {
    this.#log = log;
  }

  /** @param nowMs milliseconds since the Unix epoch */
  missed(nowMs: number): void {
    this.#untold += 1;
    this.tell(nowMs);
  }

  /** Tells what is untold, unless a line stands there since less than a second. */
  tell(nowMs: number): void {
    if (this.#untold === 0 || nowMs - this.#toldMs < TOLD_EVERY_MS) return;
    this.#log.push({
      timestampMs: nowMs,
      level: 'error',
      text: `${this.#untold} copies that subscribe_messages asked for were dropped: the mailbox was full`,
    });
    this.#untold = 0;
    this.#toldMs = nowMs;
  }
}
