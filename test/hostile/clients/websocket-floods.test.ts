import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { OPCODE, RawWebSocket, wsFrame } from '../../support/raw-ws.js';
import { request } from '../../support/rest-client.js';
import { connect, type WsClient } from '../../support/ws-client.js';
import { Neighbourhood } from '../neighbourhood.js';
import { BaseLine } from './base-line.js';

/*
 * Clients that keep to the protocol and mean harm: floods, and what is made to be slow. Each bound
 * is seen to hold while the neighbours go on, and all is given back.
 */

let place: Neighbourhood;
let line: BaseLine;
before(async () => {
  place = await Neighbourhood.start();
});
beforeEach(async () => {
  line = await BaseLine.of(place.server);
});
afterEach(async () => {
  await place.echoAnswers(3);
  await line.comesBack();
});
after(() => place?.close());

const MEGABYTE = 1 << 20;
const FLOOD_BYTES = 64 * MEGABYTE;
/** What the server may keep for one client, and what the two ends of a connection keep. */
const KEPT_BYTES = 2 * LIMITS.websocket_backpressure_bytes + 16 * MEGABYTE;
const CLOSE_TRY_AGAIN_LATER = 1013;

async function flood(socket: RawWebSocket, piece: Buffer): Promise<void> {
  for (let sent = 0; sent < FLOOD_BYTES; sent += piece.length) {
    if (!socket.socket.write(piece)) {
      await eventually('the server reads on', () => !socket.socket.writableNeedDrain);
    }
  }
}

async function opened(): Promise<RawWebSocket> {
  const socket = await RawWebSocket.connect(place.server.url);
  assert.equal(await socket.upgraded(), 101);
  return socket;
}

const repeated = (frame: Buffer): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(MEGABYTE / frame.length) }, () => frame));

for (const [name, frame] of [
  ['pings', wsFrame(OPCODE.ping, 'x'.repeat(125))],
  ['asking frames', wsFrame(OPCODE.text, '{"type":"ping","id":1}')],
  ['nonsense', wsFrame(OPCODE.text, 'nonsense')],
] as const) {
  test(`a flood of ${name} by a client that reads nothing ends it long before the memory is full`, async () => {
    const socket = await opened();
    socket.socket.pause();
    await flood(socket, repeated(frame));
    socket.socket.resume();
    const frames = await socket.untilEnd();
    const bytes = frames.reduce((sum, { payload }) => sum + payload.length + 2, 0);
    assert.ok(bytes > LIMITS.websocket_backpressure_bytes && bytes < KEPT_BYTES, `${bytes}`);
    const { opcode, payload } = frames.at(-1)!;
    assert.equal(opcode, OPCODE.close);
    assert.equal(payload.readUInt16BE(), CLOSE_TRY_AGAIN_LATER);
    socket.close();
  });
}

test('a flood of pongs and empty frames is taken and costs nothing', async () => {
  const socket = await opened();
  const pongs = repeated(wsFrame(OPCODE.pong, 'x'.repeat(125)));
  for (let i = 0; i < 64; i++) socket.write(pongs);
  socket.write(wsFrame(OPCODE.text, '{"type":"ping","id":1}'));
  await eventually('an answer behind it', () => socket.take().length > 0);
  socket.close();
});

test('ten thousand subscriptions over many connections are served and leave nothing behind', async () => {
  const each = LIMITS.subscriptions_per_connection;
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(place.server.wsUrl)));
  const subscribed = (client: WsClient) =>
    client.received.filter(({ type }) => type === 'subscribed').length;
  for (const client of clients) {
    for (let i = 0; i < each; i++) {
      client.send({ type: 'subscribe', id: i, filter: { agents: [`nobody-${i}`] } });
    }
  }
  for (const client of clients) {
    await eventually('all are subscribed', () => subscribed(client) === each);
    const { error } = await client.ask({ type: 'subscribe', id: 'more', events: ['*'] });
    assert.equal((error as { code: string }).code, 'RESOURCE_LIMIT_EXCEEDED');
  }
  const { events } = place.server.server.runtime;
  assert.ok(events.subscriptions >= 10 * each);
  await place.echoAnswers(20);
  // Half say goodbye, half vanish.
  for (const [i, client] of clients.entries()) {
    if (i % 2 === 0) client.socket.terminate();
    else await client.close();
  }
});

