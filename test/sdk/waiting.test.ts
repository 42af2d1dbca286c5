import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CaxtonClient, CaxtonError } from '@caxton/sdk';
import { sampleAgent } from '../support/guests.js';
import { type Relay, startRelay } from '../support/relay.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let relay: Relay;
let client: CaxtonClient;

before(async () => {
  server = await startTestServer();
  relay = await startRelay(server.url);
  client = new CaxtonClient({ endpoint: relay.url });
  await client.deployAgent({ wasmModule: sampleAgent('bidder'), config: { name: 'bidder' } });
});
after(async () => {
  client?.close();
  await relay?.close();
  await server?.close();
});

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('lists are gone through page by page', async () => {
  const names = ['one', 'two', 'three', 'four'];
  for (const name of names) {
    await client.deployAgent({ wasmModule: sampleAgent('echo'), config: { name } });
    await client.createTask({ name, participants: ['bidder'] });
  }
  const agents = await collect(client.agents({ limit: 2 }));
  assert.deepEqual(
    agents.map(({ name }) => name),
    ['bidder', ...names],
  );
  const tasks = await collect(client.tasks({ limit: 3 }));
  assert.deepEqual(tasks.map(({ name }) => name).sort(), [...names].sort());
  assert.deepEqual(await collect(client.deadLetters()), []);
  assert.deepEqual(await collect(client.deployments({ limit: 1 })), []);
  const some: string[] = [];
  for await (const { name } of client.agents({ limit: 1 })) {
    some.push(name);
    if (some.length === 2) break;
  }
  assert.deepEqual(some, ['bidder', 'one']);
});

test('messages are gone through from the first to the last', async () => {
  const conversation_id = 'page-by-page';
  const sent: string[] = [];
  for (let n = 0; n < 5; n++) {
    const message = { performative: 'inform', receiver: 'reader', conversation_id } as const;
    const options = { persist: true };
    await client.listMessages({ receiver: 'reader' });
    sent.push((await client.sendMessage({ ...message, options })).message_id);
  }
  const read = await collect(client.messages({ conversation_id, limit: 2 }));
  assert.deepEqual(
    read.map(({ message_id }) => message_id),
    sent,
  );
});

test('a task is waited for, over a lost connection too', async () => {
  const { task_id: id } = await client.createTask({ name: 'work', participants: ['bidder'] });
  const begun = client.on('task.created', () => {});
  await begun.ready;
  const over = client.waitForTask(id, { timeoutMs: 60_000 });
  relay.cut();
  // Beside the relay, as nobody would know of a call that is cut off whether it was done.
  await new CaxtonClient({ endpoint: server.url }).distributeTask(id);
  assert.equal((await over).status, 'completed');
  // It is over already.
  assert.equal((await client.waitForTask(id)).status, 'completed');
  begun.close();
});

test('a deployment is waited for', async () => {
  await client.deployAgent({ wasmModule: sampleAgent('echo'), config: { name: 'renewed' } });
  const { deployment_id: id } = await client.createDeployment({
    agent_id: 'renewed',
    wasmModule: sampleAgent('counter'),
    strategy: { type: 'immediate' },
  });
  const { status, agent_id } = await client.waitForDeployment(id, { timeoutMs: 60_000 });
  assert.equal(status, 'completed');
  assert.match(agent_id, /^agent_/);
});

test('a wait ends with its time, its signal, and what there is not', async () => {
  const { task_id: id } = await client.createTask({ name: 'idle', participants: ['bidder'] });
  await assert.rejects(client.waitForTask(id, { timeoutMs: 50 }), (error) =>
    CaxtonError.is(error, 'TIMEOUT'),
  );
  const reason = new Error('not wanted any more');
  const controller = new AbortController();
  const waiting = client.waitForTask(id, { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(client.waitForTask('task_nowhere'), (error) =>
    CaxtonError.is(error, 'NOT_FOUND', 'INVALID_REQUEST'),
  );
});
