import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { LIMITS } from '../../../src/base/limits.js';
import { sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { GrpcTestClient } from './client.js';

let server: TestServer;
let client: GrpcTestClient;

before(async () => {
  server = await startTestServer();
  client = new GrpcTestClient(
    server.grpcAddress,
    {},
    {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
    },
  );
  await client.call('AgentService/DeployAgent', {
    wasm_module: sampleAgent('echo'),
    config: { name: 'echo' },
  });
  // Makes "silent" a known client, to which messages are delivered and which answers none.
  await client.call('MessageService/SendMessage', {
    message: { performative: 'inform', sender: 'silent', receiver: 'echo' },
  });
});
after(async () => {
  client?.close();
  await server?.close();
});

/** A question that nobody answers; whoever waits for it holds its reply_with. */
function question(reply_with: string) {
  return {
    performative: 'request',
    receiver: 'silent',
    conversation_id: 'conv_silent',
    reply_with,
  };
}

/** That nobody waits for the answer to this question: a second wait would be a CONFLICT. */
async function nobodyWaits(reply_with: string): Promise<void> {
  const failure = await client.failure('MessageService/SendMessageAndWait', {
    message: question(reply_with),
    options: { timeout_ms: 1 },
  });
  assert.equal(failure.error?.code, 'TIMEOUT');
}

test('a wait under a reply_with that somebody waits for is a conflict', async () => {
  const abort = new AbortController();
  const message = question('taken');
  const first = client.failure('MessageService/SendMessageAndWait', { message }, abort);
  const second = await client.failure('MessageService/SendMessageAndWait', { message });
  assert.equal(second.error?.code, 'CONFLICT');
  assert.equal(second.status, status.FAILED_PRECONDITION);
  abort.abort();
  assert.equal((await first).status, status.CANCELLED);
});

test('a deadline ends the wait, however long the options allow', async () => {
  const failure = await client.failure(
    'MessageService/SendMessageAndWait',
    { message: question('late'), options: { timeout_ms: 600_000 } },
    { deadlineMs: 100 },
  );
  assert.equal(failure.status, status.DEADLINE_EXCEEDED);
  await nobodyWaits('late');
});

test('a timeout shorter than the deadline is an error of the table', async () => {
  const failure = await client.failure(
    'MessageService/SendMessageAndWait',
    { message: question('early'), options: { timeout_ms: 20 } },
    { deadlineMs: 60_000 },
  );
  assert.equal(failure.error?.code, 'TIMEOUT');
  assert.equal(failure.error?.details.timeout_ms, 20);
});

test('a call that is cancelled waits no longer', async () => {
  for (const reply_with of ['given-up-1', 'given-up-2']) {
    const abort = new AbortController();
    const waiting = client.failure(
      'MessageService/SendMessageAndWait',
      { message: question(reply_with), options: { timeout_ms: 600_000 } },
      { signal: abort.signal },
    );
    // The answer to a later call of the same connection says that this one has begun.
    await client.call('MetricsService/GetStatus');
    abort.abort();
    assert.equal((await waiting).status, status.CANCELLED);
    await client.call('MetricsService/GetStatus');
    await nobodyWaits(reply_with);
  }
});

test('until=final waits past an agree', async () => {
  const answer = await client.call<{ reply: { performative: string } }>(
    'MessageService/SendMessageAndWait',
    { message: { performative: 'request', receiver: 'echo' }, until: 'WAIT_UNTIL_FINAL' },
  );
  assert.equal(answer.reply.performative, 'inform');
});

test('content as large as the limit goes through and comes back', async () => {
  const text = 'x'.repeat(LIMITS.content_bytes - 2);
  const { reply } = await client.call<{ reply: { content_value: { stringValue: string } } }>(
    'MessageService/SendMessageAndWait',
    {
      message: {
        performative: 'request',
        receiver: 'echo',
        content_value: { stringValue: text },
      },
    },
  );
  assert.ok(reply.content_value.stringValue === text);
});

test('content over the limit is refused with the limit', async () => {
  const failure = await client.failure('MessageService/SendMessage', {
    message: {
      performative: 'request',
      receiver: 'echo',
      content_value: { stringValue: 'x'.repeat(LIMITS.content_bytes - 1) },
    },
  });
  assert.equal(failure.error?.code, 'INVALID_REQUEST');
  assert.equal(failure.error?.details.field, 'content');
  assert.equal(failure.error?.details.limit_bytes, LIMITS.content_bytes);
});

test('a request over the limit is refused before it is read', async () => {
  const failure = await client.failure('AgentService/DeployAgent', {
    wasm_module: Buffer.alloc(LIMITS.request_body_bytes),
    config: { name: 'large' },
  });
  assert.equal(failure.status, status.RESOURCE_EXHAUSTED);
});

test('a page over the limit is refused with the advice to ask for less', async () => {
  const conversation_id = 'conv_large';
  const contents = 4;
  // Two bytes each in the history, eleven here.
  const values = Array.from({ length: 500_000 }, () => ({ numberValue: 0 }));
  for (let i = 0; i < contents; i++) {
    await client.call('MessageService/SendMessage', {
      message: {
        performative: 'inform',
        receiver: 'silent',
        conversation_id,
        content_value: { listValue: { values } },
      },
      options: { persist: i === contents - 1 },
    });
  }
  const failure = await client.failure('MessageService/QueryMessages', { conversation_id });
  assert.equal(failure.error?.code, 'RESOURCE_LIMIT_EXCEEDED');
  assert.equal(failure.error?.details.field, 'limit');
  const page = await client.call<{ messages: object[]; total: number }>(
    'MessageService/QueryMessages',
    { conversation_id, limit: 2 },
  );
  assert.equal(page.messages.length, 2);
  assert.equal(page.total, contents);
});

test('more calls at once than one connection carries are all answered', async () => {
  const calls = LIMITS.grpc_concurrent_streams * 2;
  const answers = await Promise.all(
    Array.from({ length: calls }, () =>
      client.call<{ status: string }>('MetricsService/GetStatus'),
    ),
  );
  assert.equal(answers.filter((answer) => answer.status === 'ready').length, calls);
});
