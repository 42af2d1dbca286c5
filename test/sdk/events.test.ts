import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import {
  CaxtonClient,
  CaxtonError,
  type CaxtonEvent,
  type CaxtonClient as Client,
  type Gap,
  type Message,
} from '@caxton/sdk';
import { type WebSocket, WebSocketServer } from 'ws';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { type Relay, startRelay } from '../support/relay.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let relay: Relay;
let client: Client;

before(async () => {
  server = await startTestServer();
});
after(() => server?.close());
beforeEach(async () => {
  relay = await startRelay(server.url);
  client = new CaxtonClient({ endpoint: relay.url });
});
afterEach(async () => {
  client.close();
  await relay.close();
  for (const { agent_id: id } of await agents()) await direct().removeAgent(id);
});

/** A client beside the relay. */
const direct = (): Client => new CaxtonClient({ endpoint: server.url });
const agents = async () => (await direct().listAgents()).agents;
const deploy = (name: string, wasmModule: Uint8Array = sampleAgent('echo')) =>
  direct().deployAgent({ wasmModule, config: { name } });

test('a handler gets the events of its type, its kind or all, each once', async () => {
  const got: Record<string, string[]> = { type: [], kind: [], all: [] };
  const note = (list: string) => (event: CaxtonEvent) => got[list]?.push(event.type);
  await Promise.all([
    client.on('agent.deployed', note('type')).ready,
    client.on('agent.*', note('kind')).ready,
    client.on('*', note('all')).ready,
  ]);
  const { id } = await deploy('echo');
  await direct().removeAgent(id);
  await eventually('the last event', () => got.all?.includes('agent.removed'));
  assert.deepEqual(got.type, ['agent.deployed']);
  assert.equal(got.kind?.filter((type) => type === 'agent.deployed').length, 1);
  assert.ok(got.kind?.includes('agent.state_changed'));
  assert.ok(got.kind?.every((type) => type.startsWith('agent.')));
});

test('events can be had about some agents alone, and come no more after off', async () => {
  const names: string[] = [];
  const watched = await deploy('watched');
  const handler = (event: { name: string }): void => {
    names.push(event.name);
  };
  await client.on('agent.removed', handler, { agents: [watched.id] }).ready;
  await direct().removeAgent((await deploy('other')).id);
  await direct().removeAgent(watched.id);
  await eventually('the event', () => names.length > 0);
  assert.deepEqual(names, ['watched']);

  const seen: string[] = [];
  await client.on('agent.deployed', (event) => seen.push(event.name)).ready;
  client.off('agent.removed', handler);
  await direct().removeAgent((await deploy('third')).id);
  await deploy('fourth');
  await eventually('a later event', () => seen.includes('fourth'));
  assert.deepEqual(names, ['watched']);
});

test('agent.failed tells of an agent that fails for good', async () => {
  const failed: Array<{ name: string; code: string }> = [];
  const { ready } = client.on('agent.failed', ({ name, error }) => {
    failed.push({ name, code: error.code });
  });
  await ready;
  await deploy('trapper', await guest('trap-unreachable'));
  await eventually('it fails', async () => {
    await direct()
      .sendMessage({ performative: 'inform', receiver: 'trapper' })
      .catch(() => {});
    return failed.length > 0;
  });
  assert.equal(failed[0]?.name, 'trapper');
});

test('a client that takes a name gets the messages sent to it', async () => {
  const messages: Message[] = [];
  await client.onMessage({ client_id: 'client_7' }, (message) => messages.push(message)).ready;
  await direct().sendMessage({ performative: 'inform', receiver: 'client_7', content: [1, 'é'] });
  await eventually('the message', () => messages.length > 0);
  assert.deepEqual(messages[0]?.content, [1, 'é']);
});

