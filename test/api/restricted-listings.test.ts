import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Operation } from '../../src/api/operation.js';
import { allOperations } from '../../src/api/operations.js';
import { createToken } from '../../src/config/tokens.js';
import { sampleAgent } from '../support/guests.js';
import { deployForm, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { GrpcTestClient } from '../transport/grpc/client.js';

/*
 * Every operation that lists, with a token that is restricted to one of two agents: nothing of the
 * other one is in the list, or in its total.
 */

const boss = createToken();
const restricted = createToken();
let server: TestServer;

before(async () => {
  server = await startTestServer({
    tokens: [
      { name: 'boss', role: 'operator', sha256: boss.sha256 },
      { name: 'restricted', role: 'operator', sha256: restricted.sha256, agents: ['mine'] },
    ],
  });
  await deploy('other', ['shared:2.0', 'secret']);
  await deploy('mine', ['shared:1.0']);
  await createTask(boss.token, 'other');
  await createTask(restricted.token, 'mine');
});
after(() => server?.close());

async function deploy(name: string, capabilities: readonly string[]): Promise<void> {
  const form = deployForm(sampleAgent('echo'), { name, capabilities });
  const answer = await request(`${server.url}/api/v1/agents`, 'POST', form, headersOf(boss.token));
  assert.equal(answer.status, 201, answer.text);
}

async function createTask(token: string, participant: string): Promise<void> {
  const task = { name: `for ${participant}`, participants: [participant] };
  const answer = await request(`${server.url}/api/v1/tasks`, 'POST', task, headersOf(token));
  assert.equal(answer.status, 201, answer.text);
}

const headersOf = (token: string) => ({ 'x-caxton-token': token });

interface Expectation {
  /** What the operation answers with. */
  readonly list: string;
  /** Of each item in it. */
  readonly names: readonly string[];
}

const EXPECTED: Readonly<Record<string, Expectation | 'refuses a query for everything'>> = {
  'agents.list': { list: 'agents', names: ['mine'] },
  'capabilities.list': { list: 'capabilities', names: ['shared'] },
  'tasks.list': { list: 'tasks', names: ['for mine'] },
  'deployments.list': 'refuses a query for everything',
  'messages.list': 'refuses a query for everything',
  'dead_letters.list': 'refuses a query for everything',
};

type Answer = { [list: string]: ReadonlyArray<{ readonly name: string }> } & {
  readonly total: number | string;
};

const listing = allOperations().filter(({ rest, output }) => {
  const properties = (output as { properties?: object }).properties ?? {};
  return rest.method === 'GET' && 'total' in properties && !rest.path.includes('{');
});

test('the table names every operation that lists', () => {
  assert.deepEqual(listing.map(({ name }) => name).sort(), Object.keys(EXPECTED).sort());
});

const APIS: Readonly<Record<string, (operation: Operation) => Promise<Answer>>> = {
  REST: async ({ rest }) => {
    const url = `${server.url}${rest.path}`;
    const answer = await request(url, 'GET', undefined, headersOf(restricted.token));
    if (answer.status === 200) return answer.body as Answer;
    throw Object.assign(new Error(answer.text), { refused: answer.status === 403 });
  },
  gRPC: async ({ grpc }) => {
    const client = new GrpcTestClient(server.grpcAddress, headersOf(restricted.token));
    try {
      return await client.call<Answer>(`${grpc?.service}/${grpc?.methods[0]}`);
    } catch (error) {
      throw Object.assign(error as Error, { refused: (error as { code?: number }).code === 7 });
    } finally {
      client.close();
    }
  },
};

for (const [api, call] of Object.entries(APIS)) {
  describe(`over ${api} a restricted token`, () => {
    for (const operation of listing) {
      const expected = EXPECTED[operation.name];
      test(`sees of ${operation.name} what concerns its agents`, async () => {
        if (typeof expected !== 'object') {
          await assert.rejects(call(operation), { refused: true });
          return;
        }
        const answer = await call(operation);
        const items = answer[expected.list] ?? [];
        assert.deepEqual(
          items.map(({ name }) => name),
          expected.names,
        );
        assert.equal(Number(answer.total), expected.names.length);
      });
    }
  });
}

test('a capability that others offer too is shown as the token’s agents offer it', async () => {
  const url = `${server.url}/api/v1/capabilities`;
  const { body } = await request(url, 'GET', undefined, headersOf(restricted.token));
  const { capabilities } = body as {
    capabilities: ReadonlyArray<{
      provider_count: number;
      versions: readonly string[];
      providers: ReadonlyArray<{ name: string }>;
    }>;
  };
  const [shared] = capabilities;
  assert.equal(shared?.provider_count, 1);
  assert.deepEqual(shared.versions, ['1.0']);
  assert.deepEqual(
    shared.providers.map(({ name }) => name),
    ['mine'],
  );
});
