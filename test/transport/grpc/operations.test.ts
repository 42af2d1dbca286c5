import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { GrpcTestClient } from './client.js';
import { ofPlainStruct, type PlainStruct, plainStruct } from './json-values.js';

interface Timestamp {
  readonly seconds: number;
  readonly nanos?: number;
}

let server: TestServer;
let client: GrpcTestClient;
let echoId: string;
let startedMs: number;

before(async () => {
  startedMs = Date.now();
  server = await startTestServer();
  client = new GrpcTestClient(server.grpcAddress);
  const deployed = await client.call<{ agent_id: string }>('AgentService/DeployAgent', {
    wasm_module: sampleAgent('echo'),
    config: { name: 'echo' },
  });
  echoId = deployed.agent_id;
});
after(async () => {
  client?.close();
  await server?.close();
});

/** That a time lies within this test run. */
function recent(time: Timestamp): void {
  const ms = time.seconds * 1_000 + (time.nanos ?? 0) / 1e6;
  assert.ok(ms >= startedMs - 1 && ms <= Date.now() + 1, JSON.stringify(time));
}

test('DeployAgent answers with the agent, its deployment and the limits in force', async () => {
  const { deployed_at, deployment_id, agent_id, ...rest } = await client.call<{
    deployed_at: Timestamp;
    deployment_id: string;
    agent_id: string;
  }>('AgentService/DeployAgent', {
    wasm_module: sampleAgent('echo'),
    config: {
      name: 'configured',
      version: '2.0.0',
      strategy: 'immediate',
      resources: { memory: '50MB', cpu: '100000', mailbox: 10, max_message_ms: 500, instances: 1 },
      environment: { MODE: 'test' },
      capabilities: ['echoing'],
    },
  });
  assert.match(agent_id, /^agent_/);
  assert.match(deployment_id, /^deploy_/);
  recent(deployed_at);
  assert.deepEqual(rest, {
    name: 'configured',
    status: 'AGENT_STATUS_RUNNING',
    version: '2.0.0',
    lifecycle_state: 'AGENT_STATUS_RUNNING',
    resource_limits: { memory: '50MB', cpu_fuel: 100_000 },
  });
});

test('an agent reads the environment of its config', async () => {
  await client.call('AgentService/DeployAgent', {
    wasm_module: await guest('config-reader'),
    config: { name: 'reads-config', environment: { mode: 'gRPC' } },
  });
  const { reply } = await client.call<{ reply: { content: PlainStruct } }>(
    'MessageService/SendMessageAndWait',
    {
      message: {
        performative: 'request',
        receiver: 'reads-config',
        content: plainStruct({ key: 'mode' }),
      },
    },
  );
  assert.deepEqual(ofPlainStruct(reply.content), { size: 4, value: 'gRPC' });
});

test('ListAgents pages, filters by state, and says where the next page begins', async () => {
  type Page = {
    agents: Array<{ agent_id: string; resources: { memory_used: string } }>;
    next_offset?: number;
  };
  const first = await client.call<Page>('AgentService/ListAgents', {
    limit: 1,
    status_filter: 'AGENT_STATUS_RUNNING',
  });
  assert.equal(first.next_offset, 1);
  assert.equal(first.agents[0]?.agent_id, echoId);
  assert.match(first.agents[0]!.resources.memory_used, /B$/);
  const failed = await client.call<Page>('AgentService/ListAgents', {
    status_filter: 'AGENT_STATUS_FAILED',
  });
  assert.deepEqual(failed, { agents: [] });
});

test('GetAgent tells limits, use, deployment and counters', async () => {
  await client.call('MessageService/SendMessageAndWait', {
    message: { performative: 'request', receiver: 'echo' },
  });
  const agent = await client.call<{
    created_at: Timestamp;
    deployment: { deployed_at: Timestamp; strategy: string; deployed_by: string };
    resources: { limits: { memory: string }; usage: { memory: string } };
    metrics: Record<string, number>;
  }>('AgentService/GetAgent', { agent_id: echoId });
  recent(agent.created_at);
  recent(agent.deployment.deployed_at);
  assert.equal(agent.deployment.strategy, 'direct');
  assert.equal(agent.deployment.deployed_by, 'anonymous');
  assert.match(agent.resources.limits.memory, /B$/);
  assert.ok(agent.metrics.messages_processed! >= 1);
  assert.ok(agent.metrics.fuel_total! >= agent.metrics.last_message_fuel!);
});

