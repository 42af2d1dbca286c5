import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { createToken } from '../../../src/config/tokens.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { decodeMessage, GrpcTestClient } from './client.js';
import { ofPlainStruct, type PlainStruct } from './json-values.js';

const admin = createToken();
const viewer = createToken();

let server: TestServer;
let client: GrpcTestClient;

before(async () => {
  server = await startTestServer({
    tokens: [
      { name: 'the-admin', sha256: admin.sha256, role: 'admin' },
      { name: 'the-viewer', sha256: viewer.sha256, role: 'viewer' },
    ],
  });
  client = new GrpcTestClient(server.grpcAddress, { authorization: `Bearer ${admin.token}` });
  await deploy('echo', sampleAgent('echo'));
});
after(async () => {
  client?.close();
  await server?.close();
});

function deploy(name: string, wasm_module: Uint8Array, config: object = {}): Promise<object> {
  return client.call('AgentService/DeployAgent', { wasm_module, config: { name, ...config } });
}

const request = { performative: 'request', receiver: 'echo' };

test('each kind of error has its status and its code', async () => {
  await client.call('MessageService/SendMessage', {
    message: { performative: 'inform', sender: 'silent', receiver: 'echo' },
  });
  const module = sampleAgent('echo');
  const kinds: Array<[number, string, string, object]> = [
    [status.NOT_FOUND, 'AGENT_NOT_FOUND', 'AgentService/GetAgent', { agent_id: 'agent_999' }],
    [
      status.ALREADY_EXISTS,
      'AGENT_ALREADY_EXISTS',
      'AgentService/DeployAgent',
      { wasm_module: module, config: { name: 'echo' } },
    ],
    [
      status.INVALID_ARGUMENT,
      'INVALID_WASM',
      'AgentService/DeployAgent',
      { wasm_module: Buffer.from('no module'), config: { name: 'broken' } },
    ],
    [
      status.RESOURCE_EXHAUSTED,
      'RESOURCE_LIMIT_EXCEEDED',
      'AgentService/DeployAgent',
      { wasm_module: await guest('big-initial-memory'), config: { name: 'big' } },
    ],
    [
      status.PERMISSION_DENIED,
      'FORBIDDEN',
      'MessageService/SendMessage',
      { message: { ...request, sender: 'echo' } },
    ],
    [
      status.INVALID_ARGUMENT,
      'INVALID_REQUEST',
      'MessageService/SendMessage',
      { message: { ...request, performative: 'shout' } },
    ],
    [status.NOT_FOUND, 'NOT_FOUND', 'MessageService/GetMessage', { message_id: 'msg_none' }],
    [
      status.DEADLINE_EXCEEDED,
      'TIMEOUT',
      'MessageService/SendMessageAndWait',
      { message: { ...request, receiver: 'silent' }, options: { timeout_ms: 20 } },
    ],
  ];
  for (const [code, name, method, input] of kinds) {
    const failure = await client.failure(method, input);
    assert.equal(failure.error?.code, name, failure.message);
    assert.equal(failure.status, code, name);
    assert.equal(failure.message, failure.error?.message);
    assert.match(String(failure.error?.trace_id), /^[0-9a-f]{32}$/);
  }
});

