import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { bounceAgent, compileAgent, sinkAgent } from '../../bench/harness/agents.js';
import { startBaseline } from '../../bench/harness/baseline.js';
import { CaxtonServer } from '../../bench/harness/caxton.js';
import { runScript } from '../../bench/harness/child.js';
import { rawEcho } from '../../bench/harness/raw-echo.js';
import {
  askingMessage,
  bouncedMessage,
  messageOfContent,
  SAMPLE_BODY,
  SAMPLE_BYTES,
  sampleMessage,
} from '../../bench/harness/sample-message.js';
import type { GrpcInput } from '../../bench/load/grpc-client.js';
import type { HttpClientInput, HttpClientResult } from '../../bench/load/http-client.js';
import type { WindowResult } from '../../bench/load/window.js';
import type { WsBatchInput } from '../../bench/load/ws-batch-client.js';
import type { WsFanoutInput, WsFanoutResult } from '../../bench/load/ws-fanout-client.js';
import { PING, PONG, volley } from '../../bench/rows/volley.js';

const TIMES = { seconds: 0.1, warmSeconds: 0 };

async function baseline(t: TestContext, name: string): Promise<number> {
  const { port, stop } = await startBaseline(name);
  t.after(stop);
  return port;
}

test('every form of the message has the size of the one in the API reference', () => {
  assert.equal(SAMPLE_BYTES, 177);
  const size = (message: object): number => JSON.stringify(message).length;
  assert.equal(JSON.stringify(sampleMessage('agent_123')), SAMPLE_BODY);
  assert.equal(size(askingMessage('agent_123')), SAMPLE_BYTES);
  assert.equal(size(bouncedMessage('agent_123')), SAMPLE_BYTES);
  for (const bytes of [100, 1_000_000]) {
    assert.equal(size((messageOfContent('a', bytes) as { content: object }).content), bytes);
  }
});

test('the HTTP client measures each request of a closed loop', async (t) => {
  const port = await baseline(t, 'bare-http');
  const path = '/api/v1/messages';
  const input: HttpClientInput = { ...TIMES, port, path, body: SAMPLE_BODY, connections: 2 };
  const closed = await runScript<HttpClientResult>('load/http-client.js', input);
  assert.ok(closed.count > 0 && closed.perSecond > 0);
  assert.ok(closed.p50_us > 0 && closed.p99_us >= closed.p50_us);
});

test('the HTTP client sends an open loop as often as it is told to', async (t) => {
  const port = await baseline(t, 'bare-http');
  const result = await runScript<HttpClientResult>('load/http-client.js', {
    port,
    path: '/api/v1/messages',
    body: SAMPLE_BODY,
    connections: 8,
    seconds: 0.5,
    warmSeconds: 0,
    rate: 200,
    intervalSeconds: 0.1,
  } satisfies HttpClientInput);
  // What was due and came late counts too, unless it came after the end.
  assert.ok(result.count > 0 && result.count <= 100, String(result.count));
  assert.ok(result.stretches.length > 0);
});

test('a batch over WebSocket counts each of its messages', async (t) => {
  const port = await baseline(t, 'bare-ws');
  const message = sampleMessage('sink');
  const common: WsBatchInput = {
    ...TIMES,
    port,
    path: '/batch',
    message,
    messages: 10,
    framesInFlight: 4,
  };
  const { total } = await runScript<WindowResult>('load/ws-batch-client.js', common);
  assert.ok(total > 0 && total % 10 === 0, String(total));
});

test('a message to all counts when each subscriber has it', async (t) => {
  const port = await baseline(t, 'bare-ws');
  const input: WsFanoutInput = {
    ...TIMES,
    port,
    path: '/fanout',
    subscribers: 5,
    send: {},
    inFlight: 4,
  };
  const result = await runScript<WsFanoutResult>('load/ws-fanout-client.js', input);
  assert.ok(result.total > 0);
  assert.equal(result.frameBytes > 300, true);
});

test('calls and streams of gRPC are answered', async (t) => {
  const port = await baseline(t, 'bare-grpc');
  for (const method of ['SendMessage', 'Converse'] as const) {
    const message = sampleMessage('sink');
    const input: GrpcInput = { ...TIMES, port, method, message, inFlight: 4 };
    const { total } = await runScript<WindowResult>('load/grpc-client.js', input);
    assert.ok(total > 0, method);
  }
});

test('a load whose messages agents did not handle as often as it says is refused', async (t) => {
  const server = await CaxtonServer.start({ workers: 1 });
  t.after(() => server.stop());
  await server.deploy('sink', await sinkAgent());
  const send = () => server.call('POST', '/api/v1/messages', sampleMessage('sink'));
  await server.verified(async () => {
    await send();
    return 1;
  }, 0);
  const twice = server.verified(async () => {
    await send();
    await send();
    return 1;
  }, 0);
  await assert.rejects(twice, /1 messages were answered, agents handled 2 and 0 failed/);
});

test('two agents send each other messages until they are told to end', async (t) => {
  const server = await CaxtonServer.start({ workers: 2 });
  t.after(() => server.stop());
  await server.deploy(PING, await bounceAgent(PONG));
  await server.deploy(PONG, await bounceAgent(PING));
  for (let round = 0; round < 2; round++) assert.ok((await volley(server, 16, 0.2)) > 0);
  const handled = await server.settled();
  assert.equal(await server.settled(), handled);
});

test('the raw echo gives back what goes into it', async () => {
  const echo = rawEcho(new WebAssembly.Module(await compileAgent('raw-echo')));
  assert.deepEqual([...echo(Uint8Array.of(1, 2, 3))], [1, 2, 3]);
});
