import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LatencyHistogram } from '../../src/metrics/latency-histogram.js';
import { MetricsRegistry, type MetricsSnapshot } from '../../src/metrics/registry.js';
import type { LatencySummary } from '../../src/metrics/rolling-histogram.js';

function summaryOf(...values: number[]): LatencySummary {
  const recent = new LatencyHistogram();
  for (const value of values) recent.record(value);
  return { recent, count: recent.count, sum: recent.sum };
}

const snapshot = (changes: Partial<MetricsSnapshot> = {}): MetricsSnapshot => ({
  messagesAccepted: 10,
  messagesProcessed: 8,
  messagesFailed: { TIMEOUT: 1, RESOURCE_LIMIT_EXCEEDED: 2 },
  deadLetters: 3,
  copiesDropped: 4,
  agents: { running: 4, failed: 1 },
  mailboxMessages: 5,
  queueWait: summaryOf(1_000),
  handling: summaryOf(2_000, 4_000),
  endToEnd: summaryOf(3_000),
  fuelUsed: 123_456_789_012,
  agentRestarts: 6,
  workerRestarts: 7,
  storePendingRecords: 9,
  storeFailing: 1,
  agentSpawns: { count: 2, sum: 3_000_000 },
  workerQueues: { 0: 12, 1: 0 },
  rateLimited: { messages: 13 },
  deploymentsUnderWay: 1,
  deploymentsEnded: { completed: 14 },
  tasks: { created: 15, failed: 0 },
  conversationsTracked: 16,
  conversationViolations: 17,
  repliesAwaited: 18,
  waitingCallers: 19,
  eventSubscriptions: 20,
  agentSubscriptions: 21,
  agentFiguresBytes: 22,
  agentFiguresForgotten: 23,
  ...changes,
});

/** Samples by name and labels, as a scraper reads them. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

const scrape = async (registry: MetricsRegistry) => samplesOf(await registry.text());

test('each figure of the snapshot is shown under its name', async () => {
  const samples = await scrape(new MetricsRegistry({ snapshot: () => snapshot() }));
  const shown = {
    caxton_messages_accepted_total: 10,
    caxton_messages_processed_total: 8,
    'caxton_messages_failed_total{code="TIMEOUT"}': 1,
    'caxton_messages_failed_total{code="RESOURCE_LIMIT_EXCEEDED"}': 2,
    caxton_dead_letters_total: 3,
    'caxton_agents{state="running"}': 4,
    'caxton_agents{state="failed"}': 1,
    caxton_mailbox_messages: 5,
    caxton_fuel_used_total: 123_456_789_012,
    caxton_agent_restarts_total: 6,
    caxton_worker_restarts_total: 7,
    caxton_store_pending_records: 9,
    'caxton_worker_queue_messages{worker="0"}': 12,
    'caxton_rate_limited_total{class="messages"}': 13,
    caxton_deployments_under_way: 1,
    'caxton_deployments_ended_total{status="completed"}': 14,
    'caxton_tasks{status="created"}': 15,
    caxton_conversations_tracked: 16,
    caxton_conversation_violations_total: 17,
    caxton_replies_awaited: 18,
    caxton_waiting_callers: 19,
    caxton_event_subscriptions: 20,
    caxton_agent_subscriptions: 21,
    caxton_agent_figures_bytes: 22,
    caxton_agent_figures_forgotten_total: 23,
    caxton_agent_spawn_seconds_sum: 3,
    caxton_agent_spawn_seconds_count: 2,
  };
  for (const [name, value] of Object.entries(shown)) assert.equal(samples.get(name), value, name);
});

test('latencies are shown in seconds, with sum and count', async () => {
  const samples = await scrape(new MetricsRegistry({ snapshot: () => snapshot() }));
  assert.equal(samples.get('caxton_message_queue_wait_seconds{quantile="0.5"}'), 0.001);
  assert.equal(samples.get('caxton_message_handling_seconds{quantile="0.999"}'), 0.004);
  assert.equal(samples.get('caxton_message_handling_seconds_sum'), 0.006);
  assert.equal(samples.get('caxton_message_handling_seconds_count'), 2);
  assert.equal(samples.get('caxton_message_end_to_end_seconds{quantile="0.9"}'), 0.003);
});

test('quantiles of the last minutes are not numbers when nothing happened, but sum and count stay', async () => {
  const endToEnd = { ...summaryOf(), count: 7, sum: 9_000_000 };
  const registry = new MetricsRegistry({ snapshot: () => snapshot({ endToEnd }) });
  const samples = await scrape(registry);
  assert.ok(Number.isNaN(samples.get('caxton_message_end_to_end_seconds{quantile="0.5"}')));
  assert.equal(samples.get('caxton_message_end_to_end_seconds_sum'), 9);
  assert.equal(samples.get('caxton_message_end_to_end_seconds_count'), 7);
});

test('the process is measured', async () => {
  const samples = await scrape(new MetricsRegistry({ snapshot: () => snapshot() }));
  assert.ok(samples.get('caxton_process_resident_memory_bytes')! > 1e6);
  assert.ok(samples.get('caxton_process_cpu_seconds_total')! > 0);
  assert.ok(samples.get('caxton_process_uptime_seconds')! > 0);
});

test('each scrape shows the state of its moment', async () => {
  let current = snapshot();
  const registry = new MetricsRegistry({ snapshot: () => current });
  await registry.text();
  current = snapshot({ messagesAccepted: 11, agents: { stopped: 5 }, messagesFailed: {} });
  const samples = await scrape(registry);
  assert.equal(samples.get('caxton_messages_accepted_total'), 11);
  assert.equal(samples.get('caxton_agents{state="stopped"}'), 5);
  assert.equal(samples.has('caxton_agents{state="running"}'), false);
  assert.equal(samples.has('caxton_messages_failed_total{code="TIMEOUT"}'), false);
});

test('two registries live side by side', async () => {
  const one = new MetricsRegistry({ snapshot: () => snapshot() });
  const other = new MetricsRegistry({ snapshot: () => snapshot({ messagesAccepted: 99 }) });
  assert.equal((await scrape(one)).get('caxton_messages_accepted_total'), 10);
  assert.equal((await scrape(other)).get('caxton_messages_accepted_total'), 99);
  assert.match(one.contentType, /^text\/plain; version=0\.0\.4/);
});

test('docs/metrics.md lists every metric with its type and labels, and only those', async () => {
  const text = await new MetricsRegistry({ snapshot: () => snapshot() }).text();
  const shown = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => {
    const label = new RegExp(`^${name}\\{(\\w+)=`, 'm').exec(text)?.[1] ?? '';
    return `${name} ${type} ${label}`;
  });
  const page = readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8');
  const documented = page
    .split('\n')
    .filter((line) => line.startsWith('| `caxton_'))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, name, type, label]) => `${name} ${type} ${label}`);
  assert.deepEqual(documented.sort(), shown.sort());
});
