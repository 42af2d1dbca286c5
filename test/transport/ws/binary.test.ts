import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { call, deployForm } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { connect, type ReceivedFrame, type WsClient } from '../../support/ws-client.js';

let server: TestServer;
let client: WsClient;
before(async () => {
  server = await startTestServer();
  const form = deployForm(sampleAgent('echo'), {
    name: 'echo',
    resources: { mailbox: 20_000 },
  });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
  client = await connect(server.wsUrl);
});
after(async () => {
  await client?.close();
  await server?.close();
});

const inform = (content: unknown, conversation_id?: string) => ({
  performative: 'inform',
  receiver: 'echo',
  content,
  ...(conversation_id && { conversation_id }),
});

async function askBinary(value: unknown): Promise<ReceivedFrame> {
  client.send(encode(value, { maxDepth: 1_000 }));
  return client.take('a binary answer', () => true);
}

interface BatchAck {
  readonly count: number;
  readonly message_ids: Array<string | null>;
  readonly ids?: unknown[];
  readonly errors: Array<{ index: number; id?: unknown; error: { code: string } }>;
}

test('a send in MessagePack is acknowledged in MessagePack', async () => {
  const ack = await askBinary({ type: 'send', id: 7, message: inform({ a: [1.5, null, 'ü'] }) });
  assert.deepEqual(Object.keys(ack), ['type', 'id', 'message_id', 'status', 'delivered_at']);
  assert.equal(ack.type, 'ack');
  assert.equal(ack.id, 7);
});

test('a send in MessagePack may wait', async () => {
  const message = { performative: 'request', receiver: 'echo', content: { a: 1 } };
  const answer = await askBinary({ id: 8, wait: true, message });
  assert.equal(answer.type, 'reply');
  assert.deepEqual((answer.reply as { content: unknown }).content, { a: 1 });
});

test('half of a surrogate pair in JSON reaches agents and clients of MessagePack as UTF-8', async () => {
  const form = deployForm(await guest('msgpack-echo'), { name: 'packed' });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
  const content = { a: '\ud800' };
  const message = { performative: 'request', receiver: 'packed', content };
  const reply = await call<{ reply: { content: unknown } }>(
    `${server.url}/api/v1/messages?wait=true`,
    'POST',
    message,
  );
  assert.deepEqual(reply.reply.content, { a: '\ufffd' });
});

test('a batch is acknowledged by one frame, and arrives in order', async () => {
  const count = 1_000;
  const conversation = 'conv_batch';
  const batch = Array.from({ length: count }, (_, i) => ({ message: inform(i, conversation) }));
  const ack = (await askBinary(batch)) as unknown as BatchAck;
  assert.equal(ack.count, count);
  assert.equal(new Set(ack.message_ids).size, count);
  assert.equal(ack.ids, undefined);
  assert.deepEqual(ack.errors, []);
  const query = `conversation_id=${conversation}&limit=500`;
  const page = await eventually('the batch is in the history', async () => {
    const answer = await call<{ total: number; messages: Array<{ content: number }> }>(
      `${server.url}/api/v1/messages?${query}`,
      'GET',
    );
    return answer.total === count && answer;
  });
  assert.deepEqual(
    page.messages.map((message) => message.content),
    Array.from({ length: 500 }, (_, i) => i),
  );
});

test('a refused message of a batch is named and does not hold up the others', async () => {
  const ack = (await askBinary([
    { id: 'a', message: inform(1) },
    { id: 'b', message: { performative: 'inform', receiver: 'nobody' } },
    { message: inform(3), options: { persist: true } },
    { message: { performative: 'shout', receiver: 'echo' } },
    { message: inform(5), wait: true },
    'nonsense',
  ])) as unknown as BatchAck;
  assert.equal(ack.count, 2);
  assert.deepEqual(
    ack.message_ids.map((id) => id !== null),
    [true, false, true, false, false, false],
  );
  assert.deepEqual(ack.ids, ['a', 'b', null, null, null, null]);
  assert.deepEqual(
    ack.errors.map(({ index, id, error }) => [index, id, error.code]),
    [
      [1, 'b', 'AGENT_NOT_FOUND'],
      [3, undefined, 'INVALID_REQUEST'],
      [4, undefined, 'INVALID_REQUEST'],
      [5, undefined, 'INVALID_REQUEST'],
    ],
  );
});

