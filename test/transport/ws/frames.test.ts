import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { call, deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { connect, type ReceivedFrame, type WsClient } from '../../support/ws-client.js';

let server: TestServer;
let client: WsClient;
before(async () => {
  server = await startTestServer();
  const form = deployForm(sampleAgent('echo'), { name: 'echo' });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
  client = await connect(server.wsUrl);
});
after(async () => {
  await client?.close();
  await server?.close();
});

interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly details: Record<string, unknown>;
  readonly trace_id: string;
}

function errorOf(frame: ReceivedFrame, code: string): ErrorFields {
  assert.equal(frame.type, 'error', JSON.stringify(frame));
  const error = frame.error as ErrorFields;
  assert.deepEqual(Object.keys(error), ['code', 'message', 'details', 'trace_id']);
  assert.equal(error.code, code, error.message);
  assert.match(error.trace_id, /^[0-9a-f]{32}$/);
  return error;
}

test('a ping is answered with its id, or without one', async () => {
  assert.deepEqual(await client.ask({ type: 'ping', id: 'p1' }), { type: 'pong', id: 'p1' });
  client.send({ type: 'ping' });
  assert.deepEqual(await client.takeType('pong'), { type: 'pong' });
});

test('a send is acknowledged with the message id', async () => {
  const message = { performative: 'inform', receiver: 'echo', content: 1 };
  const ack = await client.ask({ type: 'send', id: 1, message });
  assert.deepEqual(Object.keys(ack), ['type', 'id', 'message_id', 'status', 'delivered_at']);
  assert.equal(ack.type, 'ack');
  assert.equal(ack.status, 'delivered');
  const kept = await eventually('the message is in the history', async () => {
    const answer = await request(`${server.url}/api/v1/messages/${ack.message_id}`, 'GET');
    return answer.status === 200 && (answer.body as { content: unknown });
  });
  assert.equal(kept.content, 1);
});

test('a send that waits is answered by one frame with the reply', async () => {
  const message = { performative: 'request', receiver: 'echo', content: { a: [1] } };
  const reply = await client.ask({
    type: 'send',
    id: 'w',
    wait: true,
    timeout_ms: 20_000,
    message,
  });
  assert.equal(reply.type, 'reply');
  assert.equal(reply.status, 'replied');
  const answer = reply.reply as Record<string, unknown>;
  assert.equal(answer.performative, 'inform');
  assert.equal(answer.in_reply_to, reply.message_id);
  assert.deepEqual(answer.content, { a: [1] });
});

test('a refused frame is answered with an error and its id, and the connection goes on', async () => {
  const message = { performative: 'inform', receiver: 'echo' };
  const cases: Array<[string, string, Record<string, unknown>]> = [
    ['INVALID_REQUEST', 'performative', { type: 'send', message: { receiver: 'echo' } }],
    ['INVALID_REQUEST', 'message', { type: 'send' }],
    ['INVALID_REQUEST', 'mesage', { type: 'send', mesage: message, message }],
    ['INVALID_REQUEST', 'options.persist', { type: 'send', message, options: { persist: 1 } }],
    ['INVALID_REQUEST', 'wait', { type: 'send', message, wait: 'yes' }],
    ['INVALID_REQUEST', 'type', { type: 'sendd', message }],
    ['INVALID_REQUEST', 'type', { message }],
    ['INVALID_REQUEST', 'subscription_id', { type: 'unsubscribe' }],
    ['INVALID_REQUEST', 'extra', { type: 'ping', extra: 1 }],
    ['INVALID_REQUEST', 'timeout_ms', { type: 'send', message, timeout_ms: 5 }],
    ['INVALID_REQUEST', 'until', { type: 'send', message, wait: false, until: 'final' }],
    ['INVALID_REQUEST', 'events.0', { type: 'subscribe', events: ['agnet.*'] }],
  ];
  for (const [i, [code, field, frame]] of cases.entries()) {
    const answer = await client.ask({ ...frame, id: `bad-${i}` });
    assert.equal(errorOf(answer, code).details.field, field);
  }
  const unknown = await client.ask({
    type: 'send',
    id: 'unknown',
    message: { performative: 'request', receiver: 'nobody' },
  });
  assert.equal(errorOf(unknown, 'AGENT_NOT_FOUND').details.agent_id, 'nobody');
  assert.equal((await client.ask({ type: 'ping', id: 'alive' })).type, 'pong');
});

