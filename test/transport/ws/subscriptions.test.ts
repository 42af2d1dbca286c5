import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.js';
import { ApiFailure } from '../../api/driver.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { call, deployForm } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { connect, type WsClient } from '../../support/ws-client.js';

let server: TestServer;
let client: WsClient;
const agentIds = new Map<string, string>();

async function deploy(name: string, module: Uint8Array<ArrayBuffer>): Promise<string> {
  const form = deployForm(module, { name });
  const url = `${server.url}/api/v1/agents`;
  return (await call<{ agent_id: string }>(url, 'POST', form)).agent_id;
}

before(async () => {
  server = await startTestServer();
  for (const name of ['echo', 'other']) {
    agentIds.set(name, await deploy(name, sampleAgent('echo')));
  }
});
after(() => server?.close());
beforeEach(async () => {
  client = await connect(server.wsUrl);
});
afterEach(() => client.close());

async function subscribe(frame: object): Promise<string> {
  const answer = await client.ask({ type: 'subscribe', id: 'sub', ...frame });
  assert.equal(answer.type, 'subscribed', JSON.stringify(answer));
  assert.match(String(answer.subscription_id), /^sub_/);
  return String(answer.subscription_id);
}

const send = (message: object): Promise<{ message_id: string }> =>
  call(`${server.url}/api/v1/messages?wait=true`, 'POST', message);

/** Every frame up to the answer to a ping: what was sent before has come by then. */
async function framesSoFar(): Promise<Array<Record<string, unknown>>> {
  await client.ask({ type: 'ping', id: 'mark' });
  return client.received.splice(0);
}

test('the filter form delivers the messages of the agents named, at either end', async () => {
  const id = await subscribe({
    filter: { agents: ['echo'], performatives: ['INFORM', 'request'] },
  });
  const sent = await send({
    performative: 'request',
    sender: 'asker',
    receiver: 'echo',
    content: 5,
  });
  await send({ performative: 'request', sender: 'asker', receiver: 'other' });
  const frames = await framesSoFar();
  assert.equal(frames.length, 2);
  for (const frame of frames) {
    assert.deepEqual(Object.keys(frame), ['type', 'subscription_id', 'seq', 'message']);
    assert.equal(frame.type, 'message');
    assert.equal(frame.subscription_id, id);
  }
  const [question, answer] = frames.map((frame) => frame.message as Record<string, unknown>);
  assert.equal(question!.message_id, sent.message_id);
  assert.equal(question!.receiver, agentIds.get('echo'));
  assert.equal(answer!.sender, agentIds.get('echo'));
  assert.deepEqual([question!.content, answer!.content], [5, 5]);
});

test('a filter of performatives or of a conversation leaves out the others', async () => {
  await subscribe({ filter: { performatives: ['inform'] } });
  await subscribe({ filter: { conversation_id: 'conv_watched' } });
  await send({ performative: 'request', receiver: 'echo', conversation_id: 'conv_watched' });
  await send({ performative: 'request', receiver: 'echo', conversation_id: 'conv_unwatched' });
  const frames = await framesSoFar();
  const seen = frames.map((frame) => {
    const message = frame.message as Record<string, unknown>;
    return `${message.conversation_id} ${message.performative}`;
  });
  assert.deepEqual(seen.sort(), [
    'conv_unwatched inform',
    'conv_watched inform',
    'conv_watched inform',
    'conv_watched request',
  ]);
});

test('the events form delivers events as the reference prints them', async () => {
  const id = await subscribe({ events: ['agent.*', 'message.sent'] });
  const agentId = await deploy('evented', sampleAgent('echo'));
  const deployed = await client.takeType('agent.deployed');
  assert.equal(deployed.agent_id, agentId);
  assert.equal(deployed.subscription_id, id);
  assert.equal(typeof deployed.seq, 'number');
  assert.ok(!Number.isNaN(Date.parse(String(deployed.timestamp))));
  const { message_id } = await call<{ message_id: string }>(
    `${server.url}/api/v1/messages`,
    'POST',
    { performative: 'inform-done', sender: 'me', receiver: 'evented' },
  );
  const sent = await client.take('the message', (frame) => frame.message_id === message_id);
  assert.equal(sent.type, 'message.sent');
  assert.equal(sent.from, 'me');
  assert.equal(sent.to, agentId);
  assert.equal(sent.performative, 'inform-done');
});

test('a wildcard matches its own part of the events, and * all of them', async () => {
  const narrow = await subscribe({ events: ['message.*'] });
  const wide = await subscribe({ events: ['*'] });
  await deploy('announced', sampleAgent('echo'));
  await send({ performative: 'request', receiver: 'announced' });
  const frames = await framesSoFar();
  const typesOf = (id: string) =>
    new Set(frames.filter((frame) => frame.subscription_id === id).map((frame) => frame.type));
  assert.deepEqual(typesOf(narrow), new Set(['message.sent', 'message.delivered']));
  assert.ok(typesOf(wide).has('agent.state_changed'));
  assert.ok(typesOf(wide).has('message.sent'));
});

test('agent_ids leaves out events of other agents', async () => {
  await subscribe({ events: ['*'], filters: { agent_ids: ['echo'] } });
  await send({ performative: 'request', receiver: 'other' });
  await send({ performative: 'request', receiver: 'echo' });
  const frames = await framesSoFar();
  assert.ok(frames.length > 0);
  const echo = agentIds.get('echo');
  assert.ok(frames.every((frame) => [frame.from, frame.to, frame.agent_id].includes(echo)));
});

