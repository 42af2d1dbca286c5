import { LatencyCounts } from '../metrics/latency-counts.js';
import type { Agent } from './agent.js';
import type { ErrorCount } from './types.js';

/** What one agent did in some period; docs/metrics.md defines each figure. */
export interface AgentMetrics {
  readonly messages_processed: number;
  readonly messages_failed: number;
  readonly average_latency_ms: number;
  readonly latency_p50_ms: number;
  readonly latency_p99_ms: number;
  readonly average_handling_ms: number;
  readonly cpu_usage: { readonly average: number; readonly peak: number };
  readonly memory_usage: { readonly average_mb: number; readonly peak_mb: number };
  readonly errors: readonly ErrorCount[];
}

const MEGABYTE = 1e6;

/**
 * Reads an agent's figures of the last `periodMs`, and changes nothing.
 * @param nowMs on a clock that never steps
 */
export function agentMetrics(agent: Agent, nowMs: number, periodMs: number): AgentMetrics {
  const { figures } = agent;
  const totals = figures.totals(nowMs, periodMs);
  const handled = totals.processed + totals.failed;
  const latencies = new LatencyCounts();
  if (totals.latencies !== undefined) latencies.add(totals.latencies);
  const spanMs = nowMs - figures.beginningMs(nowMs, periodMs);
  const cpuAverage = spanMs > 0 ? totals.handlingUs / 1_000 / spanMs : 0;
  const memoryBytes =
    totals.samples === 0 ? agent.memoryBytes : totals.memorySumBytes / totals.samples;
  return {
    messages_processed: totals.processed,
    messages_failed: totals.failed,
    average_latency_ms: perMessageMs(totals.latencyUs, handled),
    latency_p50_ms: round(latencies.percentileUs(50) / 1_000),
    latency_p99_ms: round(latencies.percentileUs(99) / 1_000),
    average_handling_ms: perMessageMs(totals.handlingUs, handled),
    cpu_usage: {
      average: round(cpuAverage, 6),
      // What is younger than a second is in no sample yet.
      peak: round(Math.max(totals.cpuPeak, cpuAverage), 6),
    },
    memory_usage: {
      average_mb: round(memoryBytes / MEGABYTE),
      peak_mb: round(Math.max(totals.memoryPeakBytes, agent.memoryBytes) / MEGABYTE),
    },
    errors: figures.errors(nowMs, periodMs),
  };
}

function perMessageMs(totalUs: number, messages: number): number {
  return messages === 0 ? 0 : round(totalUs / messages / 1_000);
}

function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
