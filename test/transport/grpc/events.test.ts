import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { type AnswerStream, GrpcTestClient } from './client.js';
import { ofPlainStruct, type PlainStruct } from './json-values.js';

interface Event {
  readonly type: string;
  readonly seq: number;
  readonly subscription_id: string;
  readonly timestamp?: { readonly seconds: number };
  readonly body?: PlainStruct;
  readonly message?: {
    readonly message_id: string;
    readonly performative: string;
    readonly receiver: string;
    readonly content?: PlainStruct;
  };
}

const BOUND_BYTES = 256 * 1024;

let server: TestServer;
let client: GrpcTestClient;
before(async () => {
  server = await startTestServer({ limits: { websocket_backpressure_bytes: BOUND_BYTES } });
});
after(() => server?.close());
beforeEach(() => {
  client = new GrpcTestClient(server.grpcAddress);
});
afterEach(async () => {
  client.close();
  await eventually('no subscription is left', () => bus().subscriptions === 0);
});

const bus = () => server.server.runtime.events;

async function subscribe(request: object): Promise<AnswerStream<Event> & { first: Event }> {
  const stream = client.subscribe<Event>('EventService/Subscribe', request);
  const [first] = await stream.take();
  assert.equal(first?.type, 'subscribed');
  return Object.assign(stream, { first: first! });
}

const send = (receiver: string, content: object, sender = 'sender') =>
  client.call<{ message_id: string }>('MessageService/SendMessage', {
    message: {
      performative: 'inform',
      sender,
      receiver,
      content_value: { stringValue: JSON.stringify(content) },
    },
  });

test('events come with their fields, and with the same numbers as everywhere', async () => {
  const stream = await subscribe({ events: ['agent.*'], filters: { agent_ids: ['grpc-echo'] } });
  const { agent_id } = await client.call<{ agent_id: string }>('AgentService/DeployAgent', {
    wasm_module: sampleAgent('echo'),
    config: { name: 'grpc-echo' },
  });
  const [loaded, running, deployed] = await stream.take(3);
  for (const { type } of [loaded!, running!]) assert.equal(type, 'agent.state_changed');
  assert.equal(deployed!.type, 'agent.deployed');
  assert.equal(deployed!.subscription_id, stream.first.subscription_id);
  assert.ok(deployed!.seq > running!.seq && running!.seq > stream.first.seq);
  assert.ok(Math.abs(deployed!.timestamp!.seconds * 1_000 - Date.now()) < 60_000);
  const body = ofPlainStruct(deployed!.body!) as Record<string, unknown>;
  assert.equal(body.agent_id, agent_id);
  assert.equal(body.name, 'grpc-echo');
  stream.call.cancel();
  assert.equal((await stream.end())?.status, status.CANCELLED);
});

test('a client id brings the messages to it, whole, and is remembered', async () => {
  const agents = ['grpc-client', 'grpc-named'];
  const stream = await subscribe({ client_id: 'grpc-client', filter: { agents } });
  const { message_id } = await send('grpc-client', { n: 1 });
  const [event] = await stream.take();
  assert.equal(event!.type, 'message');
  assert.equal(event!.message!.message_id, message_id);
  assert.equal(event!.message!.receiver, 'grpc-client');
  stream.call.cancel();
  await stream.end();
  await eventually('the claim has ended', async () => {
    const failure = await client
      .failure('MessageService/SendMessage', {
        message: { performative: 'inform', receiver: 'grpc-named' },
      })
      .catch(() => undefined);
    return failure?.error?.code === 'AGENT_NOT_FOUND';
  });
  await send('grpc-client', { n: 2 });
});

test('a stream goes on where another was', async () => {
  const before = await subscribe({ client_id: 'returning' });
  const sent = [(await send('returning', {})).message_id];
  const [seen] = await before.take();
  sent.push((await send('returning', {})).message_id, (await send('returning', {})).message_id);
  before.call.cancel();
  await before.end();
  const stream = await subscribe({ client_id: 'returning', resume_from: seen!.seq });
  assert.deepEqual(ofPlainStruct(stream.first.body!), {
    resumed: true,
    missed: 0,
    may_repeat: false,
  });
  sent.push((await send('returning', {})).message_id);
  const got = (await stream.take(3)).map(({ message }) => message!.message_id);
  assert.deepEqual(got, sent.slice(1));
  stream.call.cancel();
});

test('what is asked wrongly is refused by its field', async () => {
  const cases: Array<[string, object]> = [
    ['filter', {}],
    ['events.0', { events: ['agent.faild'] }],
    ['filter.performatives', { filter: { performatives: ['shout'] } }],
    ['on_overflow', { events: ['*'], on_overflow: 'wait' }],
    ['resume_from', { events: ['*'], resume_from: -1 }],
    ['client_id', { client_id: 'broadcast:x' }],
  ];
  for (const [field, request] of cases) {
    const failure = await client.subscribe('EventService/Subscribe', request).end();
    assert.equal(failure?.status, status.INVALID_ARGUMENT, field);
    assert.equal(failure?.error?.code, 'INVALID_REQUEST', field);
    assert.equal(failure?.error?.details.field, field);
  }
});

/** More than the buffers of a loopback connection and of gRPC's flow control. */
const FLOOD_MESSAGES = 150;

async function flood(receiver: string): Promise<void> {
  const content = { text: 'x'.repeat(100_000) };
  for (let i = 0; i < FLOOD_MESSAGES; i++) await send(receiver, content);
}

test('a slow reader loses events, is told how many, and gets the next ones', async () => {
  const stream = await subscribe({ client_id: 'slow' });
  stream.call.pause();
  await flood('slow');
  stream.call.resume();
  const alert = await eventually('the alert', () =>
    stream.received.find(({ type }) => type === 'system.alert'),
  );
  const { details } = ofPlainStruct(alert.body!) as {
    details: { dropped: number; first_seq: number; last_seq: number };
  };
  const messages = stream.received.filter(({ type }) => type === 'message');
  assert.ok(details.dropped > 0);
  assert.equal(messages.length + details.dropped, FLOOD_MESSAGES);
  assert.ok(messages.every(({ seq }) => seq < details.first_seq));
  await send('slow', {});
  const last = await eventually('the next', () =>
    stream.received.find(({ seq }) => seq > details.last_seq),
  );
  assert.equal(last.type, 'message');
  stream.call.cancel();
});

test('a slow reader that asked for it is cut off', async () => {
  const stream = await subscribe({ client_id: 'strict', on_overflow: 'close' });
  // The name stays when the call has ended.
  server.server.runtime.clients.claim('strict');
  stream.call.pause();
  await flood('strict');
  assert.equal(bus().subscriptions, 0);
  stream.call.resume();
  const failure = await stream.end();
  assert.equal(failure?.status, status.RESOURCE_EXHAUSTED);
  assert.match(failure?.message ?? '', /too slowly/);
});

test('a server that stops tells its readers to come back', async () => {
  const stopping = await startTestServer();
  const other = new GrpcTestClient(stopping.grpcAddress);
  const stream = other.subscribe<Event>('EventService/Subscribe', { events: ['*'] });
  await stream.take();
  await stopping.close();
  assert.equal((await stream.end())?.status, status.UNAVAILABLE);
  other.close();
});
