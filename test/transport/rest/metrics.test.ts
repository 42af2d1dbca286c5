import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createToken } from '../../../src/config/tokens.js';
import { eventually } from '../../support/eventually.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
let base: string;
before(async () => {
  server = await startTestServer();
  base = `${server.url}/api/v1`;
  for (const [name, module] of [
    ['echo', sampleAgent('echo')],
    ['trapping', await guest('trap-unreachable')],
  ] as const) {
    const answer = await request(`${base}/agents`, 'POST', deployForm(module, { name }));
    assert.equal(answer.status, 201);
    const message = { performative: 'request', receiver: name };
    assert.equal((await request(`${base}/messages?wait=true`, 'POST', message)).status, 200);
  }
});
after(() => server?.close());

type Figures = Record<string, Record<string, unknown>>;

function assertNumbers(group: Record<string, unknown> | undefined, names: readonly string[]): void {
  for (const name of names) {
    const value = group?.[name];
    assert.ok(typeof value === 'number' && value >= 0, `${name} is ${value}`);
  }
}

test('the figures of the system have the fields of the reference', async () => {
  const answer = await request(`${base}/metrics/system`, 'GET');
  assert.equal(answer.status, 200);
  const figures = answer.body as Figures;
  assert.ok(!Number.isNaN(Date.parse(String(figures.timestamp))));
  assert.equal(figures.agents!.total, 2);
  assertNumbers(figures.agents, ['total', 'running', 'failed']);
  assertNumbers(figures.messages, ['total_processed', 'rate_per_second', 'queue_size']);
  assertNumbers(figures.resources, [
    'cpu_usage_percent',
    'memory_used_mb',
    'memory_available_mb',
    'disk_used_gb',
  ]);
  assertNumbers(figures.performance, [
    'message_latency_p50',
    'message_latency_p99',
    'agent_spawn_time_ms',
  ]);
});

test('the figures of an agent have the fields of the reference', async () => {
  const answer = await request(`${base}/metrics/agents/echo?period=1h`, 'GET');
  assert.equal(answer.status, 200);
  const body = answer.body as { agent_id: string; period: string; metrics: Figures };
  assert.match(body.agent_id, /^agent_/);
  assert.equal(body.period, '1h');
  assert.equal(body.metrics.messages_processed as unknown, 1);
  assertNumbers(body.metrics, [
    'messages_failed',
    'average_latency_ms',
    'latency_p50_ms',
    'latency_p99_ms',
    'average_handling_ms',
  ]);
  assertNumbers(body.metrics.cpu_usage, ['average', 'peak']);
  assertNumbers(body.metrics.memory_usage, ['average_mb', 'peak_mb']);
  assert.deepEqual(body.metrics.errors, []);
});

test('an agent that failed shows which errors it made and how often', async () => {
  const errors = await eventually('the failure is counted', async () => {
    const { body } = await request(`${base}/metrics/agents/trapping`, 'GET');
    const { metrics } = body as {
      metrics: { messages_failed: number; errors: Array<Record<string, unknown>> };
    };
    return metrics.messages_failed === 1 && metrics.errors;
  });
  assert.equal(errors.length, 1);
  assert.equal(errors[0]!.count, 1);
  assert.equal(typeof errors[0]!.error, 'string');
  assert.equal(errors[0]!.code, 'MESSAGE_DELIVERY_FAILED');
  for (const time of ['timestamp', 'first_timestamp']) {
    assert.ok(!Number.isNaN(Date.parse(String(errors[0]![time]))), time);
  }
});

test('a period that is not kept is refused with those that are', async () => {
  const answer = await request(`${base}/metrics/agents/echo?period=2h`, 'GET');
  assert.equal(answer.status, 400);
  assert.match(answer.text, /1m, 5m, 1h, 24h/);
});

test('the status tells version, state and size', async () => {
  const { body } = await request(`${base}/status`, 'GET');
  const status = body as Record<string, unknown>;
  assert.equal(status.status, 'ready');
  assert.match(String(status.version), /^\d+\.\d+\.\d+/);
  assert.equal(status.workers, 1);
  assert.equal(status.agents, 2);
});

test('the metrics page is in the text form of Prometheus', async () => {
  const answer = await request(`${server.url}/metrics`, 'GET');
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  assert.match(answer.text, /^# TYPE caxton_messages_processed_total counter$/m);
  assert.match(answer.text, /^caxton_messages_processed_total \d+$/m);
});

test('the metrics page counts what was deployed, refused, tracked and subscribed to', async () => {
  const limited = await startTestServer({
    rate_limits: { enabled: true, deployment: { rate_per_minute: 1, burst: 1 } },
  });
  try {
    const api = `${limited.url}/api/v1`;
    const deploy = (name: string) =>
      request(`${api}/agents`, 'POST', deployForm(sampleAgent('echo'), { name }));
    assert.equal((await deploy('first')).status, 201);
    assert.equal((await deploy('second')).status, 429);
    const task = { name: 'work', participants: ['first'] };
    assert.equal((await request(`${api}/tasks`, 'POST', task)).status, 201);
    const asked = {
      performative: 'request',
      receiver: 'first',
      protocol: 'fipa-request',
      content: { text: 'hello' },
    };
    assert.equal((await request(`${api}/messages?wait=true`, 'POST', asked)).status, 200);
    const { text } = await request(`${limited.url}/metrics`, 'GET');
    for (const [name, value] of [
      ['rate_limited_total{class="deployment"}', '1'],
      ['agent_spawn_seconds_count', '1'],
      ['tasks{status="created"}', '1'],
      ['tasks{status="failed"}', '0'],
      ['deployments_under_way', '0'],
      ['conversations_tracked', '[01]'],
      ['conversation_violations_total', '\\d+'],
      ['event_subscriptions', '0'],
      ['waiting_callers', '0'],
      ['worker_queue_messages{worker="0"}', '0'],
    ] as const) {
      const line = `caxton_${name}`.replaceAll(/[{}"]/g, '\\$&');
      assert.match(text, new RegExp(`^${line} ${value}$`, 'm'), name);
    }
    const spawns = /^caxton_agent_spawn_seconds_sum (\S+)$/m.exec(text)?.[1];
    assert.ok(Number(spawns) > 0, `started in ${spawns} s`);
  } finally {
    await limited.close();
  }
});

test('probes say that the server lives and is ready', async () => {
  assert.deepEqual((await request(`${server.url}/healthz`, 'GET')).body, { status: 'ok' });
  assert.deepEqual((await request(`${server.url}/readyz`, 'GET')).body, { status: 'ready' });
});

test('with tokens configured the metrics page needs one, and the probes do not', async () => {
  const { token, sha256 } = createToken();
  const guarded = await startTestServer({ tokens: [{ name: 'watch', sha256, role: 'viewer' }] });
  try {
    assert.equal((await request(`${guarded.url}/metrics`, 'GET')).status, 401);
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await request(`${guarded.url}/metrics`, 'GET', undefined, headers)).status, 200);
    assert.equal((await request(`${guarded.url}/healthz`, 'GET')).status, 200);
    assert.equal((await request(`${guarded.url}/readyz`, 'GET')).status, 200);
  } finally {
    await guarded.close();
  }
});