test('what is wrong in a request is named by its field', async () => {
  const wasm_module = sampleAgent('echo');
  const wrong: Array<[string, string, object]> = [
    ['config', 'AgentService/DeployAgent', { wasm_module }],
    ['wasm_module', 'AgentService/DeployAgent', { config: { name: 'none' } }],
    ['config.name', 'AgentService/DeployAgent', { wasm_module, config: {} }],
    [
      'config.resources.memory',
      'AgentService/DeployAgent',
      { wasm_module, config: { name: 'x', resources: { memory: 'much' } } },
    ],
    ['agent_id', 'AgentService/GetAgent', {}],
    ['limit', 'AgentService/ListAgents', { limit: -1 }],
    ['status_filter', 'AgentService/ListAgents', { status_filter: 'AGENT_STATUS_REMOVED' }],
    [
      'grace_period_seconds',
      'AgentService/StopAgent',
      { agent_id: 'echo', grace_period_seconds: -1 },
    ],
    ['message', 'MessageService/SendMessage', {}],
    ['receiver', 'MessageService/SendMessage', { message: { performative: 'request' } }],
    ['priority', 'MessageService/SendMessage', { message: { ...request, priority: 10 } }],
    [
      'reply_by',
      'MessageService/SendMessage',
      { message: { ...request, reply_by: { nanos: -1 } } },
    ],
    [
      'content_value',
      'MessageService/SendMessage',
      { message: { ...request, content: {}, content_value: { boolValue: true } } },
    ],
    [
      'content.a',
      'MessageService/SendMessage',
      { message: { ...request, content: { fields: { a: {} } } } },
    ],
    [
      'options.priority',
      'MessageService/SendMessage',
      { message: request, options: { priority: -1 } },
    ],
    [
      'options.timeout_ms',
      'MessageService/SendMessageAndWait',
      { message: request, options: { timeout_ms: 0 } },
    ],
    ['until', 'MessageService/SendMessageAndWait', { message: request, until: 7 }],
    ['order', 'MessageService/QueryMessages', { order: 'sideways' }],
    ['since', 'MessageService/QueryMessages', { since: { seconds: 1e15 } }],
    ['cursor', 'MessageService/QueryMessages', { cursor: 'nonsense' }],
    ['period', 'MetricsService/GetAgentMetrics', { agent_id: 'echo', period: '1y' }],
  ];
  for (const [field, method, input] of wrong) {
    const failure = await client.failure(method, input);
    assert.equal(failure.error?.code, 'INVALID_REQUEST', `${method} ${field}: ${failure.message}`);
    assert.equal(failure.error?.details.field, field, failure.message);
    assert.equal(failure.status, status.INVALID_ARGUMENT);
  }
});

test('the error is in grpc-status-details-bin too, as google.rpc.Status', async () => {
  const failure = await client.failure('AgentService/GetAgent', { agent_id: 'näme' });
  const Status = protobuf
    .parse(
      `syntax = "proto3"; package google.rpc;
      message Any { string type_url = 1; bytes value = 2; }
      message Status { int32 code = 1; string message = 2; repeated Any details = 3; }`,
    )
    .root.lookupType('google.rpc.Status');
  const bytes = failure.metadata.get('grpc-status-details-bin')[0] as Buffer;
  const { code, message, details } = Status.toObject(Status.decode(bytes)) as {
    code: number;
    message: string;
    details: Array<{ typeUrl: string; value: Uint8Array }>;
  };
  assert.equal(code, status.NOT_FOUND);
  assert.equal(message, failure.message);
  assert.equal(details[0]!.typeUrl, 'type.googleapis.com/caxton.v1.Error');
  const { details: inner, ...error } = decodeMessage('Error', details[0]!.value) as {
    details: PlainStruct;
  };
  assert.deepEqual({ ...error, details: ofPlainStruct(inner) }, failure.error);
  assert.equal(failure.error?.details.agent_id, 'näme');
});

test('an error of any length and in any script fits the metadata', async () => {
  const failure = await client.failure('AgentService/GetAgent', { agent_id: '🚀'.repeat(120) });
  assert.equal(failure.error?.code, 'AGENT_NOT_FOUND');
  assert.match(failure.message, /🚀/);
  const unknown = await client.failure('MessageService/GetMessage', { message_id: '\u0001\n' });
  assert.equal(unknown.error?.details.message_id, '\u0001\n');
});

