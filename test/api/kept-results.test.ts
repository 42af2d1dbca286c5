import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Operation } from '../../src/api/operation.js';
import { allOperations, OPERATIONS } from '../../src/api/operations.js';
import { createToken } from '../../src/config/tokens.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { call, deployForm, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { GrpcTestClient } from '../transport/grpc/client.js';

/*
 * Every operation that keeps results, called three times under one key: twice at once over REST,
 * and once more over gRPC. It is done once, and each call gets the first answer.
 */

interface Fields {
  readonly [name: string]: unknown;
}

interface Case {
  /** Makes what is needed. @returns the input */
  readonly prepare: () => Promise<Fields>;
  /** A field of the answer that would be another one, or missing, were it done twice. */
  readonly same: string;
}

const token = createToken();
const headers = { 'x-caxton-token': token.token };
let server: TestServer;

before(async () => {
  server = await startTestServer({
    tokens: [
      { name: 'ann', role: 'operator', sha256: token.sha256, rate_limits: { enabled: false } },
    ],
  });
});
after(() => server?.close());

const api = (method: string, path: string, body?: object) =>
  call<Fields>(`${server.url}/api/v1${path}`, method, body, headers);

async function deploy(name: string, wasm = sampleAgent('echo')): Promise<string> {
  const answer = await api('POST', '/agents', deployForm(wasm, { name, version: '1.0.0' }));
  return answer.agent_id as string;
}

async function failLetter(agent: string): Promise<string> {
  const message = { performative: 'request', sender: 'ann', receiver: agent, content: 1 };
  const sent = await api('POST', '/messages', message);
  await eventually('it is a dead letter', async () => {
    const { total } = await api('GET', `/dead-letters?agent=${agent}`);
    return total === 1;
  });
  return sent.message_id as string;
}

async function openDeployment(agent: string): Promise<string> {
  await deploy(agent);
  const begun = await api('POST', '/deployments', {
    agent_id: agent,
    wasm_module: Buffer.from(sampleAgent('echo')).toString('base64'),
    strategy: { type: 'blue_green', cleanup_delay: '1h' },
  });
  return begun.deployment_id as string;
}

const CASES: Readonly<Record<string, Case>> = {
  [OPERATIONS.deployAgent.name]: {
    prepare: async () => ({ wasm_module: sampleAgent('echo'), config: { name: 'deployed' } }),
    same: 'agent_id',
  },
  [OPERATIONS.updateAgent.name]: {
    prepare: async () => ({
      agent_id: await deploy('updated'),
      config: { environment: { more: 'yes' } },
    }),
    same: 'deployment_id',
  },
  [OPERATIONS.reloadAgent.name]: {
    prepare: async () => ({
      agent_id: await deploy('reloaded'),
      wasm_module: sampleAgent('echo'),
      config: { version: '2.0.0' },
    }),
    same: 'hot_reload_id',
  },
  [OPERATIONS.createDeployment.name]: {
    prepare: async () => ({
      agent_id: await deploy('replaced'),
      wasm_module: sampleAgent('echo'),
      strategy: { type: 'blue_green' },
    }),
    same: 'deployment_id',
  },
  [OPERATIONS.rollbackDeployment.name]: {
    prepare: async () => ({ deployment_id: await openDeployment('back') }),
    same: 'estimated_completion',
  },
  [OPERATIONS.retryDeadLetter.name]: {
    prepare: async () => {
      await deploy('failing', await guest('returns-nonzero'));
      return { message_id: await failLetter('failing') };
    },
    same: 'delivered_at',
  },
  [OPERATIONS.createTask.name]: {
    prepare: async () => ({ name: 'once', participants: [await deploy('asked')] }),
    same: 'task_id',
  },
  [OPERATIONS.distributeTask.name]: {
    prepare: async () => {
      const participants = [await deploy('bids', sampleAgent('bidder'))];
      const data = { size: 3 };
      const task = await api('POST', '/tasks', { name: 'once', participants, data });
      return { task_id: task.task_id };
    },
    same: 'assigned_to',
  },
};

function overRest({ rest }: Operation, input: Fields, key: string) {
  const path = rest.path.replace(/\{(\w+)\}/g, (_, name: string) => String(input[name]));
  const named = Object.entries(input).filter(([name]) => !rest.path.includes(`{${name}}`));
  const body = Object.fromEntries(
    named.map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
    ]),
  );
  return request(`${server.url}${path}`, rest.method, body, { ...headers, 'idempotency-key': key });
}

async function overGrpc({ grpc }: Operation, input: Fields, key: string): Promise<Fields> {
  const client = new GrpcTestClient(server.grpcAddress, headers);
  try {
    const metadata = { 'idempotency-key': key };
    return await client.call<Fields>(`${grpc?.service}/${grpc?.methods[0]}`, input, { metadata });
  } finally {
    client.close();
  }
}

describe('a call repeated under its key is done once', () => {
  const keeping = allOperations().filter(({ keepsResult }) => keepsResult === true);

  test('and what would do something twice without a key keeps its result', () => {
    assert.deepEqual(keeping.map(({ name }) => name).sort(), Object.keys(CASES).sort());
  });

  for (const operation of keeping) {
    const { name, rest } = operation;
    test(`${name}, over REST and gRPC`, async () => {
      const { prepare, same } = CASES[name]!;
      const input = await prepare();
      const answers = await Promise.all([
        overRest(operation, input, name),
        overRest(operation, input, name),
      ]);
      for (const { status, text } of answers) {
        assert.equal(status, rest.status, text);
        assert.equal(text, answers[0].text);
      }
      const first = (answers[0].body as Fields)[same];
      assert.ok(first !== undefined);
      const again = await overGrpc(operation, input, name);
      assert.deepEqual(again[same], typeof first === 'string' ? asGrpc(same, first) : first);
    });
  }
});

/** Times are messages of their own over gRPC. */
function asGrpc(field: string, text: string): unknown {
  if (!/_at$|_completion$/.test(field)) return text;
  const ms = Date.parse(text);
  return { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 };
}
