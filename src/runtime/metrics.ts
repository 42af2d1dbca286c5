import { availableParallelism, freemem } from 'node:os';
import { monotonicUs, rfc3339, wallMs } from '../base/clock.js';
import { parseDurationMs } from '../base/units.js';
import { VERSION } from '../base/version.js';
import { LatencyHistogram } from '../metrics/latency-histogram.js';
import { RateWindow } from '../metrics/rate.js';
import { MetricsRegistry, type MetricsSnapshot } from '../metrics/registry.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import type { Store } from '../store/store.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import { AGENT_STATES, type AgentState, type ErrorCount } from './types.js';

export interface MetricsParts {
  readonly counters: Counters;
  readonly directory: Directory;
  readonly store: Store;
  readonly channels: () => readonly WorkerChannel[];
  readonly state: () => 'starting' | 'ready' | 'stopping';
}

export interface AgentMetrics {
  readonly messages_processed: number;
  readonly messages_failed: number;
  readonly average_latency_ms: number;
  readonly cpu_usage: { readonly average: number; readonly peak: number };
  readonly memory_usage: { readonly average_mb: number; readonly peak_mb: number };
  readonly errors: readonly ErrorCount[];
}

const SAMPLE_MS = 1_000;
const RATE_SECONDS = 5;
const REPORT_WAIT_MS = 100;
const MEGABYTE = 1e6;

/**
 * Figures of the server and of each agent. Nothing here runs per message: workers record latencies
 * themselves and are asked once a second, counters are sampled then too.
 */
