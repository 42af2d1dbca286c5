import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { allOperations } from '../../src/api/operations.js';
import { createToken } from '../../src/config/tokens.js';
import { sampleAgent } from '../support/guests.js';
import { deployForm, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { GrpcTestClient } from '../transport/grpc/client.js';

interface Deployed {
  readonly agent_id: string;
}

const ann = createToken();
const bob = createToken();
let server: TestServer;

before(async () => {
  server = await startTestServer({
    tokens: [
      { name: 'ann', role: 'operator', sha256: ann.sha256 },
      { name: 'bob', role: 'operator', sha256: bob.sha256 },
    ],
  });
});
after(() => server?.close());

const deploy = (name: string, key: string, token = ann.token) =>
  request(`${server.url}/api/v1/agents`, 'POST', deployForm(sampleAgent('echo'), { name }), {
    'x-caxton-token': token,
    'idempotency-key': key,
  });

test('a deploy repeated under its key gets the first answer, also at the same time', async () => {
  const answers = await Promise.all([deploy('one', 'k1'), deploy('one', 'k1')]);
  answers.push(await deploy('one', 'k1'));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 201, 201],
  );
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  assert.equal((await deploy('one', 'k2')).status, 409);
});

test('a key is that of one token', async () => {
  assert.equal((await deploy('two', 'shared')).status, 201);
  assert.equal((await deploy('two', 'shared', bob.token)).status, 409);
});

test('a deploy that failed is made again under the same key', async () => {
  assert.equal((await deploy('no name', 'k3')).status, 400);
  assert.equal((await deploy('three', 'k3')).status, 201);
});

test('gRPC takes the key in its metadata, and it is the same key', async () => {
  const client = new GrpcTestClient(server.grpcAddress, { authorization: `Bearer ${ann.token}` });
  try {
    const input = { wasm_module: sampleAgent('echo'), config: { name: 'four' } };
    const again = () =>
      client.call<Deployed>('AgentService/DeployAgent', input, {
        metadata: { 'idempotency-key': 'k4' },
      });
    const { agent_id } = await again();
    assert.equal((await again()).agent_id, agent_id);
    assert.equal(((await deploy('four', 'k4')).body as Deployed).agent_id, agent_id);
  } finally {
    client.close();
  }
});

test('only operations whose body is sent keep results', () => {
  for (const { name, keepsResult, rest } of allOperations()) {
    if (keepsResult === true) assert.ok(['POST', 'PUT'].includes(rest.method), name);
  }
});
