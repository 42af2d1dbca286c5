import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { call, deployForm } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { connect, type WsClient } from '../../support/ws-client.js';

const BOUND_BYTES = 256 * 1024;
/** All that is sent: how fast the agent is doesn't matter here. */
const MAILBOX_BYTES = 64 * 1024 * 1024;
const CONTENT = 'x'.repeat(100_000);

let server: TestServer;
before(async () => {
  const limits = { websocket_backpressure_bytes: BOUND_BYTES, mailbox_bytes: MAILBOX_BYTES };
  server = await startTestServer({ limits });
  const form = deployForm(sampleAgent('echo'), { name: 'echo', resources: { mailbox: 1_000 } });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
});
after(() => server?.close());

/** Sends more than the network between client and server and the bound together can hold. */
async function flood(messages: number): Promise<void> {
  const message = { performative: 'inform', sender: 'flood', receiver: 'echo', content: CONTENT };
  for (let i = 0; i < messages; i++) {
    await call(`${server.url}/api/v1/messages`, 'POST', message);
  }
}

/** More than the largest buffers of a loopback connection, which are about 6 MB. */
const FLOOD_MESSAGES = 250;

async function slowSubscriber(onOverflow?: string): Promise<WsClient> {
  const client = await connect(server.wsUrl);
  const answer = await client.ask({
    type: 'subscribe',
    id: 1,
    filter: { agents: ['flood'] },
    ...(onOverflow && { on_overflow: onOverflow }),
  });
  assert.equal(answer.type, 'subscribed');
  client.socket.pause();
  return client;
}

test('a slow consumer loses events, is told how many, and then goes on', async () => {
  const client = await slowSubscriber();
  await flood(FLOOD_MESSAGES);
  client.socket.resume();
  const alert = await client.takeType('system.alert');
  assert.equal(alert.severity, 'warning');
  assert.match(String(alert.subscription_id), /^sub_/);
  const details = alert.details as { dropped: number; first_seq: number; last_seq: number };
  const received = client.received.filter((frame) => frame.type === 'message');
  assert.ok(details.dropped > 0);
  assert.equal(received.length + details.dropped, FLOOD_MESSAGES);
  assert.ok(received.every((frame) => Number(frame.seq) < details.first_seq));
  assert.match(String(alert.message), new RegExp(`^${details.dropped} `));

  client.received.length = 0;
  await flood(1);
  const next = await client.takeType('message');
  assert.ok(Number(next.seq) > details.last_seq);
  assert.ok(!client.received.some((frame) => frame.type === 'system.alert'));
  await client.close();
});

test('a slow consumer that asked for it is closed', async () => {
  const client = await slowSubscriber('close');
  await flood(FLOOD_MESSAGES);
  client.socket.resume();
  await eventually('the connection ends', () => client.closed !== undefined);
  assert.equal(client.closed?.code, 1013);
  assert.match(client.closed?.reason ?? '', /too slowly/);
  assert.equal(server.server.runtime.events.subscriptions, 0);
});

test('a slow consumer does not hold up a fast one', async () => {
  const slow = await slowSubscriber();
  const fast = await connect(server.wsUrl);
  await fast.ask({ type: 'subscribe', id: 1, filter: { agents: ['flood'] } });
  await flood(FLOOD_MESSAGES);
  await eventually('the fast consumer has all', () => fast.received.length === FLOOD_MESSAGES);
  assert.ok(fast.received.every((frame) => frame.type === 'message'));
  await fast.close();
  slow.socket.resume();
  await slow.close();
});

test('a client that reads no answers is let go', async () => {
  const client = await connect(server.wsUrl);
  client.socket.pause();
  const message = { performative: 'inform', receiver: 'nobody' };
  const frame = JSON.stringify({ type: 'send', id: 'i'.repeat(200), message });
  const runtime = server.server.runtime;
  // Until the answers, about as long as the frames, fill the network and twice the bound.
  for (let sent = 0; client.closed === undefined && sent < 400; sent++) {
    for (let i = 0; i < 100; i++) client.socket.send(frame);
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.resume();
  await eventually('the connection ends', () => client.closed !== undefined);
  assert.equal(client.closed?.code, 1013);
  assert.match(client.closed?.reason ?? '', /answers/);
  assert.equal(runtime.state, 'ready');
});
