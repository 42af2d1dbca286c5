import assert from 'node:assert/strict';
import { once, setMaxListeners } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { CaxtonClient, CaxtonError, type FastChannel } from '@caxton/sdk';
import { decode, encode } from '@msgpack/msgpack';
import { WebSocketServer } from 'ws';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { type Relay, startRelay } from '../support/relay.js';
import { startTestServer, type TestServer } from '../support/server.js';

const inform = (n: number) =>
  ({ performative: 'inform', receiver: 'sink', content: { n } }) as const;

let server: TestServer;
let relay: Relay;
let client: CaxtonClient;
let channel: FastChannel | undefined;

before(async () => {
  server = await startTestServer();
  // A client, which has no mailbox that fills; whoever is asked for is known.
  await direct().listMessages({ receiver: 'sink' });
});
after(() => server?.close());
beforeEach(async () => {
  relay = await startRelay(server.url);
  client = new CaxtonClient({ endpoint: relay.url });
});
afterEach(async () => {
  client.close();
  await relay.close();
});

const direct = (): CaxtonClient => new CaxtonClient({ endpoint: server.url });

/** What `sink` was sent in a conversation, in the order of the history. */
async function contents(conversation_id: string): Promise<unknown[]> {
  const all: unknown[] = [];
  let cursor: string | undefined;
  do {
    const page = await direct().listMessages({
      conversation_id,
      limit: 500,
      ...(cursor && { cursor }),
    });
    all.push(...page.messages.map(({ content }) => (content as { n: number }).n));
    cursor = page.next_cursor;
  } while (cursor !== undefined);
  return all;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test('messages of one turn go together, in order, each with an id of its own', async () => {
  channel = client.fast();
  const conversation_id = 'in-order';
  const { length: count } = upTo(2_500);
  const sent = await Promise.all(
    upTo(count).map((n) => channel!.send({ ...inform(n), conversation_id })),
  );
  assert.equal(new Set(sent.map(({ message_id: id }) => id)).size, count);
  await eventually('the history has all', async () => {
    return (await contents(conversation_id)).length === count;
  });
  assert.deepEqual(await contents(conversation_id), upTo(count));
});

test('a message that is refused does not hold up the others', async () => {
  channel = client.fast();
  const results = await Promise.allSettled([
    channel.send(inform(0)),
    channel.send({ ...inform(1), receiver: 'nobody' }),
    // @ts-expect-error: no such act
    channel.send({ performative: 'shout', receiver: 'sink' }),
    channel.send({ ...inform(3), content: 5n as unknown }),
    channel.send(inform(4)),
  ]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected', 'fulfilled'],
  );
  const [, nobody, shout] = results as PromiseRejectedResult[];
  assert.ok(CaxtonError.is(nobody?.reason, 'AGENT_NOT_FOUND'));
  assert.match(nobody?.reason.traceId, /^[0-9a-f]{32}$/);
  assert.ok(CaxtonError.is(shout?.reason, 'INVALID_REQUEST'));
});

test('what may be pending is bounded, and ready tells when there is room', async () => {
  channel = client.fast({ maxPending: 10, batchMessages: 3, batchesInFlight: 1 });
  const first = upTo(10).map((n) => channel!.send(inform(n)));
  assert.equal(channel.pending, 10);
  await assert.rejects(channel.send(inform(10)), (error) => CaxtonError.is(error, 'CHANNEL_FULL'));
  const conversation_id = 'with-backpressure';
  for (const n of upTo(200)) {
    await channel.ready();
    assert.ok(channel.pending < 10);
    void channel.send({ ...inform(n), conversation_id });
  }
  await Promise.all(first);
  await channel.idle();
  assert.equal(channel.pending, 0);
  await eventually('the history has all', async () => {
    return (await contents(conversation_id)).length === 200;
  });
  assert.deepEqual(await contents(conversation_id), upTo(200));
});

test('acknowledgements that wait for the disk go to their own messages', async () => {
  channel = client.fast({ batchMessages: 2 });
  const acknowledged = await Promise.all(
    upTo(40).map(async (n) => {
      const persist = n % 4 < 2;
      const sent = await channel!.send(inform(n), persist ? { delivery: { persist } } : {});
      return { n, id: sent.message_id };
    }),
  );
  for (const { n, id } of acknowledged) {
    const message = await eventually('it is in the history', () =>
      direct()
        .getMessage(id)
        .catch(() => undefined),
    );
    assert.deepEqual(message.content, { n });
  }
});

test('a message is taken back while it waits', async () => {
  const nowhere = new CaxtonClient({ endpoint: 'http://127.0.0.1:9' });
  const waiting = nowhere.fast();
  const reason = new Error('not wanted any more');
  const controller = new AbortController();
  const sent = waiting.send(inform(0), { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(sent, reason);
  assert.equal(waiting.pending, 0);
  await assert.rejects(waiting.send(inform(1), { signal: AbortSignal.abort(reason) }), reason);
  nowhere.close();
});

test('what was unanswered when the connection was lost is rejected, and later sends go on', async () => {
  channel = client.fast();
  await channel.send(inform(0));
  relay.deafen(() => {
    relay.mend();
    relay.cut();
  });
  await assert.rejects(channel.send(inform(1)), (error) => CaxtonError.is(error, 'UNREACHABLE'));
  await channel.send(inform(2));
});

test('with resend nothing is lost and nothing doubled, however often the connection is', async () => {
  channel = client.fast({ resend: true, batchMessages: 50, batchesInFlight: 1 });
  const conversation_id = 'resent';
  const count = 1_000;
  const sends = upTo(count).map((n) => channel!.send({ ...inform(n), conversation_id }));
  let cuts = 0;
  const lose = (): void =>
    relay.deafen(() => {
      cuts += 1;
      relay.mend();
      relay.cut();
      if (cuts < 3) setImmediate(lose);
    });
  await sends[99];
  lose();
  await Promise.all(sends);
  assert.equal(cuts, 3);
  await eventually('the history has all', async () => {
    return (await contents(conversation_id)).length >= count;
  });
  assert.deepEqual(await contents(conversation_id), upTo(count));
});

test('a rate that is used up slows the channel down, and nothing is refused or overtaken', async () => {
  const limited = await startTestServer({
    rate_limits: { messages: { rate_per_second: 2_000, burst: 100 } },
  });
  const slow = new CaxtonClient({ endpoint: limited.url });
  try {
    await slow.listMessages({ receiver: 'sink' });
    const fast = slow.fast();
    const conversation_id = 'limited';
    await Promise.all(upTo(1_000).map((n) => fast.send({ ...inform(n), conversation_id })));
    const page = await eventually('the history has all', async () => {
      const found = await slow.listMessages({ conversation_id, limit: 500 });
      return found.total === 1_000 && found;
    });
    assert.deepEqual(
      page.messages.map(({ content }) => (content as { n: number }).n),
      upTo(500),
    );
  } finally {
    slow.close();
    await limited.close();
  }
});

test('closing waits for what is under way, and refuses what comes after', async () => {
  channel = client.fast();
  const sent = channel.send(inform(0));
  const closing = channel.close();
  await assert.rejects(channel.send(inform(1)), (error) => CaxtonError.is(error, 'CLOSED'));
  await closing;
  assert.match((await sent).message_id, /^msg_/);
  await assert.rejects(channel.ready(), (error) => CaxtonError.is(error, 'CLOSED'));
});

test('an agent gets what is sent through the channel', async () => {
  await direct().deployAgent({ wasmModule: sampleAgent('echo'), config: { name: 'echo' } });
  channel = client.fast();
  const { message_id: id } = await channel.send({
    performative: 'request',
    receiver: 'echo',
    content: { text: 'é', when: undefined, list: [1.5, null, true] },
  });
  const reply = await eventually('the reply', async () => {
    const { messages } = await direct().listMessages({ sender: 'echo' });
    return messages.find(({ in_reply_to: to }) => to === id);
  });
  assert.deepEqual(reply.content, { text: 'é', list: [1.5, null, true] });
});

test('an agent whose mailbox is small gets everything, in order, as fast as it can', async () => {
  const config = { name: 'small', resources: { mailbox: 20 } };
  await direct().deployAgent({ wasmModule: sampleAgent('counter'), config });
  channel = client.fast();
  const conversation_id = 'through-a-small-mailbox';
  const count = 2_000;
  await Promise.all(
    upTo(count).map((n) => {
      const content = { action: 'add', amount: 1, n };
      return channel!.send({
        performative: 'request',
        receiver: 'small',
        content,
        conversation_id,
      });
    }),
  );
  const { content } = await direct().sendMessageAndWait({
    performative: 'request',
    receiver: 'small',
    content: { action: 'get' },
  });
  assert.deepEqual(content, { count });
  await eventually('the history has all', async () => {
    const sent = (await contents(conversation_id)).filter((n) => n !== undefined);
    return sent.length === count;
  });
  const sent = (await contents(conversation_id)).filter((n) => n !== undefined);
  assert.deepEqual(sent, upTo(count));
});

test('without retries a full mailbox is told of', async () => {
  const config = { name: 'tiny', resources: { mailbox: 1 } };
  await direct().deployAgent({ wasmModule: sampleAgent('echo'), config });
  channel = client.fast({ retry: false });
  const results = await Promise.allSettled(
    upTo(100).map((n) => channel!.send({ ...inform(n), receiver: 'tiny' })),
  );
  const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  assert.ok(refused.length > 0);
  for (const { reason } of refused) assert.ok(CaxtonError.is(reason, 'RESOURCE_LIMIT_EXCEEDED'));
});

/** A server whose receiver `full` has no room, and all others have. */
async function withoutRoom() {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  const asked: number[] = [];
  const body = { code: 'RESOURCE_LIMIT_EXCEEDED', message: 'full' };
  const error = { ...body, details: { retry_after_seconds: 0.01 } };
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => {
      const sends = decode(data) as Array<{ id?: number; message: { receiver: string } }>;
      const isFull = sends.map(({ message }) => message.receiver === 'full');
      asked.push(isFull.filter(Boolean).length);
      const errors = isFull.flatMap((full, index) => (full ? [{ index, error }] : []));
      const message_ids = isFull.map((full, index) => (full ? null : `msg_${index}`));
      socket.send(encode({ type: 'ack', ids: [sends[0]?.id], message_ids, errors }));
    });
  });
  return {
    endpoint: `http://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    /** How many messages of each batch were to it. */
    asked,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await once(sockets, 'close');
    },
  };
}

test('a receiver without room is asked for less and less, holds nobody up, and has its time', async () => {
  const script = await withoutRoom();
  const other = new CaxtonClient({ endpoint: script.endpoint });
  try {
    const fast = other.fast();
    const given = new AbortController();
    setMaxListeners(0, given.signal);
    const toFull = upTo(64).map((n) =>
      fast.send(
        { ...inform(n), receiver: 'full' },
        n === 0 ? { timeoutMs: 200 } : { signal: given.signal },
      ),
    );
    const outcomes = Promise.allSettled(toFull);
    await assert.rejects(toFull[0]!, (error) => CaxtonError.is(error, 'RESOURCE_LIMIT_EXCEEDED'));
    await Promise.all(upTo(50).map((n) => fast.send(inform(n))));
    await eventually('it is asked for one', () => script.asked.includes(1));
    assert.ok(Math.max(...script.asked) <= 64);
    given.abort();
    assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
    await fast.close();
  } finally {
    other.close();
    await script.close();
  }
});
