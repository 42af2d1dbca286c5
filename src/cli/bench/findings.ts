import { arch, cpus, release, totalmem, type } from 'node:os';
import { VERSION } from '../../base/version.js';
import { barsOf, latenciesOf, percentileCurve } from './distribution.js';
import type { Measurement } from './measurement.js';
import { notesOn } from './notes.js';
import type { BenchResult } from './result.js';
import { type BenchSettings, isGrpc } from './settings.js';

/** What is known at the end of a load. */
export interface Findings {
  readonly settings: BenchSettings;
  readonly agents: readonly string[];
  readonly server: { readonly version: string; readonly workers: number };
  readonly measurement: Measurement;
  readonly startedAt: Date;
  readonly elapsed_ms: number;
  readonly interrupted: boolean;
}

export function resultOf(findings: Findings): BenchResult {
  const { settings, measurement, server, elapsed_ms } = findings;
  const { total, series, sent, warmed, unsent, utilization, late } = measurement;
  const { answered, failed } = total;
  const content_bytes = contentBytes(settings);
  const result = {
    started_at: findings.startedAt.toISOString(),
    interrupted: findings.interrupted,
    caxton: VERSION,
    server: { url: settings.server.url, version: server.version, workers: server.workers },
    machine: machine(),
    settings: settingsOf(settings, findings.agents, content_bytes),
    elapsed_ms: Math.round(elapsed_ms),
    messages: {
      ...{ sent, answered, failed, unsent, warmup: warmed },
      answered_per_second: round(elapsed_ms === 0 ? 0 : (answered / elapsed_ms) * 1_000),
      content_bytes: answered * content_bytes,
    },
    replies: Object.fromEntries(total.replies),
    errors: [...total.errors.values()]
      .map(({ count, first }) => ({ code: first.code, count, first_message: first.message }))
      .sort((a, b) => b.count - a.count),
    latency_us: answered === 0 ? null : latenciesOf(total.latencies),
    histogram: barsOf(total.latencies),
    percentiles: percentileCurve(total.latencies),
    seconds: series,
    generator: { utilization: Math.round(utilization * 1_000) / 1_000, late },
  };
  return { ...result, notes: notesOn(result) };
}

function settingsOf(
  { transport, grpc, message, load }: BenchSettings,
  agents: readonly string[],
  content_bytes: number,
): BenchResult['settings'] {
  const { wait, persist, performative, timeout_ms } = message;
  return {
    transport,
    grpc: isGrpc(transport) ? grpc : null,
    ...{ agents, wait, persist, performative, content_bytes },
    connections: load.connections,
    in_flight: load.inFlight,
    threads: load.threads,
    rate_per_second: load.rate ?? null,
    duration_ms: load.duration_ms,
    count: load.count ?? null,
    warmup_ms: load.warmup_ms,
    timeout_ms,
  };
}

function machine(): BenchResult['machine'] {
  const processors = cpus();
  return {
    processor: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memory_bytes: totalmem(),
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
  };
}

/** A content's length as JSON. */
function contentBytes({ message }: BenchSettings): number {
  const { value } = message.content;
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

const round = (value: number): number => Math.round(value * 10) / 10;