test('StopAgent takes a grace period of zero as zero, and StartAgent starts again', async () => {
  await client.call('AgentService/DeployAgent', {
    wasm_module: sampleAgent('echo'),
    config: { name: 'stops' },
  });
  const stopped = await client.call<{ status: string; estimated_completion: Timestamp }>(
    'AgentService/StopAgent',
    { agent_id: 'stops', grace_period_seconds: 0, drain_messages: false },
  );
  assert.match(stopped.status, /^AGENT_STATUS_(DRAINING|STOPPED)$/);
  const inTenSecondsS = Date.now() / 1_000 + 10;
  assert.ok(stopped.estimated_completion.seconds < inTenSecondsS);
  await eventually('the agent stops', async () => {
    const agent = await client.call<{ status: string }>('AgentService/GetAgent', {
      agent_id: 'stops',
    });
    return agent.status === 'AGENT_STATUS_STOPPED';
  });
  const started = await client.call<{ status: string; started_at: Timestamp }>(
    'AgentService/StartAgent',
    { agent_id: 'stops' },
  );
  assert.equal(started.status, 'AGENT_STATUS_RUNNING');
  recent(started.started_at);
});

test('RemoveAgent answers with the state removed', async () => {
  const { agent_id } = await client.call<{ agent_id: string }>('AgentService/DeployAgent', {
    wasm_module: sampleAgent('echo'),
    config: { name: 'goes' },
  });
  const { removed_at, ...rest } = await client.call<{ removed_at: Timestamp }>(
    'AgentService/RemoveAgent',
    { agent_id: 'goes' },
  );
  recent(removed_at);
  assert.deepEqual(rest, { agent_id, status: 'AGENT_STATUS_REMOVED' });
});

test('GetAgentLogs gives what the agent logged, oldest first', async () => {
  await client.call('AgentService/DeployAgent', {
    wasm_module: await guest('log-agent'),
    config: { name: 'logs' },
  });
  await client.call('MessageService/SendMessageAndWait', {
    message: { performative: 'request', receiver: 'logs' },
  });
  type Lines = { lines: Array<{ timestamp: Timestamp; level: string; text: string }> };
  const { lines } = await client.call<Lines>('AgentService/GetAgentLogs', { agent_id: 'logs' });
  assert.ok(lines.length > 0);
  for (const line of lines) {
    recent(line.timestamp);
    assert.match(line.level, /^(info|error)$/);
    assert.ok(line.text.length > 0);
  }
  const last = await client.call<Lines>('AgentService/GetAgentLogs', {
    agent_id: 'logs',
    limit: 1,
  });
  assert.deepEqual(last.lines, lines.slice(-1));
});

