import { availableParallelism, freemem } from 'node:os';
import { monotonicMs, rfc3339, wallMs } from '../base/clock.js';
import { agentNotFound } from '../base/errors.js';
import { residentBytes } from '../base/resident-memory.js';
import { parseDurationMs } from '../base/units.js';
import { VERSION } from '../base/version.js';
import { RateWindow } from '../metrics/rate.js';
import type { MetricsRegistry, MetricsSnapshot } from '../metrics/registry.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import type { Store } from '../store/store.js';
import type { AgentActivity } from './agent-activity.js';
import { type AgentMetrics, agentMetrics } from './agent-metrics.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import { AGENT_STATES, type AgentState } from './types.js';
import { WorkerLatencies } from './worker-latencies.js';

/** What is there now and counted where it lives. */
export type RuntimeGauges = Pick<
  MetricsSnapshot,
  | 'deploymentsUnderWay'
  | 'tasks'
  | 'conversationsTracked'
  | 'repliesAwaited'
  | 'waitingCallers'
  | 'eventSubscriptions'
  | 'agentSubscriptions'
>;

export interface MetricsParts {
  readonly activity: AgentActivity;
  readonly counters: Counters;
  readonly directory: Directory;
  readonly store: Store;
  readonly channels: () => readonly WorkerChannel[];
  readonly state: () => 'starting' | 'ready' | 'stopping';
  readonly gauges: () => RuntimeGauges;
}

const SAMPLE_MS = 1_000;
const RATE_SECONDS = 5;
const MEGABYTE = 1e6;

/**
 * Figures of the server and of each agent. Nothing here runs per message: workers record latencies
 * themselves and are asked once a second, counters are sampled then too. Reading changes nothing.
 */
export class RuntimeMetrics {
  readonly #parts: MetricsParts;
  readonly #startedMs = wallMs();
  readonly #latencies: WorkerLatencies;
  readonly #rate = new RateWindow(RATE_SECONDS);
  /** Made when somebody scrapes, for its library is not small. */
  #registry: Promise<MetricsRegistry> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sampledMs = monotonicMs();
  #cpu = process.cpuUsage();
  #cpuPercent = 0;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
    this.#latencies = new WorkerLatencies(parts.channels);
  }

  start(): void {
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Calls were refused because their caller was over its rate. */
  rateLimited(rateClass: string, calls: number): void {
    this.#parts.counters.rateLimited(rateClass, calls);
  }

  async #sample(): Promise<void> {
    const { activity, counters } = this.#parts;
    const nowMs = monotonicMs();
    const elapsedUs = (nowMs - this.#sampledMs) * 1_000;
    this.#sampledMs = nowMs;
    const cpu = process.cpuUsage();
    const usedUs = cpu.user + cpu.system - this.#cpu.user - this.#cpu.system;
    this.#cpu = cpu;
    this.#cpuPercent = (100 * usedUs) / elapsedUs / availableParallelism();
    this.#rate.sample(counters.processed + counters.failed, nowMs);
    activity.sample(nowMs);
    await this.#latencies.collect();
  }

  async system() {
    await this.#latencies.collect();
    const { counters, directory, store } = this.#parts;
    const states = this.#states();
    const { recent } = this.#latencies.endToEnd.summary(monotonicMs());
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
        memory_used_mb: round(residentBytes() / MEGABYTE),
        memory_available_mb: round(freemem() / MEGABYTE),
        disk_used_gb: round(store.stats().diskBytes / 1e9, 6),
      },
      performance: {
        message_latency_p50: round(recent.percentile(50) / 1_000),
        message_latency_p99: round(recent.percentile(99) / 1_000),
        agent_spawn_time_ms: round(this.#spawnMs()),
      },
    };
  }

  /**
   * @param period "1m", "5m", "1h" or "24h"
   * @throws CaxtonError AGENT_NOT_FOUND
   */
  agent(agentId: string, period: string): AgentMetrics {
    const agent = this.#parts.directory.find(agentId);
    if (agent === undefined) throw agentNotFound(agentId);
    return agentMetrics(agent, monotonicMs(), parseDurationMs(period, 'period'));
  }

  status() {
    const nowMs = wallMs();
    const state = this.#parts.state();
    const { trouble } = this.#parts.store;
    return {
      status: state === 'ready' && trouble !== undefined ? ('degraded' as const) : state,
      ...(trouble !== undefined && { reason: `The store can’t write: ${trouble}` }),
      version: VERSION,
      uptime_seconds: Math.floor((nowMs - this.#startedMs) / 1_000),
      workers: this.#parts.channels().length,
      agents: this.#parts.directory.size,
      started_at: rfc3339(this.#startedMs),
    };
  }

  /** The text of `GET /metrics`. */
  async prometheus(): Promise<string> {
    await this.#latencies.collect();
    this.#registry ??= this.#makeRegistry();
    return (await this.#registry).text();
  }

  async #makeRegistry(): Promise<MetricsRegistry> {
    const { MetricsRegistry } = await import('../metrics/registry.js');
    return new MetricsRegistry({ snapshot: () => this.#snapshot() });
  }

  #snapshot(): MetricsSnapshot {
    const { activity, counters, store, gauges, channels } = this.#parts;
    const { queueWait, handling, endToEnd } = this.#latencies;
    const nowMs = monotonicMs();
    return {
      ...gauges(),
      messagesAccepted: counters.accepted,
      messagesProcessed: counters.processed,
      messagesFailed: Object.fromEntries(counters.failedByCode),
      deadLetters: counters.deadLetters,
      copiesDropped: counters.copiesDropped,
      agents: this.#states(),
      mailboxMessages: this.#queued(),
      queueWait: queueWait.summary(nowMs),
      handling: handling.summary(nowMs),
      endToEnd: endToEnd.summary(nowMs),
      fuelUsed: counters.fuelUsed,
      agentRestarts: counters.agentRestarts,
      workerRestarts: counters.workerRestarts,
      storePendingRecords: store.stats().pendingRecords,
      storeFailing: store.trouble === undefined ? 0 : 1,
      agentSpawns: { count: counters.spawns, sum: counters.spawnTotalUs },
      workerQueues: Object.fromEntries(channels().map(({ index, inFlight }) => [index, inFlight])),
      rateLimited: Object.fromEntries(counters.rateLimitedByClass),
      deploymentsEnded: Object.fromEntries(counters.deploymentsByStatus),
      conversationViolations: counters.violations,
      agentFiguresBytes: activity.keptBytes,
      agentFiguresForgotten: activity.forgotten,
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
    const { spawns, spawnTotalUs } = this.#parts.counters;
    return spawns === 0 ? 0 : spawnTotalUs / spawns / 1_000;
  }
}

function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits));
}