test('an empty batch is acknowledged, one beyond the bound refused as a whole', async () => {
  assert.deepEqual(await askBinary([]), { type: 'ack', count: 0, message_ids: [], errors: [] });
  const tooMany = new Array(LIMITS.batch_messages + 1).fill({ message: inform(0) });
  const refused = await askBinary(tooMany);
  assert.equal(refused.type, 'error');
  const { details } = refused.error as { details: Record<string, unknown> };
  assert.equal(details.limit, LIMITS.batch_messages);
});

test('what JSON has no form for is refused in content', async () => {
  let deep: unknown = 0;
  for (let i = 0; i < 200; i++) deep = [deep];
  for (const content of [new Uint8Array(3), new Date(0), { a: [Number.NaN] }, deep]) {
    const answer = await askBinary({ id: 9, message: inform(content) });
    assert.equal(answer.type, 'error');
    assert.equal(answer.id, 9);
    assert.equal((answer.error as { code: string }).code, 'INVALID_REQUEST');
  }
});

function nested(levels: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

test('content as deep as it may be comes back in MessagePack', async () => {
  for (const levels of [97, 98, LIMITS.content_depth]) {
    const content = nested(levels);
    const message = { performative: 'request', receiver: 'echo', content };
    const answer = await askBinary({ id: levels, wait: true, message });
    assert.equal(answer.type, 'reply', JSON.stringify(answer.error));
    assert.deepEqual((answer.reply as { content: unknown }).content, content);
  }
});

test('headers that claim more than a frame holds are refused before memory is set aside', async () => {
  const header = [0xdd, 0x01, 0xff, 0xff, 0xff];
  for (const frame of [
    new Uint8Array(Array(30).fill(header).flat()),
    new Uint8Array(
      Array(30)
        .fill([0xdf, ...header.slice(1)])
        .flat(),
    ),
    encode(nested(LIMITS.message_pack_depth + 1), { maxDepth: LIMITS.message_pack_depth + 2 }),
  ]) {
    client.send(frame);
    const answer = await client.take('an error', () => true);
    assert.equal((answer.error as { code: string }).code, 'INVALID_REQUEST');
  }
  assert.equal((await client.ask({ type: 'ping', id: 'alive' })).type, 'pong');
});

test('an error of a binary frame speaks of what such a frame may hold', async () => {
  for (const [value, message] of [
    [5, /^A binary frame holds a MessagePack map with message, or an array/],
    [
      { type: 'subscribe' },
      /^A binary frame holds sends only, of type send; send subscribe as text/,
    ],
    [{ type: 7, message: {} }, /^A binary frame holds sends only, of type send\.$/],
  ] as const) {
    const answer = await askBinary(value);
    assert.match((answer.error as { message: string }).message, message);
  }
});

test('a binary frame that is no send is refused, and the connection goes on', async () => {
  for (const frame of [
    encode({ type: 'ping' }),
    encode({ type: 'subscribe', events: ['*'] }),
    encode('text'),
    new Uint8Array([0xc1]),
    new Uint8Array([]),
    encode({ message: inform(1) }).subarray(0, 10),
  ]) {
    client.send(frame);
    const answer = await client.take('an error', () => true);
    assert.equal(answer.type, 'error');
    assert.equal((answer.error as { code: string }).code, 'INVALID_REQUEST');
  }
  assert.equal((await client.ask({ type: 'ping', id: 'alive' })).type, 'pong');
});