export class RuntimeMetrics {
  readonly #parts: MetricsParts;
  readonly #startedMs = wallMs();
  readonly #queueWait = new LatencyHistogram();
  readonly #handling = new LatencyHistogram();
  readonly #endToEnd = new LatencyHistogram();
  readonly #rate = new RateWindow(RATE_SECONDS);
  readonly #registry: MetricsRegistry;
  readonly #asked = new Set<WorkerChannel>();
  #timer: NodeJS.Timeout | undefined;
  #sampledUs = monotonicUs();
  #cpu = process.cpuUsage();
  #cpuPercent = 0;
  #spawnTotalUs = 0;
  #spawns = 0;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
    this.#registry = new MetricsRegistry({ snapshot: () => this.#snapshot() });
  }

  start(): void {
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** An agent was started; `durationUs` from its compiled module to its readiness. */
  spawned(durationUs: number): void {
    this.#spawnTotalUs += durationUs;
    this.#spawns += 1;
  }

  async #sample(): Promise<void> {
    const nowUs = monotonicUs();
    const elapsedUs = nowUs - this.#sampledUs;
    this.#sampledUs = nowUs;
    const cpu = process.cpuUsage();
    const usedUs = cpu.user + cpu.system - this.#cpu.user - this.#cpu.system;
    this.#cpu = cpu;
    this.#cpuPercent = (100 * usedUs) / elapsedUs / availableParallelism();
    const { counters, directory } = this.#parts;
    this.#rate.sample(counters.processed + counters.failed, nowUs / 1_000);
    const nowMs = wallMs();
    for (const agent of directory.agents()) agent.figures.sample(nowMs, elapsedUs);
    await this.#collect();
  }

  // A worker in the middle of a long message answers late: its figures are then those of the last
  // time, and its answer is added when it comes. One that dies never answers.
  async #collect(): Promise<void> {
    const asked = this.#parts
      .channels()
      .filter((channel) => !channel.dead && !this.#asked.has(channel))
      .map((channel) => this.#ask(channel));
    await Promise.race([Promise.all(asked), sleep(REPORT_WAIT_MS)]);
  }

  async #ask(channel: WorkerChannel): Promise<void> {
    this.#asked.add(channel);
    try {
      const report = await channel.report();
      this.#queueWait.add(report.queueWait);
      this.#handling.add(report.handling);
      this.#endToEnd.add(report.endToEnd);
    } catch {
      // The worker died, and what it had measured since the last time with it.
    } finally {
      this.#asked.delete(channel);
    }
  }

  async system() {
    await this.#collect();
    const { counters, directory, store } = this.#parts;
    const states = this.#states();
    return {
      timestamp: rfc3339(wallMs()),
      agents: { total: directory.size, running: states.running, failed: states.failed },
      messages: {
        total_processed: counters.processed,
        rate_per_second: round(this.#rate.perSecond()),
        queue_size: this.#queued(),
      },
      resources: {
        cpu_usage_percent: round(this.#cpuPercent),
        memory_used_mb: round(process.memoryUsage.rss() / MEGABYTE),
        memory_available_mb: round(freemem() / MEGABYTE),
        disk_used_gb: round(store.stats().diskBytes / 1e9, 6),
      },
      performance: {
        message_latency_p50: round(this.#endToEnd.percentile(50) / 1_000),
        message_latency_p99: round(this.#endToEnd.percentile(99) / 1_000),
        agent_spawn_time_ms: round(this.#spawnMs()),
      },
    };
  }

  /** @param period "1m", "5m", "1h" or "24h" */
  agent(agentId: string, period: string): AgentMetrics {
    const agent = this.#parts.directory.find(agentId);
    const periodMs = parseDurationMs(period, 'period');
    const nowMs = wallMs();
    const elapsedUs = monotonicUs() - this.#sampledUs;
    agent?.figures.sample(nowMs, elapsedUs);
    const totals = agent?.figures.window.totals(nowMs, periodMs);
    const handled = (totals?.processed ?? 0) + (totals?.failed ?? 0);
    const livedMs = Math.min(periodMs, nowMs - (agent?.identity.createdMs ?? nowMs));
    const cpuAverage = livedMs > 0 ? (totals?.handlingUs ?? 0) / 1_000 / livedMs : 0;
    return {
      messages_processed: totals?.processed ?? 0,
      messages_failed: totals?.failed ?? 0,
      average_latency_ms: handled === 0 ? 0 : round((totals?.handlingUs ?? 0) / handled / 1_000),
      cpu_usage: {
        average: round(cpuAverage, 6),
        // A first second that isn't over yet has no sample of its own.
        peak: round(Math.max(totals?.cpuPeak ?? 0, cpuAverage), 6),
      },
      memory_usage: {
        average_mb: round(averageBytes(totals, agent?.memoryBytes) / MEGABYTE),
        peak_mb: round((totals?.memoryPeakBytes || agent?.memoryBytes || 0) / MEGABYTE),
      },
      errors: (agent?.figures.errors() ?? []).filter((error) => error.lastMs >= nowMs - periodMs),
    };
  }

  status() {
    const nowMs = wallMs();
    return {
      status: this.#parts.state(),
      version: VERSION,
      uptime_seconds: Math.floor((nowMs - this.#startedMs) / 1_000),
      workers: this.#parts.channels().length,
      agents: this.#parts.directory.size,
      started_at: rfc3339(this.#startedMs),
    };
  }

  /** The text of `GET /metrics`. */
  async prometheus(): Promise<string> {
    await this.#collect();
    return this.#registry.text();
  }

  #snapshot(): MetricsSnapshot {
    const { counters, store } = this.#parts;
    return {
      messagesAccepted: counters.accepted,
      messagesProcessed: counters.processed,
      messagesFailed: Object.fromEntries(counters.failedByCode),
      deadLetters: counters.deadLetters,
      copiesDropped: counters.copiesDropped,
      agents: this.#states(),
      mailboxMessages: this.#queued(),
      queueWait: this.#queueWait,
      handling: this.#handling,
      endToEnd: this.#endToEnd,
      fuelUsed: counters.fuelUsed,
      agentRestarts: counters.agentRestarts,
      workerRestarts: counters.workerRestarts,
      storePendingRecords: store.stats().pendingRecords,
    };
  }

  #states(): Record<AgentState, number> {
    const states = Object.fromEntries(AGENT_STATES.map((state) => [state, 0])) as Record<
      AgentState,
      number
    >;
    for (const agent of this.#parts.directory.agents()) states[agent.state] += 1;
    return states;
  }

  #queued(): number {
    let queued = 0;
    for (const agent of this.#parts.directory.agents()) queued += agent.queued;
    return queued;
  }

  #spawnMs(): number {
    return this.#spawns === 0 ? 0 : this.#spawnTotalUs / this.#spawns / 1_000;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function averageBytes(
  totals: { memorySumBytes: number; samples: number } | undefined,
  nowBytes = 0,
): number {
  if (totals === undefined || totals.samples === 0) return nowBytes;
  return totals.memorySumBytes / totals.samples;
}

function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