test('both forms combine in one subscription, and sequences rise', async () => {
  await subscribe({ filter: { agents: ['echo'] }, events: ['message.sent'] });
  await send({ performative: 'request', receiver: 'echo' });
  const frames = await framesSoFar();
  assert.deepEqual(
    frames.map((frame) => frame.type),
    ['message.sent', 'message', 'message.sent', 'message'],
  );
  const sequences = frames.map((frame) => Number(frame.seq));
  assert.deepEqual(
    sequences,
    sequences.toSorted((a, b) => a - b),
  );
});

test('a client id makes a receiver of the connection and brings it its messages', async () => {
  const toMe = { performative: 'inform', sender: 'friend', receiver: 'claimed-client' };
  const url = `${server.url}/api/v1/messages`;
  const isUnknown = (error: unknown) =>
    error instanceof ApiFailure && error.code === 'AGENT_NOT_FOUND';
  await assert.rejects(call(url, 'POST', toMe), isUnknown);
  const id = await subscribe({ client_id: 'claimed-client' });
  await call(url, 'POST', toMe);
  const { message } = await client.takeType('message');
  assert.equal((message as Record<string, unknown>).receiver, 'claimed-client');
  // What the client itself sends is no message to it.
  await send({ performative: 'request', sender: 'claimed-client', receiver: 'echo' });
  const received = (await framesSoFar()).map((frame) => frame.message as Record<string, unknown>);
  assert.deepEqual(
    received.map((entry) => entry.performative),
    ['inform'],
  );
  const answer = await client.ask({ type: 'unsubscribe', id: 'un', subscription_id: id });
  assert.deepEqual(answer, { type: 'unsubscribed', id: 'un', subscription_id: id });
  await call(url, 'POST', toMe);
  assert.deepEqual(await framesSoFar(), []);
});

test('a client id that only ever listened takes messages while its client is away', async () => {
  const toListener = { performative: 'inform', sender: 'friend', receiver: 'listener' };
  const url = `${server.url}/api/v1/messages`;
  const id = await subscribe({ client_id: 'listener' });
  await client.ask({ type: 'unsubscribe', id: 'un', subscription_id: id });
  const { message_id } = await call<{ message_id: string }>(url, 'POST', toListener);
  assert.deepEqual(await framesSoFar(), []);
  const { messages } = await call<{ messages: Array<{ message_id: string }> }>(
    `${url}?receiver=listener`,
    'GET',
  );
  assert.deepEqual(
    messages.map((message) => message.message_id),
    [message_id],
  );
});

test('a name in the filter that is no agent is claimed, and released with the connection', async () => {
  const url = `${server.url}/api/v1/messages`;
  const toName = { performative: 'inform', receiver: 'only-in-filter' };
  await subscribe({ filter: { agents: ['only-in-filter', 'echo'] } });
  await call(url, 'POST', toName);
  await client.takeType('message');
  await client.close();
  await assert.rejects(call(url, 'POST', toName), ApiFailure);
});

test('after unsubscribing nothing more comes, and a second time is refused', async () => {
  const id = await subscribe({ events: ['message.*'] });
  const unsubscribe = () => client.ask({ type: 'unsubscribe', id: 'un', subscription_id: id });
  assert.equal((await unsubscribe()).type, 'unsubscribed');
  await send({ performative: 'request', receiver: 'echo' });
  assert.deepEqual(await framesSoFar(), []);
  const again = await unsubscribe();
  assert.equal((again.error as { code: string }).code, 'NOT_FOUND');
});

test('a subscription that asks for nothing, or for what there is not, is refused', async () => {
  const cases: Array<[string, object]> = [
    ['filter', {}],
    ['filter', { events: [] }],
    ['filters', { filter: {}, filters: { agent_ids: ['echo'] } }],
    ['events.0', { events: ['agents.*'] }],
    ['events.0', { events: ['agent'] }],
    ['filter.performatives', { filter: { performatives: ['shout'] } }],
    ['filter.agent', { filter: { agent: ['echo'] } }],
    ['on_overflow', { events: ['*'], on_overflow: 'wait' }],
    ['events.1', { events: ['*', 'agent.faild'] }],
    ['resume_from', { events: ['*'], resume_from: -1 }],
    ['client_id', { client_id: 'capability:x' }],
  ];
  for (const [field, frame] of cases) {
    const answer = await client.ask({ type: 'subscribe', id: field, ...frame });
    const error = answer.error as { code: string; details: { field: string } };
    assert.equal(error?.code, 'INVALID_REQUEST', JSON.stringify(answer));
    assert.equal(error.details.field, field);
  }
  const taken = await client.ask({ type: 'subscribe', id: 'taken', client_id: 'echo' });
  assert.equal((taken.error as { code: string }).code, 'FORBIDDEN');
});

test('subscriptions of one connection are bounded', async () => {
  for (let i = 0; i < LIMITS.subscriptions_per_connection; i++) {
    client.send({ type: 'subscribe', events: ['task.completed'] });
  }
  const answer = await client.ask({ type: 'subscribe', id: 'last', events: ['task.completed'] });
  assert.equal((answer.error as { code: string }).code, 'RESOURCE_LIMIT_EXCEEDED');
});

test('a closed connection leaves no subscription behind', async () => {
  const before = server.server.runtime.events.subscriptions;
  await subscribe({ events: ['*'] });
  await subscribe({ filter: {} });
  assert.equal(server.server.runtime.events.subscriptions, before + 2);
  await client.close();
  assert.equal(server.server.runtime.events.subscriptions, before);
});

test('an agent that fails tells so', async () => {
  await deploy('failing', await guest('trap-unreachable'));
  await subscribe({ events: ['message.failed'] });
  const { message_id } = await send({ performative: 'request', receiver: 'failing' });
  const failed = await client.takeType('message.failed');
  assert.equal(failed.message_id, message_id);
});
