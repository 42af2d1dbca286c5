import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const RFC3339_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let server: TestServer;
let url: string;
let agentId: string;
before(async () => {
  server = await startTestServer();
  url = `${server.url}/api/v1/messages`;
  const form = deployForm(sampleAgent('echo'), { name: 'echo' });
  const { body } = await request(`${server.url}/api/v1/agents`, 'POST', form);
  agentId = (body as { agent_id: string }).agent_id;
});
after(() => server?.close());

type Fields = Record<string, string>;

test('a send answers with the fields of the reference and no others', async () => {
  const answer = await request(url, 'POST', {
    performative: 'request',
    sender: 'client_001',
    receiver: agentId,
    content: { action: 'process', data: { key: 'value' } },
    conversation_id: 'conv_789',
    reply_with: 'msg_001',
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  const { message_id, delivered_at, ...rest } = answer.body as Fields;
  assert.match(message_id!, /^msg_/);
  assert.match(delivered_at!, RFC3339_MS);
  assert.deepEqual(rest, { status: 'delivered' });
});

test('a send that waits answers with the reply beside the fields of a send', async () => {
  const answer = await request(`${url}?wait=true&timeout_ms=20000&until=final`, 'POST', {
    performative: 'request',
    sender: 'waiting',
    receiver: 'echo',
    content: [1, 2],
    conversation_id: 'conv_wait',
  });
  assert.equal(answer.status, 200);
  const { message_id, delivered_at, status, reply, ...rest } = answer.body as Fields;
  assert.deepEqual(rest, {});
  assert.equal(status, 'replied');
  assert.match(delivered_at!, RFC3339_MS);
  const { message_id: replyId, timestamp, ...message } = reply as unknown as Fields;
  assert.match(replyId!, /^msg_/);
  assert.match(timestamp!, RFC3339_MS);
  assert.deepEqual(message, {
    performative: 'inform',
    sender: agentId,
    receiver: 'waiting',
    conversation_id: 'conv_wait',
    in_reply_to: message_id,
    content: [1, 2],
  });
});

test('wait=false is a plain send', async () => {
  const body = { performative: 'inform', receiver: 'echo' };
  const answer = await request(`${url}?wait=false`, 'POST', body);
  assert.equal((answer.body as Fields).status, 'delivered');
});

test('a wait that ends without an answer is a timeout', async () => {
  await request(url, 'POST', { performative: 'inform', sender: 'mute', receiver: 'echo' });
  const body = { performative: 'request', receiver: 'mute' };
  const answer = await request(`${url}?wait=true&timeout_ms=30`, 'POST', body);
  assert.equal(answer.status, 504);
  assert.equal((answer.body as { error: Fields }).error.code, 'TIMEOUT');
});

test('the history answers with the fields of the reference', async () => {
  const conversation_id = 'conv_history';
  await request(`${url}?wait=true`, 'POST', {
    performative: 'request',
    sender: 'historian',
    receiver: 'echo',
    content: { a: 1 },
    conversation_id,
    reply_with: 'msg_h',
  });
  const answer = await eventually('both messages are in the history', async () => {
    const page = await request(`${url}?conversation_id=${conversation_id}&limit=50`, 'GET');
    return (page.body as { total: number }).total === 2 && page;
  });
  const { messages, total, ...rest } = answer.body as { messages: Fields[]; total: number };
  assert.equal(total, 2);
  assert.deepEqual(rest, {}, 'the last page has no next_cursor');
  const { message_id, timestamp, ...first } = messages[0]!;
  assert.match(timestamp!, RFC3339_MS);
  assert.deepEqual(first, {
    performative: 'request',
    sender: 'historian',
    receiver: agentId,
    content: { a: 1 },
    conversation_id,
    reply_with: 'msg_h',
  });
  const one = await request(`${url}/${message_id}`, 'GET');
  assert.deepEqual(one.body, messages[0]);
  assert.equal((await request(`${url}/msg_none`, 'GET')).status, 404);
});

test('the history is narrowed by each of its filters', async () => {
  const conversation_id = 'conv_filters';
  const body = { performative: 'request', sender: 'filterer', receiver: 'echo', conversation_id };
  await request(`${url}?wait=true`, 'POST', body);
  const count = async (query: string): Promise<number> => {
    const answer = await request(`${url}?conversation_id=${conversation_id}&${query}`, 'GET');
    assert.equal(answer.status, 200, answer.text);
    return (answer.body as { total: number }).total;
  };
  await eventually('both messages are in the history', async () => (await count('')) === 2);
  assert.equal(await count('agent=echo'), 2);
  assert.equal(await count('sender=filterer'), 1);
  assert.equal(await count('receiver=filterer'), 1);
  assert.equal(await count('performative=REQUEST'), 1);
  assert.equal(await count('since=2099-01-01T00:00:00Z'), 0);
  assert.equal(await count('until=2099-01-01T00:00:00Z'), 2);
});

test('Idempotency-Key makes a repeated send return the first result', async () => {
  const send = (key: string) =>
    request(url, 'POST', { performative: 'inform', receiver: 'echo' }, { 'Idempotency-Key': key });
  const first = await send('key-1');
  assert.deepEqual((await send('key-1')).body, first.body);
  assert.notDeepEqual((await send('key-2')).body, first.body);
  assert.equal((await send('k'.repeat(257))).status, 400);
});

test('the options of a send are checked by name', async () => {
  const send = (options: unknown) =>
    request(url, 'POST', { performative: 'inform', receiver: 'echo', options });
  const valid = { timeout_ms: 5, persist: true, priority: 9, idempotency_key: 'k' };
  assert.equal((await send(valid)).status, 200);
  for (const [field, options] of [
    ['options', null],
    ['options.persist', { persist: 'yes' }],
    ['options.priority', { priority: 10 }],
    ['options.retries', { retries: 3 }],
  ] as const) {
    const answer = await send(options);
    assert.equal(answer.status, 400);
    const { error } = answer.body as { error: { details: { field: string } } };
    assert.equal(error.details.field, field);
  }
});

test('traceparent is passed on in the message', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const body = { performative: 'inform', receiver: 'echo' };
  const sent = await request(url, 'POST', body, { traceparent });
  const id = (sent.body as Fields).message_id;
  const kept = await eventually('the message is in the history', async () => {
    const answer = await request(`${url}/${id}`, 'GET');
    return answer.status === 200 && (answer.body as Fields);
  });
  assert.equal(kept.traceparent, traceparent);
});

test('a full mailbox refuses with 429 and says when to try again', async () => {
  const form = deployForm(await guest('slow-agent'), { name: 'slow', resources: { mailbox: 2 } });
  assert.equal((await request(`${server.url}/api/v1/agents`, 'POST', form)).status, 201);
  const answers = await Promise.all(
    Array.from({ length: 50 }, () =>
      request(url, 'POST', { performative: 'request', receiver: 'slow' }),
    ),
  );
  const refused = answers.filter((answer) => answer.status !== 200);
  assert.ok(refused.length > 0 && refused.length < 50, `${refused.length} refused`);
  for (const answer of refused) {
    assert.equal(answer.status, 429);
    assert.equal(answer.headers.get('retry-after'), '1');
    assert.equal((answer.body as { error: Fields }).error.code, 'RESOURCE_LIMIT_EXCEEDED');
  }
});

test('a dead letter is listed with its message and its error, and tried again', async () => {
  const form = deployForm(await guest('returns-nonzero'), { name: 'failing' });
  assert.equal((await request(`${server.url}/api/v1/agents`, 'POST', form)).status, 201);
  const sent = await request(`${url}?wait=true`, 'POST', {
    performative: 'request',
    receiver: 'failing',
    content: 'x',
  });
  const { message_id } = sent.body as Fields;
  const letters = `${server.url}/api/v1/dead-letters`;
  const letter = await eventually('the dead letter is listed', async () => {
    const page = await request(`${letters}?agent=failing&limit=10`, 'GET');
    assert.equal(page.status, 200, page.text);
    const { dead_letters } = page.body as { dead_letters: Fields[] };
    return dead_letters.find((entry) => entry.message_id === message_id);
  });
  assert.match(letter.failed_at!, RFC3339_MS);
  assert.equal((letter.message as unknown as Fields).content, 'x');
  const retry = await request(`${letters}/${message_id}/retry`, 'POST');
  assert.equal(retry.status, 200);
  const { delivered_at, ...retried } = retry.body as Fields;
  assert.match(delivered_at!, RFC3339_MS);
  assert.deepEqual(retried, { message_id, status: 'delivered' });
});
