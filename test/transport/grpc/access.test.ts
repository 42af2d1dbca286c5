import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createToken } from '../../../src/config/tokens.js';
import { sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { GrpcTestClient } from './client.js';

interface Event {
  readonly type: string;
  readonly seq: number;
  readonly message?: { readonly performative: string };
}

const operator = createToken();
const restricted = createToken();
let server: TestServer;
let admin: GrpcTestClient;
let client: GrpcTestClient;
/** The id of each agent, by its name. */
const ids = new Map<string, string>();

before(async () => {
  server = await startTestServer({
    tokens: [
      { name: 'all', role: 'operator', sha256: operator.sha256 },
      { name: 'one', role: 'sender', sha256: restricted.sha256, agents: ['echo'] },
    ],
  });
  admin = new GrpcTestClient(server.grpcAddress, { 'x-caxton-token': operator.token });
  client = new GrpcTestClient(server.grpcAddress, { 'x-caxton-token': restricted.token });
  for (const name of ['echo', 'secret']) await deploy(name);
});
after(async () => {
  admin?.close();
  client?.close();
  await server?.close();
});

async function deploy(name: string): Promise<void> {
  const request = { wasm_module: sampleAgent('echo'), config: { name } };
  const { agent_id } = await admin.call<{ agent_id: string }>('AgentService/DeployAgent', request);
  ids.set(name, agent_id);
}

const ask = (receiver: string) =>
  admin.call('MessageService/SendMessageAndWait', {
    message: { performative: 'request', sender: 'asker', receiver, content: {} },
  });

/** Takes until the answer of echo, which comes behind everything else that was asked for. */
async function untilAnswer(stream: { take(): Promise<Event[]> }): Promise<Event[]> {
  const taken: Event[] = [];
  for (;;) {
    const [event] = await stream.take();
    taken.push(event!);
    if (event!.message?.performative === 'inform') return taken;
  }
}

function assertOnlyEcho(events: readonly Event[]): void {
  const told = JSON.stringify(events);
  assert.ok(told.includes(ids.get('echo')!));
  for (const name of ['secret', 'another']) assert.ok(!told.includes(ids.get(name)!), name);
  assert.ok(!told.includes('agent.deployed'));
}

test('a restricted token gets messages and events of its own agents alone, now and later', async () => {
  const wanted = { events: ['*'], filter: {} };
  const stream = client.subscribe<Event>('EventService/Subscribe', wanted);
  const [first] = await stream.take();
  await deploy('another');
  for (const name of ['another', 'secret', 'echo']) await ask(name);
  assertOnlyEcho(await untilAnswer(stream));
  const resumed = client.subscribe<Event>('EventService/Subscribe', {
    ...wanted,
    resume_from: first!.seq,
  });
  assertOnlyEcho(await untilAnswer(resumed));
  for (const { call } of [stream, resumed]) call.cancel();
});

test('a restricted token is told when it asks for other agents', async () => {
  for (const wanted of [
    { filter: { agents: ['echo', 'secret'] } },
    { events: ['agent.*'], filters: { agent_ids: ['secret'] } },
  ]) {
    const failure = await client.subscribe('EventService/Subscribe', wanted).end();
    assert.equal(failure?.error?.code, 'FORBIDDEN');
  }
});
