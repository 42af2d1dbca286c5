/** Part of an interval: a time that falls on a message's own but for rounding is not after it. */
const ROUNDING = 1e-6;

/**
 * When the messages of a fixed rate are due, for one of the threads that share it: the threads take
 * turns, so that the messages of all of them together are evenly apart.
 */
export class Schedule {
  /** When the first one is due. */
  readonly #begin_ms: number;
  readonly #interval_ms: number;
  #next = 0;

  /** @param rate messages in a second of all threads together */
  constructor(begin_ms: number, rate: number, thread = 0, threads = 1) {
    this.#interval_ms = (threads * 1_000) / rate;
    this.#begin_ms = begin_ms + (thread * 1_000) / rate;
  }

  /** When the next message is due, whether or not the one before was sent in time. */
  get due_ms(): number {
    return this.#begin_ms + this.#next * this.#interval_ms;
  }

  /** The next message is sent. */
  advance(): void {
    this.#next += 1;
  }

  /** Whether the next message is due before a time. */
  isBefore(time_ms: number): boolean {
    return this.#next < this.#countBefore(time_ms);
  }

  /** Messages that are due before `end_ms` and were not sent. */
  dueBefore(end_ms: number): number {
    return Math.max(0, this.#countBefore(end_ms) - this.#next);
  }

  /** Passes over the messages that are due before a time and were not sent. */
  dropBefore(time_ms: number): void {
    this.#next = Math.max(this.#next, this.#countBefore(time_ms));
  }

  /** Messages due before a time, sent or not. */
  #countBefore(time_ms: number): number {
    return Math.ceil((time_ms - this.#begin_ms) / this.#interval_ms - ROUNDING);
  }
}

/** A timer of Node.js fires a whole millisecond late or so. */
export const TIMER_SLACK_MS = 2;

/**
 * From when the latency of a scheduled message is counted: from when it was due, however late it is
 * sent, for whatever holds back the next message is what a user would wait for. Only a timer's own
 * inaccuracy is left out, which is the generator's and not the server's: the message then found a
 * free place on a connection all the time since it was due.
 * @param blockedUntil_ms when the last time without a free place ended
 */
export function countedFrom(due_ms: number, now_ms: number, blockedUntil_ms: number): number {
  const isTimersDelay = blockedUntil_ms <= due_ms && now_ms - due_ms <= TIMER_SLACK_MS;
  return isTimersDelay ? Math.max(due_ms, now_ms) : due_ms;
}
