/**
 * Whoever waits for an answer, and may leave before it comes. An AbortSignal would say the same,
 * but making one and listening to it takes several microseconds, for every request that waits.
 */
export interface Caller {
  readonly gone: boolean;
  /** What it waits for: one thing at a time, told once when the caller leaves. */
  waiting: Awaited | undefined;
}

/**
 * An object that is there anyway. A function that is made for each wait would keep alive, through
 * what it closes over, the requests of a whole collection: they'd all be promoted for nothing.
 */
export interface Awaited {
  callerGone(): void;
}
