import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LatencyHistogram } from '../../src/metrics/latency-histogram.js';
import { MetricsRegistry, type MetricsSnapshot } from '../../src/metrics/registry.js';

function histogramOf(...values: number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

const snapshot = (changes: Partial<MetricsSnapshot> = {}): MetricsSnapshot => ({
  messagesAccepted: 10,
  messagesProcessed: 8,
  messagesFailed: { TIMEOUT: 1, RESOURCE_LIMIT_EXCEEDED: 2 },
  deadLetters: 3,
  copiesDropped: 4,
  agents: { running: 4, failed: 1 },
  mailboxMessages: 5,
  queueWait: histogramOf(1_000),
  handling: histogramOf(2_000, 4_000),
  endToEnd: histogramOf(3_000),
  fuelUsed: 123_456_789_012,
  agentRestarts: 6,
  workerRestarts: 7,
  storePendingRecords: 9,
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
