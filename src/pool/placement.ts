/** What placement looks at. */
export interface Load {
  readonly index: number;
  readonly agents: number;
  readonly inFlight: number;
}

/** The worker with the fewest agents; among equals the one with less in flight, then the first. */
export function leastLoaded<T extends Load>(loads: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const load of loads) {
    if (
      best === undefined ||
      load.agents < best.agents ||
      (load.agents === best.agents && load.inFlight < best.inFlight)
    ) {
      best = load;
    }
  }
  return best;
}
