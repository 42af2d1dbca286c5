import { Counter, Gauge, Registry, Summary } from 'prom-client';
import { residentBytes } from '../base/resident-memory.js';
import type { LatencySummary } from './rolling-histogram.js';

/** What the server has counted since it started. Plain numbers: reading them costs it nothing. */
export interface MetricsSnapshot {
  readonly messagesAccepted: number;
  readonly messagesProcessed: number;
  /** By error code. */
  readonly messagesFailed: Readonly<Record<string, number>>;
  readonly deadLetters: number;
  /** Copies for `subscribe_messages` that found a full mailbox. */
  readonly copiesDropped: number;
  /** Agents in each lifecycle state. */
  readonly agents: Readonly<Record<string, number>>;
  /** Messages that wait in mailboxes now. */
  readonly mailboxMessages: number;
  readonly queueWait: LatencySummary;
  readonly handling: LatencySummary;
  readonly endToEnd: LatencySummary;
  readonly fuelUsed: number;
  readonly agentRestarts: number;
  readonly workerRestarts: number;
  /** Records that wait to be written to the store now. */
  readonly storePendingRecords: number;
  /** 1 while the disk refuses what the store is to write. */
  readonly storeFailing: number;
  /** How often instances were started, and how long that took in µs. */
  readonly agentSpawns: { readonly count: number; readonly sum: number };
  /** Messages in each worker's ring or in its hands, by its number. */
  readonly workerQueues: Readonly<Record<string, number>>;
  /** Calls refused for their caller's rate, by class of operation. */
  readonly rateLimited: Readonly<Record<string, number>>;
  readonly deploymentsUnderWay: number;
  /** Those that ended, by how. */
  readonly deploymentsEnded: Readonly<Record<string, number>>;
  /** Tasks that are known, by status. */
  readonly tasks: Readonly<Record<string, number>>;
  readonly conversationsTracked: number;
  readonly conversationViolations: number;
  readonly repliesAwaited: number;
  readonly waitingCallers: number;
  readonly eventSubscriptions: number;
  readonly agentSubscriptions: number;
  /** What is kept of agents' past. */
  readonly agentFiguresBytes: number;
  readonly agentFiguresForgotten: number;
}

/** What the registry reads from, once for each scrape. */
export interface MetricsSource {
  snapshot(): MetricsSnapshot;
}

type Scalar = (snapshot: MetricsSnapshot) => number;
type Labelled = (snapshot: MetricsSnapshot) => Readonly<Record<string, number>>;

interface Definition<T> {
  readonly name: string;
  readonly help: string;
  readonly read: T;
}

const define = <T>(name: string, help: string, read: T): Definition<T> => ({
  name: `caxton_${name}`,
  help,
  read,
});

const COUNTERS: readonly Definition<Scalar>[] = [
  define('messages_accepted_total', 'Messages accepted for delivery', (s) => s.messagesAccepted),
  define(
    'messages_processed_total',
    'Messages and timers that agents handled',
    (s) => s.messagesProcessed,
  ),
  define('dead_letters_total', 'Messages put into the dead letters', (s) => s.deadLetters),
  define('copies_dropped_total', 'Copies for subscribers dropped', (s) => s.copiesDropped),
  define('fuel_used_total', 'Fuel units used by agents', (s) => s.fuelUsed),
  define('agent_restarts_total', 'Instances replaced after a trap', (s) => s.agentRestarts),
  define('worker_restarts_total', 'Worker threads replaced', (s) => s.workerRestarts),
  define(
    'conversation_violations_total',
    'Acts that were not legal in their conversation',
    (s) => s.conversationViolations,
  ),
  define(
    'agent_figures_forgotten_total',
    'Agents whose past was forgotten for lack of room',
    (s) => s.agentFiguresForgotten,
  ),
  define('process_cpu_seconds_total', 'CPU time of the process, user and system', cpuSeconds),
];

const defineLabelled = (
  name: string,
  label: string,
  help: string,
  read: Labelled,
): Definition<Labelled> & { label: string } => ({ ...define(name, help, read), label });

const LABELLED_COUNTERS = [
  defineLabelled(
    'messages_failed_total',
    'code',
    'Messages and timers that failed',
    (s) => s.messagesFailed,
  ),
  defineLabelled(
    'rate_limited_total',
    'class',
    'Calls refused for their rate',
    (s) => s.rateLimited,
  ),
  defineLabelled(
    'deployments_ended_total',
    'status',
    'Deployments and hot reloads that ended',
    (s) => s.deploymentsEnded,
  ),
];