test('a filter gets the messages that fit it', async () => {
  const acts: string[] = [];
  await deploy('echo');
  const filter = { agents: ['echo'], performatives: ['inform'] } as const;
  await client.onMessage(filter, (message) => acts.push(message.performative)).ready;
  await direct().sendMessageAndWait({ performative: 'request', receiver: 'echo', content: 1 });
  await eventually('the reply', () => acts.length > 0);
  assert.deepEqual(acts, ['inform']);
});

test('a stream that is cut comes back by itself, with all of its subscriptions', async () => {
  const names: string[] = [];
  let cuts = 0;
  let returns = 0;
  client.on('disconnected', (error) => {
    assert.equal(error.code, 'UNREACHABLE');
    cuts += 1;
  });
  client.on('connected', () => {
    returns += 1;
  });
  await client.on('agent.deployed', ({ name }) => names.push(name)).ready;
  await client.on('agent.removed', ({ name }) => names.push(`no ${name}`)).ready;
  assert.equal(returns, 1);
  for (const round of [1, 2]) {
    relay.cut();
    await eventually('it comes back', () => cuts === round && returns === round + 1);
    const name = `round-${round}`;
    // The subscriptions are made just after, and what comes before is told of as a gap.
    await eventually('an event comes', async () => {
      await direct().removeAgent((await deploy(name)).id);
      return names.includes(name) && names.includes(`no ${name}`);
    });
  }
});

test('a subscription has the name that its frames carry, and begins where it is told to', async () => {
  const seqs: number[] = [];
  const names: string[] = [];
  const gaps: Gap[] = [];
  client.on('gap', (gap) => gaps.push(gap));
  const first = client.on('agent.deployed', ({ seq, subscription_id }) => {
    seqs.push(seq);
    names.push(subscription_id);
  });
  assert.equal(first.id, undefined);
  await first.ready;
  for (const name of ['one', 'two', 'three']) await deploy(name);
  await eventually('all came', () => seqs.length === 3);
  assert.deepEqual([...new Set(names)], [first.id]);
  first.close();

  const told: unknown[] = [];
  const request = { events: ['agent.deployed'], resume_from: seqs[0]! } as const;
  await client.subscribe(request, ({ seq }) => told.push(seq)).ready;
  await eventually('the later ones come', () => told.length === 2);
  assert.deepEqual(told, seqs.slice(1));
  assert.equal(gaps.length, 0);
  await client.subscribe({ ...request, resume_from: 1 }, () => {}).ready;
  await eventually('the gap is told', () => gaps.length === 1);
});

test('a place to begin at that the server refuses is a gap', async () => {
  const gaps: Gap[] = [];
  client.on('gap', (gap) => gaps.push(gap));
  const request = { events: ['agent.*'], resume_from: -5 } as const;
  await client.subscribe(request, () => {}).ready;
  assert.deepEqual(gaps, [{ missed: undefined, request: { events: ['agent.*'] } }]);
});

test('who is told of a lost connection is told why', async () => {
  await relay.close();
  const error = await new Promise<CaxtonError>((resolve) => {
    client.on('disconnected', resolve);
    client.on('agent.*', () => {});
  });
  client.close();
  relay = await startRelay(server.url);
  if (process.versions.node.startsWith('20.')) {
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
  }
  assert.equal(error.code, 'UNREACHABLE');
});

test('closing ends the connection, and what is not taken yet is refused', async () => {
  const waiting = client.on('agent.failed', () => {});
  client.close();
  await assert.rejects(waiting.ready, (error) => CaxtonError.is(error, 'CLOSED'));
  await client.on('agent.failed', () => {}).ready;
  assert.equal(relay.open, 1);
  client.close();
  await eventually('the connection is gone', () => relay.open === 0);
});

test('a type that the server does not know is told to the listener and to who waits', async () => {
  const errors: CaxtonError[] = [];
  client.on('error', (error) => errors.push(error));
  // @ts-expect-error: no such type
  const { ready } = client.on('agents.failed', () => {});
  await assert.rejects(ready, (error) => CaxtonError.is(error, 'INVALID_REQUEST'));
  assert.equal(errors[0]?.details.field, 'events.0');
});

