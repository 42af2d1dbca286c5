import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js';
import type { Failure } from './connection-lane.js';

/** One hour; a longer time counts as this. */
const HIGHEST_US = 3_600_000_000;

export function latencyHistogram(): Histogram {
  return build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  });
}

/** Errors of one code, with the first of them. */
export interface ErrorCount {
  count: number;
  readonly first: Failure;
}

/** A tally in the form in which it crosses to another thread. */
export interface PlainTally {
  readonly latencies: string;
  readonly replies: ReadonlyArray<readonly [string, number]>;
  readonly errors: readonly ErrorCount[];
}

/** What became of messages. */
export class Tally {
  /** In µs, of those that were answered. */
  readonly latencies = latencyHistogram();
  /** How many replies there were by their act, where replies are waited for. */
  readonly replies = new Map<string, number>();
  readonly errors = new Map<string, ErrorCount>();

  get answered(): number {
    return this.latencies.totalCount;
  }

  get failed(): number {
    let sum = 0;
    for (const { count } of this.errors.values()) sum += count;
    return sum;
  }

  success(latency_us: number, replyAct: string | undefined): void {
    this.latencies.recordValue(Math.min(HIGHEST_US, Math.max(1, Math.round(latency_us))));
    if (replyAct === undefined) return;
    this.replies.set(replyAct, (this.replies.get(replyAct) ?? 0) + 1);
  }

  failure(failure: Failure, count = 1): void {
    const known = this.errors.get(failure.code);
    if (known === undefined) this.errors.set(failure.code, { count, first: failure });
    else known.count += count;
  }

  add(other: PlainTally): void {
    this.latencies.add(decodeFromCompressedBase64(other.latencies, 32));
    for (const [act, count] of other.replies) {
      this.replies.set(act, (this.replies.get(act) ?? 0) + count);
    }
    for (const { count, first } of other.errors) this.failure(first, count);
  }

  toPlain(): PlainTally {
    return {
      latencies: encodeIntoCompressedBase64(this.latencies),
      replies: [...this.replies],
      errors: [...this.errors.values()],
    };
  }

  reset(): void {
    this.latencies.reset();
    this.replies.clear();
    this.errors.clear();
  }
}
