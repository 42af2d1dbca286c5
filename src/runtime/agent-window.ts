import { type EncodedLatencies, mergeLatencies } from '../metrics/latency-counts.js';
import { RollingWindow, type Shape } from './rolling-window.js';

/** What an agent did in some stretch of time. */
export interface AgentTotals {
  processed: number;
  failed: number;
  handlingUs: number;
  /** From acceptance to the end of handling, all messages together. */
  latencyUs: number;
  /** Highest share of one core in a second. */
  cpuPeak: number;
  memoryPeakBytes: number;
  /** Of so many samples, which are taken only while the agent does something. */
  memorySumBytes: number;
  samples: number;
  latencies: EncodedLatencies | undefined;
}

const BUCKET_BYTES = 160;
/** Of a text, beside its characters. */
const TEXT_BYTES = 24;

const SHAPE: Shape<AgentTotals> = {
  empty: () => ({
    processed: 0,
    failed: 0,
    handlingUs: 0,
    latencyUs: 0,
    cpuPeak: 0,
    memoryPeakBytes: 0,
    memorySumBytes: 0,
    samples: 0,
    latencies: undefined,
  }),
  merge: (into, from) => {
    into.processed += from.processed;
    into.failed += from.failed;
    into.handlingUs += from.handlingUs;
    into.latencyUs += from.latencyUs;
    into.memorySumBytes += from.memorySumBytes;
    into.samples += from.samples;
    into.cpuPeak = Math.max(into.cpuPeak, from.cpuPeak);
    into.memoryPeakBytes = Math.max(into.memoryPeakBytes, from.memoryPeakBytes);
    into.latencies = mergeLatencies(into.latencies, from.latencies);
  },
  bytes: ({ latencies }) => BUCKET_BYTES + TEXT_BYTES + (latencies?.length ?? 0),
};

/** The last day of one agent. @param originMs where its buckets begin */
export function agentWindow(originMs: number): RollingWindow<AgentTotals> {
  return new RollingWindow(SHAPE, originMs);
}

export function mergeTotals(into: AgentTotals, from: AgentTotals): void {
  SHAPE.merge(into, from);
}

export function emptyTotals(): AgentTotals {
  return SHAPE.empty();
}
