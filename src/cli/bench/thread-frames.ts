import type { Failure } from './connection-lane.js';
import type { PlainTally } from './tally.js';

/** What the main thread tells the threads that make the load. Times are those of `monotonicMs`. */
export type ToThread =
  | {
      readonly type: 'begin';
      readonly begin_ms: number;
      /** When what is sent begins to count. */
      readonly measure_ms: number;
      readonly end_ms: number;
    }
  /** Sends no more, waits a moment for what is under way, and tells what it has. */
  | { readonly type: 'stop' };

/** What they tell the main thread. */
export type FromThread =
  /** All connections are there. */
  | { readonly type: 'ready' }
  | { readonly type: 'refused'; readonly failure: Failure }
  | Second
  | Done;

/** What was answered within one second. */
export interface Second {
  readonly type: 'second';
  /** From 0, when it begins to count. */
  readonly second: number;
  readonly tally: PlainTally;
  /** Messages under way at its end. */
  readonly inFlight: number;
}

export interface Done {
  readonly type: 'done';
  /** The one that it did not tell of yet, */
  readonly second: number;
  /** and what was answered in it. */
  readonly tally: PlainTally;
  readonly sent: number;
  readonly warmed: number;
  readonly unsent: number;
  readonly late: number;
  /** Share of the time for which the thread was busy, 0 to 1. */
  readonly utilization: number;
  /** When the last message was answered. */
  readonly ended_ms: number;
}
