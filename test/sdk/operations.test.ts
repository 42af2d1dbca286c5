import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CaxtonClient, CaxtonError } from '@caxton/sdk';
import { OPERATIONS } from '../../src/api/operations.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { startTestServer, type TestServer } from '../support/server.js';

let server: TestServer;
let client: CaxtonClient;
const called = new Set<string>();

before(async () => {
  server = await startTestServer();
  client = new CaxtonClient({
    endpoint: server.url,
    fetch: (input, init) => {
      for (const [name, { rest }] of Object.entries(OPERATIONS)) {
        const path = new RegExp(`^${rest.path.replace(/\{\w+\}/g, '[^/]+')}$`);
        if (init?.method === rest.method && path.test(new URL(String(input)).pathname)) {
          called.add(name);
        }
      }
      return fetch(input, init);
    },
  });
});
after(async () => {
  client?.close();
  await server?.close();
});

const refusal = (code: string) => (error: unknown) => CaxtonError.is(error) && error.code === code;

test('agents are deployed, shown, stopped, started, updated, reloaded and removed', async () => {
  const agent = await client.deployAgent({
    wasmModule: sampleAgent('echo'),
    config: { name: 'echo', resources: { memory: '50MB' }, capabilities: ['echoing'] },
  });
  assert.match(agent.id, /^agent_/);
  assert.equal(agent.id, agent.agent_id);
  const listed = await client.listAgents({ status: 'running', limit: 1 });
  assert.equal(listed.agents[0]?.name, 'echo');
  assert.equal((await client.getAgent('echo')).resources.limits.memory, '50MB');
  assert.equal((await client.agentLogs(agent.id, { limit: 1 })).agent_id, agent.id);
  const { capabilities } = await client.listCapabilities();
  assert.equal(capabilities[0]?.name, 'echoing');

  await client.stopAgent('echo', { grace_period_seconds: 1 });
  await eventually(
    'it is stopped',
    async () => (await client.getAgent('echo')).status === 'stopped',
  );
  assert.equal((await client.startAgent('echo')).status, 'running');

  const update = await client.updateAgent('echo', { config: { resources: { memory: '60MB' } } });
  assert.equal(update.status, 'updating');
  const ended = async (id: string) => (await client.getDeployment(id)).status === 'completed';
  await eventually('the update is done', () => ended(update.deployment_id));

  const reload = await client.reloadAgent('echo', {
    wasmModule: new Blob([sampleAgent('echo')]),
    config: { strategy: 'immediate', version: '7.0.0' },
  });
  assert.equal(reload.to_version, '7.0.0');
  await eventually('the reload is done', () => ended(reload.hot_reload_id));
  assert.equal((await client.removeAgent('echo')).status, 'removed');
});

test('deployments are created, listed, shown and rolled back', async () => {
  const wasmModule = sampleAgent('echo');
  await client.deployAgent({ wasmModule, config: { name: 'canary' } });
  const { deployment_id: id } = await client.createDeployment({
    agent_id: 'canary',
    wasmModule: wasmModule.buffer,
    version: '2.0.0',
    strategy: {
      type: 'canary',
      stages: [
        { percentage: 10, duration: '1h' },
        { percentage: 100, duration: '0' },
      ],
    },
  });
  await eventually(
    'the first stage',
    async () => (await client.getDeployment(id)).current_percentage === 10,
  );
  assert.equal((await client.listDeployments({ agent_id: 'canary' })).deployments.length, 1);
  const back = await client.rollbackDeployment(id, { reason: 'tested' });
  assert.equal(back.rollback_to_version, '1.0.0');
});

test('messages are sent, answered, listed and shown, and so are conversations', async () => {
  await client.deployAgent({ wasmModule: sampleAgent('echo'), config: { name: 'answerer' } });
  const message = { performative: 'request', receiver: 'answerer', content: { n: 5 } } as const;
  const sent = await client.sendMessage(message);
  assert.equal(sent.status, 'delivered');
  const replied = await client.sendMessage({ ...message, wait: true, timeout_ms: 5_000 });
  assert.deepEqual(replied.reply.content, { n: 5 });
  const reply = await client.sendMessageAndWait({ ...message, until: 'final' });
  assert.equal(reply.performative, 'inform');
  await eventually(
    'the history has it',
    async () => (await client.listMessages({ agent: 'answerer' })).total >= 6,
  );
  assert.equal((await client.getMessage(sent.message_id)).message_id, sent.message_id);
  const conversation = await client.getConversation(reply.conversation_id as string, { limit: 1 });
  assert.equal(conversation.total, 2);
});

test('dead letters are listed and retried', async () => {
  const wasmModule = await guest('trap-unreachable');
  await client.deployAgent({ wasmModule, config: { name: 'trapper' } });
  await client.sendMessage({ performative: 'inform', receiver: 'trapper' });
  const letter = await eventually(
    'a dead letter',
    async () => (await client.listDeadLetters({ agent: 'trapper' })).dead_letters[0],
  );
  const retried = await client.retryDeadLetter(letter.message_id);
  assert.equal(retried.message_id, letter.message_id);
});

test('tasks are created, distributed, shown, listed and cancelled', async () => {
  await client.deployAgent({ wasmModule: sampleAgent('bidder'), config: { name: 'bidder' } });
  const { task_id: id } = await client.createTask({ name: 'work', participants: ['bidder'] });
  const given = await client.distributeTask(id, { strategy: 'best_bid', max_wait_seconds: 5 });
  assert.equal(given.status, 'distributed');
  assert.equal((await client.getTask(id)).name, 'work');
  const { task_id: other } = await client.createTask({ name: 'rest', participants: ['bidder'] });
  assert.equal((await client.cancelTask(other, { reason: 'no need' })).status, 'cancelled');
  assert.ok((await client.listTasks()).total >= 2);
});

test('figures and status are shown', async () => {
  assert.ok((await client.systemMetrics()).agents.total > 0);
  assert.equal((await client.agentMetrics('answerer', { period: '5m' })).period, '5m');
  assert.equal((await client.systemStatus()).status, 'ready');
  assert.match(await client.prometheusMetrics(), /^# HELP caxton_/);
});

test('every operation of the table was called by the tests before', () => {
  assert.deepEqual(
    Object.keys(OPERATIONS).filter((name) => !called.has(name)),
    [],
  );
});

test('a refusal has the code, the status, the details and the trace of the answer', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const error = await client.getAgent('nobody', { traceparent }).catch((caught: unknown) => caught);
  assert.ok(CaxtonError.is(error, 'AGENT_NOT_FOUND'));
  assert.equal(error.status, 404);
  assert.equal(error.details.agent_id, 'nobody');
  assert.equal(error.traceId, '0af7651916cd43dd8448eb211c80319c');
  assert.equal(error.retryable, false);
});

test('names in a path are encoded, and an empty one is refused before anything is sent', async () => {
  await assert.rejects(client.getAgent('a/b?c'), refusal('AGENT_NOT_FOUND'));
  await assert.rejects(client.getAgent(''), TypeError);
});

test('an address where nothing listens is unreachable', async () => {
  const nowhere = new CaxtonClient({ endpoint: 'http://127.0.0.1:1', retry: false });
  const error = await nowhere.systemStatus().catch((caught: unknown) => caught);
  assert.ok(CaxtonError.is(error, 'UNREACHABLE'));
  assert.equal(error.status, 0);
  assert.equal(error.retryable, true);
});
