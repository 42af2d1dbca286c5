import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { GrpcTestClient } from './client.js';

/** Status numbers of gRPC. */
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;

let server: TestServer;
let client: GrpcTestClient;
let echoId: string;
before(async () => {
  server = await startTestServer({ protocols: { mode: 'enforce' } });
  client = new GrpcTestClient(server.grpcAddress);
  const deployed = await client.call<{ agent_id: string }>('AgentService/DeployAgent', {
    wasm_module: sampleAgent('echo'),
    config: { name: 'echo', capabilities: ['echo:2', 'rest'] },
  });
  echoId = deployed.agent_id;
});
after(async () => {
  client?.close();
  await server?.close();
});

const message = (performative: string) => ({
  message: {
    performative,
    sender: 'ann',
    receiver: 'echo',
    protocol: 'fipa-request',
    conversation_id: 'c',
  },
});

test('GetConversation tells protocol, state, participants and messages', async () => {
  await client.call('MessageService/SendMessageAndWait', message('request'));
  const { messages, ...rest } = await client.call<{
    messages: Array<{ performative: string }>;
  }>('MessageService/GetConversation', { conversation_id: 'c', order: 'desc', limit: 1 });
  assert.deepEqual(
    messages.map(({ performative }) => performative),
    ['inform'],
  );
  const { next_cursor, ...told } = rest as { next_cursor?: string };
  assert.ok(next_cursor);
  assert.deepEqual(told, {
    conversation_id: 'c',
    protocol: 'fipa-request',
    state: 'completed',
    participants: [
      { id: 'ann', role: 'initiator' },
      { id: echoId, role: 'participant', state: 'done' },
    ],
    total: 2,
  });
  const unknown = await client.failure('MessageService/GetConversation', {
    conversation_id: 'nowhere',
  });
  assert.equal(unknown.status, NOT_FOUND);
  assert.equal(unknown.error?.code, 'NOT_FOUND');
});

test('an act that the protocol forbids is refused with those that it allows', async () => {
  const failure = await client.failure('MessageService/SendMessage', message('propose'));
  assert.equal(failure.status, FAILED_PRECONDITION);
  assert.equal(failure.error?.code, 'CONFLICT');
  assert.deepEqual(failure.error?.details.legal_acts, ['request']);
});

test('ListCapabilities tells versions and providers, page by page', async () => {
  const page = await client.call('AgentService/ListCapabilities', { limit: 1 });
  assert.deepEqual(page, {
    capabilities: [
      {
        name: 'echo',
        versions: ['2'],
        provider_count: 1,
        providers: [{ agent_id: echoId, name: 'echo', status: 'AGENT_STATUS_RUNNING' }],
      },
    ],
    total: 2,
    next_offset: 1,
  });
});
