/** How often, over a long and over a short time. */
export interface RatePolicy {
  /** Calls in each window, over a long time. */
  readonly limit: number;
  readonly window_ms: number;
  /** Calls that may come at once after a pause. */
  readonly burst: number;
}

/** Sums of fractions come a little short of the whole they stand for. */
const NEARLY = 1e-9;

/**
 * A token bucket: holds at most `burst` calls and gains `limit` in each window. Nothing is
 * allocated by a call. Times are wall time in milliseconds, so that one reading of the clock also
 * says when the bucket is full; a clock that is set back costs what the bucket gained since.
 */
export class TokenBucket {
  readonly policy: RatePolicy;
  readonly #gainedPerMs: number;
  #calls: number;
  #countedMs: number;

  constructor(policy: RatePolicy, nowMs: number) {
    this.policy = policy;
    this.#gainedPerMs = policy.limit / policy.window_ms;
    this.#calls = policy.burst;
    this.#countedMs = nowMs;
  }

  /** Takes one call, if there is one. */
  take(nowMs: number): boolean {
    this.#gain(nowMs);
    if (this.#calls < 1 - NEARLY) return false;
    this.#calls = Math.max(0, this.#calls - 1);
    return true;
  }

  /** Takes as many calls as there are, up to `count`. @returns how many */
  takeUpTo(count: number, nowMs: number): number {
    this.#gain(nowMs);
    const taken = Math.min(count, this.remaining);
    this.#calls = Math.max(0, this.#calls - taken);
    return taken;
  }

  /** Calls that could be taken at once, as of the last one counted. */
  get remaining(): number {
    return Math.floor(this.#calls + NEARLY);
  }

  /** When all of the burst is there again. */
  get fullAtMs(): number {
    return this.#countedMs + (this.policy.burst - this.#calls) / this.#gainedPerMs;
  }

  /** From the last call counted until one more can be taken; 0 = now. */
  get waitMs(): number {
    return Math.max(0, (1 - this.#calls) / this.#gainedPerMs);
  }

  #gain(nowMs: number): void {
    const passedMs = nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    if (passedMs <= 0) return;
    this.#calls = Math.min(this.policy.burst, this.#calls + passedMs * this.#gainedPerMs);
  }
}
