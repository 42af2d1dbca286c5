/** How failed attempts are repeated. */
export interface RetryPolicy {
  /** Attempts beside the first; 0 = none. */
  readonly retries: number;
  /** The first pause is at most this; each further one at most twice the one before. */
  readonly minDelayMs: number;
  /** No pause is longer; a server that asks for a longer one gets no further attempt. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = Object.freeze({
  // About ten seconds in all: longer than a server takes to be restarted.
  retries: 7,
  minDelayMs: 100,
  maxDelayMs: 10_000,
});

/**
 * Attempts beside the first at a server that never answered and takes no connections, which is most
 * likely not there: about a second. A number of retries that is given holds for it too.
 */
export const FIRST_CONTACT_RETRIES = 4;

/**
 * The pause before a further attempt: of the time that doubles with each, a random share of at
 * least a half, so that clients which failed together don't come back together.
 * @param attempt 0 for the first repetition
 */
export function backoffMs(
  { minDelayMs, maxDelayMs }: RetryPolicy,
  attempt: number,
  random: () => number = Math.random,
): number {
  const most = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt, 30));
  return most * (0.5 + random() / 2);
}
