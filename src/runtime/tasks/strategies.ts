/** How the winner is chosen among those who bid. */
export const STRATEGIES = Object.freeze([
  'best_bid',
  'lowest_cost',
  'first_bid',
  'round_robin',
] as const);
export type Strategy = (typeof STRATEGIES)[number];

export interface Bid {
  readonly agentId: string;
  /** Seconds that the bidder expects to take. */
  readonly estimatedTimeS: number;
  /** In units of the bidders' own agreement; undefined = not said. */
  readonly cost: number | undefined;
  /** From 0 to 1 that it will be done in that time; undefined = not said. */
  readonly confidence: number | undefined;
  /** What an answer to the proposal carries as in_reply_to. */
  readonly replyWith: string;
}

/**
 * When a participant was last awarded a task, as a number that grows with each award of the
 * server; 0 = never.
 */
export type LastAwardOf = (agentId: string) => number;

/**
 * The bids in the order in which they are to win, best first. Bids that are equal keep the order in
 * which they came.
 */
export function rank(
  strategy: Strategy,
  bids: readonly Bid[],
  lastAwardOf: LastAwardOf,
): readonly Bid[] {
  switch (strategy) {
    case 'best_bid':
      return [...bids].sort((a, b) => ascending(worth(b), worth(a)));
    case 'lowest_cost':
      return [...bids].sort((a, b) => ascending(costOf(a), costOf(b)));
    case 'first_bid':
      return bids;
    case 'round_robin':
      return [...bids].sort((a, b) => ascending(lastAwardOf(a.agentId), lastAwardOf(b.agentId)));
  }
}

/** Confidence per second. A bid that names no confidence is taken at its word. */
function worth(bid: Bid): number {
  const confidence = bid.confidence ?? 1;
  return confidence === 0 ? 0 : confidence / bid.estimatedTimeS;
}

/** A bid that names no cost comes behind all that do. */
function costOf(bid: Bid): number {
  return bid.cost ?? Number.POSITIVE_INFINITY;
}

// Not a difference: of two infinite values there is none.
function ascending(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