test('every field of a message is kept, in the history as in GetMessage', async () => {
  const reply_by = { seconds: Math.floor(Date.now() / 1_000) + 3_600, nanos: 500_000_000 };
  const message = {
    performative: 'inform',
    sender: 'client_001',
    receiver: echoId,
    content: plainStruct({ action: 'process', data: { key: 'value' } }),
    conversation_id: 'conv_789',
    reply_with: 'msg_001',
    in_reply_to: 'msg_000',
    ontology: 'things',
    language: 'json',
    protocol: 'fipa-request',
    reply_by,
    reply_to: 'client_002',
    priority: 4,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const sent = await client.call<{ message_id: string; delivered_at: Timestamp }>(
    'MessageService/SendMessage',
    { message, options: { persist: true } },
  );
  recent(sent.delivered_at);
  const kept = await client.call<{ timestamp: Timestamp; content: PlainStruct }>(
    'MessageService/GetMessage',
    { message_id: sent.message_id },
  );
  const { timestamp, content, ...fields } = kept;
  recent(timestamp);
  assert.deepEqual(ofPlainStruct(content), { action: 'process', data: { key: 'value' } });
  const { content: _, ...given } = message;
  assert.deepEqual(fields, { ...given, message_id: sent.message_id });
  const page = await client.call<{ messages: object[]; total: number }>(
    'MessageService/QueryMessages',
    { conversation_id: 'conv_789', agent: 'echo', sender: 'client_001', performative: 'INFORM' },
  );
  assert.deepEqual(page, { messages: [kept], total: 1 });
});

test('QueryMessages takes a span of time', async () => {
  const { message_id } = await client.call<{ message_id: string }>('MessageService/SendMessage', {
    message: { performative: 'inform', receiver: 'echo', conversation_id: 'conv_span' },
    options: { persist: true },
  });
  const total = async (span: object): Promise<number> => {
    const page = await client.call<{ total?: number }>('MessageService/QueryMessages', {
      conversation_id: 'conv_span',
      ...span,
    });
    return page.total ?? 0;
  };
  const { timestamp } = await client.call<{ timestamp: Timestamp }>('MessageService/GetMessage', {
    message_id,
  });
  const later = { seconds: timestamp.seconds + 1, nanos: timestamp.nanos };
  const earlier = { seconds: timestamp.seconds - 1, nanos: timestamp.nanos };
  assert.equal(await total({ since: earlier, until: later }), 1);
  assert.equal(await total({ since: later }), 0);
  assert.equal(await total({ until: earlier }), 0);
});

test('content that is an empty object is not the same as no content', async () => {
  const sendAndWait = async (content: object): Promise<object> => {
    const { reply } = await client.call<{ reply: object }>('MessageService/SendMessageAndWait', {
      message: { performative: 'request', receiver: 'echo', ...content },
    });
    return reply;
  };
  assert.deepEqual(((await sendAndWait({ content: {} })) as { content: object }).content, {});
  const without = await sendAndWait({});
  assert.ok(!('content' in without) && !('content_value' in without));
});

test('an agent that answers in MessagePack is read as JSON', async () => {
  await client.call('AgentService/DeployAgent', {
    wasm_module: await guest('msgpack-echo'),
    config: { name: 'packs' },
  });
  const { reply } = await client.call<{ reply: { content: PlainStruct } }>(
    'MessageService/SendMessageAndWait',
    {
      message: {
        performative: 'request',
        receiver: 'packs',
        content: plainStruct({ a: [1, null, 'x'] }),
      },
    },
  );
  assert.deepEqual(ofPlainStruct(reply.content), { a: [1, null, 'x'] });
});

test('the metrics are those of the operations, with numbers as numbers', async () => {
  const system = await client.call<{
    timestamp: Timestamp;
    agents: { total: number; running: number };
    messages: { total_processed: number };
    resources: Record<string, number>;
    performance: Record<string, number>;
  }>('MetricsService/GetSystemMetrics');
  recent(system.timestamp);
  assert.ok(system.agents.total >= system.agents.running && system.agents.running >= 1);
  assert.ok(system.messages.total_processed >= 1);
  assert.ok(system.resources.memory_used_mb! > 0);
  assert.ok(system.performance.agent_spawn_time_ms! > 0);
  const agent = await client.call<{ agent_id: string; period: string; metrics: object }>(
    'MetricsService/GetAgentMetrics',
    { agent_id: 'echo', period: '5m' },
  );
  assert.equal(agent.agent_id, echoId);
  assert.equal(agent.period, '5m');
  assert.ok((agent.metrics as { messages_processed: number }).messages_processed >= 1);
});

test('GetStatus tells the state, the version and the size of the server', async () => {
  const status = await client.call<{
    status: string;
    version: string;
    workers: number;
    started_at: Timestamp;
  }>('MetricsService/GetStatus');
  assert.equal(status.status, 'ready');
  assert.match(status.version, /^\d+\.\d+\.\d+/);
  assert.equal(status.workers, 1);
  recent(status.started_at);
});