test('tokens are taken from authorization and from x-caxton-token', async () => {
  const bare = new GrpcTestClient(server.grpcAddress);
  try {
    const known: Array<Record<string, string>> = [
      { authorization: `Bearer ${viewer.token}` },
      { authorization: `bearer ${viewer.token}` },
      { 'x-caxton-token': viewer.token },
    ];
    for (const metadata of known) {
      const { agents } = await bare.call<{ agents: object[] }>(
        'AgentService/ListAgents',
        {},
        { metadata },
      );
      assert.ok(agents.length > 0);
    }
    const unknown: Array<Record<string, string>> = [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: viewer.token },
      { 'x-caxton-token': 'wrong' },
    ];
    for (const metadata of unknown) {
      const failure = await bare.failure('AgentService/ListAgents', {}, { metadata });
      assert.equal(failure.status, status.UNAUTHENTICATED);
      assert.equal(failure.error?.code, 'UNAUTHORIZED');
    }
  } finally {
    bare.close();
  }
});

test('a role that is too small is refused by its name', async () => {
  const metadata = { authorization: `Bearer ${viewer.token}` };
  const failure = await client.failure(
    'MessageService/SendMessage',
    { message: request },
    { metadata },
  );
  assert.equal(failure.status, status.PERMISSION_DENIED);
  assert.equal(failure.error?.details.needed_role, 'sender');
});

test('the trace of the caller is in the error, and goes on in the message', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${trace}-b7ad6b7169203331-01`;
  const options = { metadata: { traceparent } };
  const failure = await client.failure('AgentService/GetAgent', { agent_id: 'none' }, options);
  assert.equal(failure.error?.trace_id, trace);
  const { message_id } = await client.call<{ message_id: string }>(
    'MessageService/SendMessage',
    { message: { ...request, performative: 'inform' }, options: { persist: true } },
    options,
  );
  const kept = await client.call<{ traceparent: string }>('MessageService/GetMessage', {
    message_id,
  });
  assert.equal(kept.traceparent, traceparent);
});

test('the key of the metadata makes a repeated send return the first answer', async () => {
  const send = (key: string) =>
    client.call(
      'MessageService/SendMessage',
      { message: { ...request, performative: 'inform' } },
      { metadata: { 'idempotency-key': key } },
    );
  const first = await send('key-1');
  assert.deepEqual(await send('key-1'), first);
  assert.notDeepEqual(await send('key-2'), first);
  const failure = await client.failure(
    'MessageService/SendMessage',
    { message: request },
    { metadata: { 'idempotency-key': 'k'.repeat(257) } },
  );
  assert.equal(failure.error?.details.field, 'idempotency-key');
});

test('a full mailbox is refused with the time to try again', async () => {
  await deploy('slow', await guest('slow-agent'), { resources: { mailbox: 1, cpu: '100000000' } });
  const message = { ...request, receiver: 'slow' };
  const sends = Array.from({ length: 200 }, () =>
    client.call('MessageService/SendMessage', { message }).then(
      () => undefined,
      (error: ServiceError) => error,
    ),
  );
  const refused = (await Promise.all(sends)).find((error) => error !== undefined);
  assert.equal(refused?.code, status.RESOURCE_EXHAUSTED);
  assert.match(String(refused?.metadata.get('retry-after')[0]), /^\d+$/);
});

test('bytes that are no request are refused with a trace id', async () => {
  const raw = new Client(server.grpcAddress, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('x-caxton-token', admin.token);
  const pass = (bytes: Buffer): Buffer => bytes;
  try {
    const error = await new Promise<ServiceError | null>((resolve) => {
      raw.makeUnaryRequest(
        '/caxton.v1.AgentService/GetAgent',
        pass,
        pass,
        Buffer.from([0x0a, 0xff, 0xff]),
        metadata,
        resolve,
      );
    });
    assert.equal(error?.code, status.INVALID_ARGUMENT);
    const body = JSON.parse(String(error?.metadata.get('caxton-error')[0]));
    assert.equal(body.error.code, 'INVALID_REQUEST');
    assert.match(body.error.message, /caxton\.v1\.GetAgentRequest/);
  } finally {
    raw.close();
  }
});