const names = (count: number, length = 8): string[] =>
  Array.from({ length: count }, (_, i) => `${i}-`.padEnd(length, 'n'));
const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

/** What is to be slow to check, to match or to refuse; and what the refusal names. */
const SLOW: Readonly<Record<string, readonly [string, RegExp]>> = {
  'a hundred thousand names': [
    JSON.stringify({ filter: { agents: names(100_000) } }),
    /filter\.agents may have at most/,
  ],
  'names of a megabyte': [
    JSON.stringify({ filter: { agents: names(5, MEGABYTE) } }),
    /filter\.agents\.0 may have at most 256 characters/,
  ],
  'a hundred thousand types': [
    JSON.stringify({ events: names(100_000) }),
    /events may have at most/,
  ],
  'a type of nothing but stars': [JSON.stringify({ events: ['*'.repeat(MEGABYTE)] }), /events\.0/],
  'a type made for patterns that go back': [
    JSON.stringify({ events: [`${'a.'.repeat(60)}*!`] }),
    /is no type of event/,
  ],
  'a type that looks like a pattern': [
    JSON.stringify({ events: ['(a+)+$'] }),
    /is no type of event/,
  ],
  'a deep object': [`{"filter":${nested(1_000)}}`, /filter\.a is not a known field/],
  'a deeper one': [`{"filter":${nested(100_000)}}`, /nested deeper than/],
  'a deep object in place of a name': [
    `{"filter":{"agents":[${nested(1_000)}]}}`,
    /filter\.agents\.0 must be/,
  ],
  'deep arrays': [`{"events":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, /events\.0 must be/],
  'a hundred thousand fields': [
    `{${names(100_000)
      .map((name) => `"${name}":1`)
      .join(',')}}`,
    /is not a known field/,
  ],
  'prototype keys': ['{"__proto__":{"events":["*"]}}', /__proto__ is not a known field/],
  'prototype keys further in': [
    '{"filter":{"__proto__":{"agents":[]},"constructor":{"prototype":{}}}}',
    /filter\.\w+ is not a known field/,
  ],
};

test('subscriptions that are made to be slow are refused by the name of what is wrong', async () => {
  const client = await connect(place.server.wsUrl);
  for (const [name, [fields, refusal]] of Object.entries(SLOW)) {
    client.send(`{"type":"subscribe","id":${JSON.stringify(name)},${fields.slice(1)}`);
    // What is refused before it is read is answered without its id.
    const { id, error } = await client.takeType('error');
    if (id !== undefined) assert.equal(id, name);
    const { code, message } = (error ?? {}) as { code?: string; message?: string };
    assert.equal(code, 'INVALID_REQUEST', name);
    assert.match(String(message), refusal, name);
  }
  assert.equal(({} as Record<string, unknown>).events, undefined);
  await client.close();
});

test('as many names as filters may hold cost a message no more than one', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(place.server.wsUrl)));
  for (const client of clients) {
    const agents = names(LIMITS.subscription_names_per_connection, 64);
    const { type } = await client.ask({ type: 'subscribe', id: 1, filter: { agents } });
    assert.equal(type, 'subscribed');
  }
  await place.echoAnswers(20);
  for (const client of clients) await client.close();
});

test('a thousand connections that send half a frame are let go when they end', async () => {
  const sockets = await Promise.all(Array.from({ length: 1_000 }, () => opened()));
  for (const socket of sockets) {
    const half = wsFrame(OPCODE.text, 'x'.repeat(1_000), { declaredBytes: BigInt(MEGABYTE) });
    socket.write(half);
  }
  await place.echoAnswers(5);
  const health = await request(`${place.server.url}/readyz`, 'GET');
  assert.equal(health.status, 200);
  for (const [i, socket] of sockets.entries()) {
    // Half of them close their side alone.
    if (i % 2 === 0) socket.close();
    else socket.socket.end();
  }
  await eventually('the server ends them all', () =>
    sockets.every(({ ended }, i) => i % 2 === 0 || ended),
  );
});
