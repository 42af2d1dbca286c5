import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { call, deployForm } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { connect, type WsClient } from '../../support/ws-client.js';

const CONNECTIONS = 10;
const MESSAGES = 2;

let server: TestServer;
const clients: WsClient[] = [];
before(async () => {
  server = await startTestServer();
  await call(
    `${server.url}/api/v1/agents`,
    'POST',
    deployForm(sampleAgent('echo'), { name: 'echo' }),
  );
});
after(async () => {
  for (const client of clients) await client.close();
  await server?.close();
});

async function subscribeAll(client: WsClient): Promise<Set<string>> {
  const count = LIMITS.subscriptions_per_connection;
  for (let i = 0; i < count; i++) {
    client.send({ type: 'subscribe', filter: { agents: ['echo'], performatives: ['inform'] } });
  }
  await eventually('all are subscribed', () => client.received.length === count);
  const ids = client.received.map(({ type, subscription_id }) => {
    assert.equal(type, 'subscribed');
    return subscription_id as string;
  });
  client.received.length = 0;
  return new Set(ids);
}

test('ten thousand subscriptions get each message once, under their own ids and in order', async () => {
  const ids: Array<Set<string>> = [];
  for (let i = 0; i < CONNECTIONS; i++) {
    const client = await connect(server.wsUrl);
    clients.push(client);
    ids.push(await subscribeAll(client));
  }
  const sender = await connect(server.wsUrl);
  clients.push(sender);
  for (let i = 0; i < MESSAGES; i++) {
    const message = { performative: 'inform', receiver: 'echo', content: i };
    sender.send({ type: 'send', id: i, message });
  }
  for (const [i, client] of clients.slice(0, CONNECTIONS).entries()) {
    const own = ids[i] as Set<string>;
    assert.equal(own.size, LIMITS.subscriptions_per_connection);
    await eventually('all have come', () => client.received.length >= MESSAGES * own.size);
    const frames = client.received.splice(0);
    assert.equal(frames.length, MESSAGES * own.size);
    for (let content = 0; content < MESSAGES; content++) {
      const some = frames.slice(content * own.size, (content + 1) * own.size);
      assert.deepEqual(new Set(some.map((frame) => frame.subscription_id)), own);
      for (const { message, seq } of some) {
        assert.equal((message as { content: unknown }).content, content);
        assert.equal(seq, some[0]?.seq);
      }
    }
  }
});