test('a client whose token is unknown is told so, and does not try for ever', async () => {
  const sha256 = createHash('sha256').update('the-key').digest('hex');
  const guarded = await startTestServer({ tokens: [{ name: 'one', role: 'sender', sha256 }] });
  const wrong = new CaxtonClient({ endpoint: guarded.url, apiKey: 'not-the-key' });
  const right = new CaxtonClient({ endpoint: guarded.url, apiKey: 'the-key' });
  try {
    const errors: CaxtonError[] = [];
    wrong.on('error', (error) => errors.push(error));
    await assert.rejects(wrong.on('agent.*', () => {}).ready, (error) =>
      CaxtonError.is(error, 'UNAUTHORIZED'),
    );
    assert.equal(errors.length, 1);
    await right.on('agent.*', () => {}).ready;
  } finally {
    right.close();
    wrong.close();
    await guarded.close();
  }
});

/** A server that answers subscriptions as it is told, to show what the client asks for. */
async function scripted(answer: (frame: Record<string, unknown>, socket: WebSocket) => void) {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => answer(JSON.parse(data.toString()), socket));
  });
  return {
    endpoint: `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await once(sockets, 'close');
    },
  };
}

test('where the server can resume, a stream goes on behind the last that came', async () => {
  const asked: unknown[] = [];
  const told: string[] = [];
  const gaps: Gap[] = [];
  const message = (id: string) => ({ message_id: id, performative: 'inform' });
  const script = await scripted((frame, socket) => {
    if (frame.type !== 'subscribe') return;
    asked.push(frame.resume_from);
    const subscription_id = `sub_${asked.length}`;
    const say = (fields: object) => socket.send(JSON.stringify({ subscription_id, ...fields }));
    const { id } = frame;
    if (asked.length === 1) {
      say({ type: 'subscribed', id, seq: 100 });
      say({ type: 'message', seq: 105, message: message('a') });
      say({ type: 'message', seq: 107, message: message('b') });
      socket.close(1001);
    } else if (asked.length === 2) {
      say({ type: 'subscribed', id, seq: 200, resumed: true, missed: 0, may_repeat: true });
      say({ type: 'message', seq: 106, message: message('b') });
      say({ type: 'message', seq: 120, message: message('c') });
      // A message that is delivered anew has its former id, and comes as it is.
      say({ type: 'message', seq: 201, message: message('b') });
      socket.close(1001);
    } else {
      say({ type: 'subscribed', id, seq: 150, resumed: false, missed: null });
      say({ type: 'message', seq: 151, message: message('d') });
    }
  });
  const other = new CaxtonClient({ endpoint: script.endpoint });
  try {
    other.on('gap', (gap) => gaps.push(gap));
    other.onMessage({}, ({ message_id }) => told.push(message_id));
    await eventually('all came', () => told.includes('d'));
    assert.deepEqual(asked, [undefined, 107, 201]);
    assert.deepEqual(told, ['a', 'b', 'c', 'b', 'd']);
    assert.equal(gaps.length, 1);
    assert.equal(gaps[0]?.missed, undefined);
  } finally {
    other.close();
    await script.close();
  }
});

test('events that were dropped for a slow client are a gap, and no event of its handler', async () => {
  const gaps: Gap[] = [];
  const events: unknown[] = [];
  const script = await scripted((frame, socket) => {
    if (frame.type !== 'subscribe') return;
    const subscription_id = 'sub_1';
    socket.send(JSON.stringify({ type: 'subscribed', id: frame.id, subscription_id }));
    const details = { dropped: 12, first_seq: 5, last_seq: 20 };
    socket.send(JSON.stringify({ type: 'system.alert', details, seq: 20, subscription_id }));
    socket.send(JSON.stringify({ type: 'agent.failed', seq: 21, subscription_id }));
  });
  const other = new CaxtonClient({ endpoint: script.endpoint });
  try {
    other.on('gap', (gap) => gaps.push(gap));
    other.on('agent.failed', (event) => events.push(event.type));
    await eventually('both came', () => events.length === 1);
    assert.equal(gaps[0]?.missed, 12);
    assert.deepEqual(events, ['agent.failed']);
  } finally {
    other.close();
    await script.close();
  }
});

/** A subscription whose connection is lost once, and what of its past the server then tells. */
async function resumedWith(
  live: ReadonlyArray<{ seq: number; id: string }>,
  replayed: ReadonlyArray<{ seq: number; id: string; timestamp: string }>,
): Promise<{ told: string[]; gaps: Gap[] }> {
  let connections = 0;
  const script = await scripted((frame, socket) => {
    if (frame.type !== 'subscribe') return;
    connections += 1;
    const subscription_id = `sub_${connections}`;
    const say = (fields: object) => socket.send(JSON.stringify({ subscription_id, ...fields }));
    const tell = (seq: number, message_id: string, timestamp: string): void =>
      say({ type: 'message', seq, message: { message_id, performative: 'inform', timestamp } });
    const { id } = frame;
    if (connections === 1) {
      say({ type: 'subscribed', id, seq: 10_000_000 });
      for (const { seq, id } of live) tell(seq, id, new Date(seq / 1_000).toISOString());
      socket.close(1001);
    } else {
      say({ type: 'subscribed', id, seq: 90e9, resumed: true, missed: 0, may_repeat: true });
      for (const { seq, id, timestamp } of replayed) tell(seq, id, timestamp);
      tell(91e9, 'last', '1970-01-02T00:00:00.000Z');
    }
  });
  const other = new CaxtonClient({ endpoint: script.endpoint });
  const told: string[] = [];
  const gaps: Gap[] = [];
  try {
    other.on('gap', (gap) => gaps.push(gap));
    other.onMessage({}, ({ message_id }) => told.push(message_id));
    await eventually('all came', () => told.includes('last'));
  } finally {
    other.close();
    await script.close();
  }
  return { told, gaps };
}

test('a message that is older than the subscription does not come when it is made anew', async () => {
  const { told, gaps } = await resumedWith(
    [],
    [
      { seq: 10_000_000, id: 'older', timestamp: '1970-01-01T00:00:09.999Z' },
      { seq: 10_000_100, id: 'since', timestamp: '1970-01-01T00:00:10.001Z' },
    ],
  );
  assert.deepEqual(told, ['since', 'last']);
  assert.deepEqual(gaps, []);
});

test('of tens of thousands of messages that are told once more none comes twice', async () => {
  const live = Array.from({ length: 40_000 }, (_, n) => ({ seq: 11_000_000 + n, id: `m${n}` }));
  const seq = 11_039_999;
  const again = live.map(({ id }) => ({ seq, id, timestamp: '1970-01-01T00:00:11.020Z' }));
  const late = { seq, id: 'late', timestamp: '1970-01-01T00:00:10.500Z' };
  const { told, gaps } = await resumedWith(live, [...again, late]);
  assert.deepEqual(told, [...live.map(({ id }) => id), 'late', 'last']);
  assert.deepEqual(gaps, []);
});

test('a message of a time of which nobody knows any more what came is told of as a gap', async () => {
  // Minutes apart, so that ids of the first are forgotten.
  const live = [11, 100, 200, 300].map((s) => ({ seq: s * 1_000_000, id: `at-${s}` }));
  const seq = 300_000_000;
  const { told, gaps } = await resumedWith(live, [
    { seq, id: 'at-11', timestamp: '1970-01-01T00:00:11.000Z' },
    { seq, id: 'at-300', timestamp: '1970-01-01T00:05:00.000Z' },
  ]);
  assert.deepEqual(told, [...live.map(({ id }) => id), 'last']);
  assert.equal(gaps.length, 1);
  assert.equal(gaps[0]?.missed, undefined);
});
