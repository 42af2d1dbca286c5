import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { GuestBuilder } from '../../support/guest-builder.js';
import { compileWat, sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { callFailure, GrpcTestClient } from './client.js';

interface SendMessagesResponse {
  readonly accepted: number;
  readonly refused: number;
  readonly errors: ReadonlyArray<{
    readonly index: number;
    readonly error: { readonly code: string };
  }>;
}

interface ConverseResponse {
  readonly id?: string;
  readonly index?: number;
  readonly ack?: { readonly message_id: string; readonly status: string };
  readonly reply?: { readonly reply: { readonly content_value: { numberValue: number } } };
  readonly error?: { readonly code: string };
}

/** Of the token "viewer". */
const VIEWER_SHA256 = 'd35ca5051b82ffc326a3b0b6574a9a3161dee16b9478a199ee39cd803ce5b799';

let server: TestServer;
let client: GrpcTestClient;
before(async () => {
  server = await startTestServer();
  client = new GrpcTestClient(server.grpcAddress);
  await deploy('echo', sampleAgent('echo'));
  await deploy('silent', await compileWat('silent', new GuestBuilder().build()));
});
after(async () => {
  client?.close();
  await server?.close();
});

const deploy = (name: string, module: Uint8Array) =>
  client.call('AgentService/DeployAgent', {
    wasm_module: module,
    config: { name, resources: { mailbox: 10_000 } },
  });

const message = (receiver: string, value: number, sender = 'streaming') => ({
  performative: 'request',
  sender,
  receiver,
  content_value: { numberValue: value },
});

async function historyOf(sender: string): Promise<number[]> {
  const { messages } = await client.call<{
    messages: ReadonlyArray<{ content_value: { numberValue: number } }>;
  }>('MessageService/QueryMessages', { sender, limit: 500 });
  return messages.map(({ content_value }) => content_value.numberValue);
}

test('SendMessages sends in order and answers once, with what was refused and why', async () => {
  const requests = Array.from({ length: 400 }, (_, i) =>
    i % 100 === 7 ? { message: message('nobody', i) } : { message: message('echo', i, 'batch') },
  );
  requests.push({ message: { ...message('echo', 0, 'batch'), performative: 'shout' } });
  const answer = await client.sendAll<SendMessagesResponse>(
    'MessageService/SendMessages',
    requests,
  );
  assert.equal(answer.accepted, 396);
  assert.equal(answer.refused, 5);
  assert.deepEqual(
    answer.errors.map(({ index, error }) => [index, error.code]),
    [...[7, 107, 207, 307].map((index) => [index, 'AGENT_NOT_FOUND']), [400, 'INVALID_REQUEST']],
  );
  await client.call('MessageService/SendMessage', {
    message: message('echo', 400, 'batch'),
    options: { persist: true },
  });
  const expected = Array.from({ length: 401 }, (_, i) => i).filter((i) => i % 100 !== 7);
  assert.deepEqual(await historyOf('batch'), expected);
});

test('SendMessages tells the first errors one by one and counts the others', async () => {
  const count = LIMITS.stream_errors + 50;
  const requests = Array.from({ length: count }, (_, i) => ({ message: message('nobody', i) }));
  const answer = await client.sendAll<SendMessagesResponse>(
    'MessageService/SendMessages',
    requests,
  );
  assert.equal(answer.refused, count);
  assert.equal(answer.errors.length, LIMITS.stream_errors);
});

test('SendMessages waits for the disk where messages ask for it', async () => {
  const requests = Array.from({ length: 50 }, (_, i) => ({
    message: message('echo', i, 'durable'),
    options: { persist: true },
  }));
  const options = { metadata: { 'idempotency-key': 'one-for-all' } };
  const path = 'MessageService/SendMessages';
  const answer = await client.sendAll<SendMessagesResponse>(path, requests, options);
  assert.equal(answer.accepted, 50);
  assert.equal((await historyOf('durable')).length, 50);
});

test('Converse acknowledges in order, also where some wait for the disk and some are refused', async () => {
  const { call, answers } = client.converse<ConverseResponse>('MessageService/Converse');
  for (let i = 0; i < 60; i++) {
    call.write({
      id: `id-${i}`,
      message: message(i % 10 === 3 ? 'nobody' : 'echo', i),
      options: { persist: i % 7 === 0 },
    });
  }
  call.end();
  const got = await answers.take(60);
  assert.deepEqual(
    got.map(({ index }) => index ?? 0),
    Array.from({ length: 60 }, (_, i) => i),
  );
  for (const [i, answer] of got.entries()) {
    assert.equal(answer.id, `id-${i}`);
    if (i % 10 === 3) assert.equal(answer.error?.code, 'AGENT_NOT_FOUND');
    else assert.equal(answer.ack?.status, 'delivered');
  }
  assert.equal(await answers.end(), undefined);
});

test('Converse answers a wait when the reply comes, and goes on meanwhile', async () => {
  const { call, answers } = client.converse<ConverseResponse>('MessageService/Converse');
  call.write({ id: 'never', wait: true, message: message('silent', 1) });
  call.write({ id: 'waits', wait: true, message: message('echo', 5) });
  call.write({ id: 'plain', message: message('echo', 6) });
  const got = await answers.take(2);
  const byId = new Map(got.map((answer) => [answer.id, answer]));
  assert.ok(byId.get('plain')?.ack !== undefined && byId.get('plain')?.ack !== null);
  assert.equal(byId.get('waits')?.reply?.reply.content_value.numberValue, 5);
  call.write({
    id: 'short',
    wait: true,
    message: message('silent', 2),
    options: { timeout_ms: 1 },
  });
  const [timedOut] = await answers.take();
  assert.equal(timedOut?.id, 'short');
  assert.equal(timedOut?.error?.code, 'TIMEOUT');
  call.cancel();
  assert.equal((await answers.end())?.status, status.CANCELLED);
});

test('answers of all sizes arrive whole, however many come at once', async () => {
  const { call, answers } = client.converse<ConverseResponse>('MessageService/Converse');
  const sizes = Array.from({ length: 48 }, (_, i) => [1, 40_000, 70_000, 300_000][i % 4]!);
  for (const [i, size] of sizes.entries()) {
    const content = { fields: { text: { stringValue: String(i % 10).repeat(size) } } };
    const { content_value: _, ...rest } = message('echo', i);
    call.write({ id: String(i), wait: true, message: { ...rest, content } });
    call.write({ id: `ack-${i}`, message: message('silent', i) });
  }
  call.end();
  const got = await answers.take(2 * sizes.length);
  const lengths = new Map(
    got.map(({ id, reply }) => [id, JSON.stringify(reply?.reply ?? '').length]),
  );
  for (const [i, size] of sizes.entries()) {
    assert.ok(lengths.get(String(i))! > size, `answer ${i}`);
    assert.equal(lengths.get(`ack-${i}`), 2);
  }
  assert.equal(await answers.end(), undefined);
});

test('a call that is cancelled waits no longer', async () => {
  const waiting = { ...message('silent', 3), conversation_id: 'conv-gone', reply_with: 'key' };
  const { call, answers } = client.converse<ConverseResponse>('MessageService/Converse');
  call.write({ wait: true, message: waiting });
  call.write({ message: message('echo', 1) });
  await answers.take();
  call.cancel();
  await answers.end();
  await eventually('its key is free', async () => {
    const failure = await client.failure('MessageService/SendMessageAndWait', {
      message: waiting,
      options: { timeout_ms: 1 },
    });
    return failure.error?.code === 'TIMEOUT';
  });
});

test('a client that waits for much is read no further, and then all is answered', async () => {
  const { call, answers } = client.converse<ConverseResponse>('MessageService/Converse');
  const count = 3 * LIMITS.converse_pending;
  for (let i = 0; i < count; i++) {
    call.write({ id: String(i), wait: true, message: message('echo', i) });
  }
  call.end();
  const got = await answers.take(count);
  assert.equal(new Set(got.map(({ id }) => id)).size, count);
  assert.ok(got.every(({ reply }) => reply !== undefined && reply !== null));
  assert.equal(await answers.end(), undefined);
});

test('streams of strangers, and of those who may only read, are refused', async () => {
  const guarded = await startTestServer({
    tokens: [{ name: 'reader', role: 'viewer', sha256: VIEWER_SHA256 }],
  });
  const stranger = new GrpcTestClient(guarded.grpcAddress);
  const viewer = new GrpcTestClient(guarded.grpcAddress, { 'x-caxton-token': 'viewer' });
  const codeOf = async (call: Promise<unknown>): Promise<string | undefined> =>
    call.then(
      () => 'none',
      (error: unknown) => callFailure(error).error?.code,
    );
  const send = (from: GrpcTestClient) => codeOf(from.sendAll('MessageService/SendMessages', []));
  assert.equal(await send(stranger), 'UNAUTHORIZED');
  assert.equal(await send(viewer), 'FORBIDDEN');
  const converse = viewer.converse('MessageService/Converse');
  assert.equal((await converse.answers.end())?.error?.code, 'FORBIDDEN');
  const events = stranger.subscribe('EventService/Subscribe', { events: ['*'] });
  assert.equal((await events.end())?.error?.code, 'UNAUTHORIZED');
  const reading = viewer.subscribe('EventService/Subscribe', { events: ['*'] });
  assert.equal((await reading.end())?.error?.code, 'FORBIDDEN');
  stranger.close();
  viewer.close();
  await guarded.close();
});
