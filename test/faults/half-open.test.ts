import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Api } from '../../src/api/api.js';
import { Audit } from '../../src/api/audit.js';
import { createLogger } from '../../src/base/log.js';
import { startGrpc } from '../../src/transport/grpc/server.js';
import { listenHttp } from '../../src/transport/listen.js';
import { loadUws } from '../../src/transport/uws-loader.js';
import { registerWebSocket } from '../../src/transport/ws/register.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { startRelay } from '../support/relay.js';
import { call, deployForm } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { GrpcTestClient } from '../transport/grpc/client.js';

/** The least that uWebSockets.js takes; the server's own bound is a matter of minutes. */
const IDLE_S = 8;
const KEEPALIVE_MS = 200;
const logger = createLogger({ level: 'error' });

let server: TestServer;
let api: Api;
before(async () => {
  server = await startTestServer();
  api = new Api(server.server.runtime, new Audit(undefined));
  const form = deployForm(sampleAgent('echo'), { name: 'echo' });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
});
after(() => server?.close());

const subscriptions = (): number => server.server.runtime.events.subscriptions;

test('a WebSocket whose client vanished without a word is ended, and one that answers pings is not', async () => {
  const uws = loadUws();
  const app = uws.App();
  const sockets = registerWebSocket(app, { api, uws, logger, idleS: IDLE_S });
  const listener = await listenHttp(uws, app, '127.0.0.1', 0);
  const relay = await startRelay(`http://127.0.0.1:${listener.port}`);
  try {
    const living = await connect(`ws://127.0.0.1:${listener.port}/ws`);
    await living.ask({ type: 'subscribe', id: 1, events: ['system.alert'] });
    const vanished = await connect(`${relay.url.replace('http', 'ws')}/ws`);
    await vanished.ask({ type: 'subscribe', id: 1, events: ['*'] });
    assert.equal(subscriptions(), 2);
    // Pings are lost from now on, and the server hears nothing more, not even an end.
    relay.deafen(() => undefined);
    await eventually('the server lets it go', () => sockets.connections === 1);
    assert.equal(subscriptions(), 1);
    assert.equal((await living.ask({ type: 'ping', id: 2 })).type, 'pong');
    await living.close();
  } finally {
    await relay.close();
    sockets.close();
    listener.close();
  }
});

test('a gRPC client that vanished without a word is let go with its calls', async () => {
  const grpc = await startGrpc({
    ...{ api, host: '127.0.0.1', port: 0, logger },
    ...{ keepaliveMs: KEEPALIVE_MS, keepaliveTimeoutMs: KEEPALIVE_MS },
  });
  const relay = await startRelay(`http://127.0.0.1:${grpc.port}`);
  const vanished = new GrpcTestClient(new URL(relay.url).host);
  const living = new GrpcTestClient(`127.0.0.1:${grpc.port}`);
  try {
    const lost = vanished.subscribe('EventService/Subscribe', { events: ['*'] });
    const kept = living.subscribe('EventService/Subscribe', { events: ['*'] });
    await Promise.all([lost.take(), kept.take()]);
    assert.equal(subscriptions(), 2);
    relay.deafen(() => undefined);
    await eventually('the server lets it go', () => subscriptions() === 1);
    await call(
      `${server.url}/api/v1/agents`,
      'POST',
      deployForm(sampleAgent('echo'), { name: 'new' }),
    );
    await kept.take();
    kept.call.cancel();
  } finally {
    vanished.close();
    living.close();
    await relay.close();
    await grpc.close();
  }
});

test('a Converse client that never reads is read no further, and others are answered', async () => {
  const client = new GrpcTestClient(server.grpcAddress);
  const { call: stream, answers } = client.converse<object>('MessageService/Converse');
  stream.pause();
  const message = { performative: 'request', sender: 'never-reads', receiver: 'echo' };
  const content_value = { stringValue: 'x'.repeat(20_000) };
  let isRefusing = false;
  for (let i = 0; i < 5_000 && answers.ended === undefined; i++) {
    // Replies come back on the call and fill what flow control allows it.
    isRefusing = !stream.write({ message: { ...message, content_value }, wait: true });
    if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(isRefusing, 'its own writes wait');
  const asked = await call<{ reply: { content: number } }>(
    `${server.url}/api/v1/messages?wait=true`,
    'POST',
    { performative: 'request', receiver: 'echo', content: 7 },
  );
  assert.equal(asked.reply.content, 7);
  stream.cancel();
  const { runtime } = server.server;
  await eventually('nothing waits for it', () => runtime.agents.get('echo').mailboxMessages === 0);
  client.close();
});
