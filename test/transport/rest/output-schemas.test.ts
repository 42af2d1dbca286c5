import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { OPERATIONS } from '../../../src/api/operations.js';
import { eventually } from '../../support/eventually.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server?.close());

interface Letter {
  readonly message_id: string;
  readonly message: { readonly conversation_id: string };
}

/** The schema with every object closed, so that a field it does not name is found. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  if (copy.type === 'object' && copy.properties) copy.additionalProperties = false;
  return copy;
}

test('every operation answers as its output schema says, field by field', async () => {
  const ajv = new Ajv2020({ strict: false });
  ajv.addFormat('date-time', (text: string) => /^\d{4}-\d\d-\d\dT.*Z$/.test(text));
  const checked = new Set<string>();
  const call = async (
    key: keyof typeof OPERATIONS,
    parameters: Record<string, string> = {},
    body?: unknown,
    query = '',
  ): Promise<Record<string, string>> => {
    const { rest, output } = OPERATIONS[key];
    const path = rest.path.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name]!);
    const answer = await request(`${server.url}${path}${query}`, rest.method, body);
    assert.equal(answer.status, rest.status, `${key}: ${answer.text}`);
    const validate = ajv.compile(closed(output) as object);
    assert.ok(validate(answer.body), `${key}: ${JSON.stringify(validate.errors)} ${answer.text}`);
    checked.add(key);
    return answer.body as Record<string, string>;
  };

  const echo = await call(
    'deployAgent',
    {},
    deployForm(sampleAgent('echo'), { name: 'echo', capabilities: ['echo'] }),
  );
  await call('deployAgent', {}, deployForm(await guest('log-agent'), { name: 'logging' }));
  await call('deployAgent', {}, deployForm(await guest('trap-unreachable'), { name: 'failing' }));
  const agent = { agent_id: echo.agent_id! };
  await call('sendMessage', {}, { performative: 'inform', receiver: 'echo' });
  for (const receiver of ['echo', 'logging', 'failing']) {
    const message = { performative: 'request', receiver, content: { a: 1 }, priority: 3 };
    await call('sendMessage', {}, message, '?wait=true');
  }
  const page = await eventually('the failure is a dead letter', async () => {
    const letters = await call('listDeadLetters');
    return letters.dead_letters!.length > 0 && letters;
  });
  const letter = (page.dead_letters as unknown as Letter[])[0]!;
  await call('listMessages', {}, undefined, '?limit=2');
  await call('getMessage', { message_id: letter.message_id });
  const { conversation_id } = letter.message;
  await call('getConversation', { conversation_id }, undefined, '?limit=1');
  await call('retryDeadLetter', { message_id: letter.message_id });
  await call('listAgents', {}, undefined, '?limit=1');
  await call('getAgent', agent);
  await call('listCapabilities');
  await call('agentLogs', { agent_id: 'logging' });
  await call('systemMetrics');
  await call('agentMetrics', { agent_id: 'failing' });
  await call('systemStatus');
  const wasm_module = Buffer.from(sampleAgent('echo')).toString('base64');
  const deployed = await call('createDeployment', {}, { ...agent, wasm_module, version: '2.0.0' });
  const deployment = { deployment_id: deployed.deployment_id! };
  const ended = (id: Record<string, string>) =>
    eventually('the end of a deployment', async () => {
      const { status } = await call('getDeployment', id);
      return status === 'completed' || status === 'rolled_back';
    });
  await ended(deployment);
  const updated = await call('updateAgent', agent, { config: { resources: { memory: '20MB' } } });
  await ended({ deployment_id: updated.deployment_id! });
  const form = deployForm(sampleAgent('echo'), { strategy: 'parallel', trial: '1h' });
  const reloaded = await call('reloadAgent', agent, form);
  const reload = { deployment_id: reloaded.hot_reload_id! };
  await eventually('it is under way', async () => {
    return (await call('getDeployment', reload)).status === 'in_progress';
  });
  await call('rollbackDeployment', reload, { reason: 'a test' });
  await ended(reload);
  await call('listDeployments', {}, undefined, '?limit=2');
  await call('deployAgent', {}, deployForm(sampleAgent('bidder'), { name: 'bidder' }));
  const offered = { name: 'task', participants: ['bidder'], data: { size: 3 } };
  const task = { task_id: (await call('createTask', {}, offered)).task_id! };
  await call('getTask', task);
  await call('distributeTask', task, {});
  await eventually(
    'the task is completed',
    async () => (await call('getTask', task)).status === 'completed',
  );
  const second = { task_id: (await call('createTask', {}, offered)).task_id! };
  await call('cancelTask', second, { reason: 'enough' });
  await call('getTask', second);
  await call('listTasks', {}, undefined, '?limit=1');
  await call('stopAgent', agent);
  await eventually(
    'the agent stops',
    async () => (await call('getAgent', agent)).status === 'stopped',
  );
  await call('startAgent', agent);
  await call('removeAgent', agent);
  assert.deepEqual([...checked].sort(), Object.keys(OPERATIONS).sort());
});
