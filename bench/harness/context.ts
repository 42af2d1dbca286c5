import type { Measured } from './row.js';

/** What a suite is run with. */
export interface Context {
  /** A run of a second or so that shows that the benchmark works; its figures mean little. */
  readonly smoke: boolean;
  /** How often each contestant has its turn. */
  readonly rounds: number;
  /** How long one turn takes, in seconds: as given in a full run, shorter in a smoke run. */
  seconds(full: number): number;
  report(measured: Measured): void;
}

export interface Suite {
  run(context: Context): Promise<void>;
}

const ROUNDS = 5;
// wrk and h2load count in whole seconds and take one.
const SMOKE_SECONDS = 0.4;

export function makeContext(smoke: boolean, report: (measured: Measured) => void): Context {
  return {
    smoke,
    rounds: smoke ? 1 : ROUNDS,
    seconds: (full) => (smoke ? Math.min(SMOKE_SECONDS, full) : full),
    report,
  };
}
