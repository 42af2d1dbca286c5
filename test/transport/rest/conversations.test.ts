import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sampleAgent } from '../../support/guests.js';
import { call, deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
let api: string;
let bidderId: string;
before(async () => {
  server = await startTestServer({ protocols: { mode: 'enforce' } });
  api = `${server.url}/api/v1`;
  const form = deployForm(sampleAgent('bidder'), {
    name: 'bidder',
    environment: { capability: 'work:1.2' },
  });
  bidderId = (await call<{ agent_id: string }>(`${api}/agents`, 'POST', form)).agent_id;
});
after(() => server?.close());

const speak = (performative: string, query = '?wait=true') =>
  request(`${api}/messages${query}`, 'POST', {
    performative,
    sender: 'ann',
    receiver: 'bidder',
    protocol: 'fipa-contract-net',
    conversation_id: 'net/1 ä',
    content: { size: 1 },
  });

interface ConversationBody {
  readonly messages: ReadonlyArray<{ readonly performative: string }>;
  readonly next_cursor?: string;
}

const path = (id: string): string => `${api}/conversations/${encodeURIComponent(id)}`;

test('a conversation shows its protocol, state, participants and messages', async () => {
  assert.equal((await speak('cfp')).status, 200);
  const { messages, ...underWay } = await call<ConversationBody>(path('net/1 ä'), 'GET');
  assert.deepEqual(underWay, {
    conversation_id: 'net/1 ä',
    protocol: 'fipa-contract-net',
    state: 'active',
    participants: [
      { id: 'ann', role: 'initiator' },
      { id: bidderId, role: 'participant', state: 'proposed' },
    ],
    total: messages.length,
  });
  assert.equal((await speak('accept-proposal')).status, 200);
  const done = await call<ConversationBody & { state: string }>(path('net/1 ä'), 'GET');
  assert.equal(done.state, 'completed');
  assert.deepEqual(
    done.messages.map(({ performative }) => performative),
    ['cfp', 'propose', 'accept-proposal', 'inform'],
  );
});

test('its messages come in pages', async () => {
  const first = await call<ConversationBody>(`${path('net/1 ä')}?order=desc&limit=3`, 'GET');
  assert.equal(first.messages[0]?.performative, 'inform');
  const cursor = `cursor=${first.next_cursor}`;
  const rest = await call<ConversationBody>(`${path('net/1 ä')}?order=desc&${cursor}`, 'GET');
  assert.equal(rest.messages.length, 1);
  assert.equal(rest.next_cursor, undefined);
  assert.equal((await request(`${path('net/1 ä')}?cursor=x`, 'GET')).status, 400);
  assert.equal((await request(`${path('net/1 ä')}?limit=0`, 'GET')).status, 400);
});

test('one that nobody knows is not found', async () => {
  const answer = await request(path('nowhere'), 'GET');
  assert.equal(answer.status, 404);
  const { error } = answer.body as { error: { code: string; details: object } };
  assert.equal(error.code, 'NOT_FOUND');
  assert.deepEqual(error.details, { conversation_id: 'nowhere' });
  assert.equal((await request(path('x'.repeat(300)), 'GET')).status, 400);
});

test('an act that the protocol forbids is refused with those that it allows', async () => {
  const answer = await speak('reject-proposal', '');
  assert.equal(answer.status, 409);
  const { error } = answer.body as { error: { code: string; message: string; details: object } };
  assert.equal(error.code, 'CONFLICT');
  assert.match(error.message, /^performative 'reject-proposal' is not legal here: .*now: cfp\.$/);
  assert.deepEqual(error.details, {
    field: 'performative',
    conversation_id: 'net/1 ä',
    protocol: 'fipa-contract-net',
    state: 'start',
    role: 'initiator',
    legal_acts: ['cfp'],
  });
});

test('capabilities are listed with their versions and providers', async () => {
  const form = deployForm(sampleAgent('echo'), { name: 'echo', capabilities: ['echo', 'work'] });
  const { agent_id } = await call<{ agent_id: string }>(`${api}/agents`, 'POST', form);
  const bidder = { agent_id: bidderId, name: 'bidder', status: 'running' };
  const echo = { agent_id, name: 'echo', status: 'running' };
  const work = { name: 'work', versions: ['1.2'], provider_count: 2, providers: [bidder, echo] };
  assert.deepEqual(await call(`${api}/capabilities?limit=1`, 'GET'), {
    capabilities: [work],
    total: 2,
    next_offset: 1,
  });
  assert.deepEqual(await call(`${api}/capabilities?limit=5&offset=1`, 'GET'), {
    capabilities: [{ name: 'echo', versions: [], provider_count: 1, providers: [echo] }],
    total: 2,
  });
});

test('a conversation and a sender whose names are as wide as can be are found by them', async () => {
  for (const character of ['x', 'é', '€', '🦊']) {
    // Names are bounded by characters as JSON Schema counts them.
    const name = character.repeat(256);
    const message = { performative: 'inform', receiver: 'bidder', content: 1 };
    const sent = { ...message, sender: name, conversation_id: name };
    assert.equal((await request(`${api}/messages`, 'POST', sent)).status, 200);
    const conversation = await call<ConversationBody>(path(name), 'GET');
    assert.ok(conversation.messages.length > 0);
    for (const field of ['conversation_id', 'agent']) {
      const found = `${api}/messages?${field}=${encodeURIComponent(name)}`;
      assert.ok((await call<ConversationBody>(found, 'GET')).messages.length > 0, field);
    }
  }
});