const GAUGES: readonly Definition<Scalar>[] = [
  define('mailbox_messages', 'Messages waiting in mailboxes', (s) => s.mailboxMessages),
  define('store_pending_records', 'Records not yet written', (s) => s.storePendingRecords),
  define('store_failing', '1 while the disk takes nothing', (s) => s.storeFailing),
  define('deployments_under_way', 'Deployments not ended', (s) => s.deploymentsUnderWay),
  define('conversations_tracked', 'Conversations that are checked', (s) => s.conversationsTracked),
  define('replies_awaited', 'Messages with a reply_by and no answer', (s) => s.repliesAwaited),
  define('waiting_callers', 'Callers that wait for an answer', (s) => s.waitingCallers),
  define('event_subscriptions', 'Subscriptions to events or messages', (s) => s.eventSubscriptions),
  define('agent_subscriptions', 'Agents that get copies', (s) => s.agentSubscriptions),
  define('agent_figures_bytes', "What is kept of agents' past", (s) => s.agentFiguresBytes),
  define('process_resident_memory_bytes', 'Resident memory of the process', () => residentBytes()),
  define('process_uptime_seconds', 'Time since the process started', () => process.uptime()),
];

const LABELLED_GAUGES = [
  defineLabelled('agents', 'state', 'Agents by lifecycle state', (s) => s.agents),
  defineLabelled('tasks', 'status', 'Tasks that are known', (s) => s.tasks),
  defineLabelled(
    'worker_queue_messages',
    'worker',
    'Messages handed to a worker and not finished',
    (s) => s.workerQueues,
  ),
];

type Times = Pick<LatencySummary, 'count' | 'sum'> & Partial<LatencySummary>;

const SUMMARIES: readonly Definition<(snapshot: MetricsSnapshot) => Times>[] = [
  define(
    'message_queue_wait_seconds',
    'From acceptance to the start of handling',
    (s) => s.queueWait,
  ),
  define('message_handling_seconds', 'Time in the agent', (s) => s.handling),
  define('message_end_to_end_seconds', 'From acceptance to the end of handling', (s) => s.endToEnd),
  define('agent_spawn_seconds', 'From a compiled module to a ready instance', (s) => s.agentSpawns),
];

const QUANTILES = [0.5, 0.9, 0.99, 0.999] as const;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * A summary whose quantiles come from an HDR histogram instead of observations of its own. With no
 * observation in its window a quantile is NaN, as Prometheus' own clients have it.
 */
class HistogramSummary extends Summary<'quantile'> {
  readonly #definition: { name: string; help: string };
  readonly #read: () => Times;

  constructor(name: string, help: string, registry: Registry, read: () => Times) {
    super({ name, help, registers: [registry] });
    this.#definition = { name, help };
    this.#read = read;
  }

  override get(): ReturnType<Summary<'quantile'>['get']> {
    const { name } = this.#definition;
    const times = this.#read();
    const { recent } = times;
    const quantiles = (recent === undefined ? [] : QUANTILES).map((quantile) => ({
      labels: { quantile },
      value: recent?.count ? recent.percentile(quantile * 100) / 1e6 : Number.NaN,
    }));
    return super.get().then((metric) => ({
      ...metric,
      values: [
        ...quantiles,
        { metricName: `${name}_sum`, labels: {}, value: times.sum / 1e6 },
        { metricName: `${name}_count`, labels: {}, value: times.count },
      ],
    }));
  }
}

/**
 * The server's metrics as Prometheus text. Nothing is recorded through it: each scrape takes one
 * snapshot of the counters that the server keeps anyway.
 */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #source: MetricsSource;
  #snapshot: MetricsSnapshot | undefined;

  constructor(source: MetricsSource) {
    this.#source = source;
    const registers = [this.#registry];
    // Not here: what is read may not be there yet while the server is built.
    const now = (): MetricsSnapshot => (this.#snapshot ??= source.snapshot());
    for (const { name, help, read } of COUNTERS) {
      new Counter({
        name,
        help,
        registers,
        collect() {
          setTotal(this, read(now()));
        },
      });
    }
    for (const { name, help, read, label } of LABELLED_COUNTERS) {
      const counter = new Counter({
        name,
        help,
        registers,
        labelNames: [label],
        collect() {
          counter.reset();
          for (const [key, value] of Object.entries(read(now())))
            counter.inc({ [label]: key }, value);
        },
      });
    }
    for (const { name, help, read } of GAUGES) {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read(now()));
        },
      });
    }
    for (const { name, help, read, label } of LABELLED_GAUGES) {
      const gauge = new Gauge({
        name,
        help,
        registers,
        labelNames: [label],
        collect() {
          gauge.reset();
          for (const [key, value] of Object.entries(read(now())))
            gauge.set({ [label]: key }, value);
        },
      });
    }
    for (const { name, help, read } of SUMMARIES) {
      new HistogramSummary(name, help, this.#registry, () => read(now()));
    }
  }

  /** Value of the HTTP `Content-Type` that goes with `text()`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus text format 0.0.4. */
  text(): Promise<string> {
    this.#snapshot = this.#source.snapshot();
    return this.#registry.metrics();
  }
}

/** prom-client counters only grow by steps; the truth is the server's own total. */
function setTotal(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}
