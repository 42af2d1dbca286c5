/**
 * Whoever waits for an answer, and may leave before it comes. An AbortSignal would say the same,
 * but making one and listening to it takes several microseconds, for every request that waits.
 */
export interface Caller {
  readonly gone: boolean;
  /** Called once when the caller leaves. It waits for one thing at a time, so there is one place. */
  whenGone: (() => void) | undefined;
}