test('what is no JSON object is answered with an error without an id', async () => {
  for (const [text, position] of [
    ['{"type":"ping"', 14],
    ['nonsense', 0],
    ['', 0],
  ] as const) {
    client.send(text);
    assert.equal(
      errorOf(await client.takeType('error'), 'INVALID_REQUEST').details.position,
      position,
    );
  }
  for (const text of ['null', '[]', '"ping"', '7', '{"type":"ping","id":{}}']) {
    client.send(text);
    const frame = await client.takeType('error');
    errorOf(frame, 'INVALID_REQUEST');
    assert.equal(frame.id, undefined);
  }
  assert.equal((await client.ask({ type: 'ping', id: 'still' })).type, 'pong');
});

test('an error tells a rule in words', async () => {
  client.send({ type: 'ping', id: {} });
  const id = errorOf(await client.takeType('error'), 'INVALID_REQUEST');
  assert.equal(id.message, 'id must be a string or a number.');
  const events = await client.ask({ type: 'subscribe', id: 'e', events: ['agnet.*'] });
  assert.match(
    errorOf(events, 'INVALID_REQUEST').message,
    /is no type of event\. Did you mean agent\.\*\?/,
  );
});

test('frames that are sent in one go are answered in their order', async () => {
  const count = 500;
  for (let id = 0; id < count; id++) {
    client.send({ type: 'send', id, message: { performative: 'inform', receiver: 'echo' } });
  }
  for (let id = 0; id < count; id++) {
    assert.equal((await client.takeType('ack')).id, id);
  }
});

test('a frame beyond the bound ends the connection, and the server goes on', async () => {
  const flooding = await connect(server.wsUrl);
  flooding.send('x'.repeat(LIMITS.websocket_frame_bytes + 1));
  await eventually('the connection ends', () => flooding.closed !== undefined);
  assert.equal((await client.ask({ type: 'ping', id: 'after' })).type, 'pong');
});

test('a client that is gone while it waits leaves nothing behind', async () => {
  const leaving = await connect(server.wsUrl);
  const message = { performative: 'request', receiver: 'mute' };
  const silent = { performative: 'inform', sender: 'mute', receiver: 'echo' };
  await leaving.ask({ type: 'send', id: 1, message: silent });
  const wait = { conversation_id: 'conv_left', reply_with: 'left' };
  leaving.send({ type: 'send', id: 2, wait: true, message: { ...message, ...wait } });
  await leaving.ask({ type: 'ping', id: 3 });
  await leaving.close();
  // The wait has ended: another may wait under the same key.
  const again = await eventually('the wait ends', async () => {
    const answer = await client.ask({
      type: 'send',
      id: 'again',
      wait: true,
      timeout_ms: 1,
      message: { ...message, ...wait },
    });
    return (answer.error as ErrorFields).code !== 'CONFLICT' && answer;
  });
  errorOf(again, 'TIMEOUT');
});

test('a request that is no WebSocket is told so', async () => {
  const answer = await request(`${server.url}/ws`, 'GET');
  assert.equal(answer.status, 426);
  assert.equal(answer.headers.get('upgrade'), 'websocket');
  assert.match(answer.text, /ws:\/\//);
});

test('a server that stops says so to its connections', async () => {
  const stopping = await startTestServer();
  const open = await connect(stopping.wsUrl);
  await stopping.close();
  await eventually('the connection ends', () => open.closed !== undefined);
  assert.equal(open.closed?.code, 1001);
});
