import type { Bar, Latencies, PercentilePoint } from './distribution.js';
import type { SecondFigures } from './measurement.js';

/** All that a benchmark found out, as `--output json` prints it. Times are in the unit they name. */
export interface BenchResult {
  readonly started_at: string;
  /** Whether it was stopped before its end. */
  readonly interrupted: boolean;
  readonly caxton: string;
  readonly server: {
    readonly url: string;
    readonly version: string;
    readonly workers: number;
  };
  readonly machine: {
    readonly processor: string;
    readonly cores: number;
    readonly memory_bytes: number;
    readonly system: string;
    readonly node: string;
  };
  readonly settings: {
    readonly transport: string;
    /** Where gRPC is served; `null` for another transport. */
    readonly grpc: string | null;
    readonly agents: readonly string[];
    readonly wait: boolean;
    readonly persist: boolean;
    readonly performative: string;
    readonly content_bytes: number;
    readonly connections: number;
    readonly in_flight: number;
    readonly threads: number;
    /** `null` = the next message is sent when one is answered. */
    readonly rate_per_second: number | null;
    readonly duration_ms: number;
    /** Messages after which it ends; `null` = by the time alone. */
    readonly count: number | null;
    readonly warmup_ms: number;
    readonly timeout_ms: number;
  };
  /** From the first message that counts to the end, or to the last answer if that came later. */
  readonly elapsed_ms: number;
  readonly messages: {
    readonly sent: number;
    readonly answered: number;
    readonly failed: number;
    /** Due by the rate, and not sent for want of a free place on a connection. */
    readonly unsent: number;
    /** Sent in the warm-up, which does not count. */
    readonly warmup: number;
    readonly answered_per_second: number;
    /** Of all contents that were answered. */
    readonly content_bytes: number;
  };
  /** Replies by their act. */
  readonly replies: Readonly<Record<string, number>>;
  readonly errors: ReadonlyArray<{
    readonly code: string;
    readonly count: number;
    readonly first_message: string;
  }>;
  /** `null` when nothing was answered. */
  readonly latency_us: Latencies | null;
  readonly histogram: readonly Bar[];
  readonly percentiles: readonly PercentilePoint[];
  readonly seconds: readonly SecondFigures[];
  readonly generator: {
    /** Share of the time for which its busiest thread was busy, 0 to 1. */
    readonly utilization: number;
    /** Scheduled messages that it sent late by itself. */
    readonly late: number;
  };
  /** What is to be known of these figures, for people. */
  readonly notes: readonly string[];
}
