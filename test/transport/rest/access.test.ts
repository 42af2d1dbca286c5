import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createToken } from '../../../src/config/tokens.js';
import { sampleAgent } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const message = (receiver: string) => ({ performative: 'inform', receiver });

describe('a server with tokens', () => {
  const admin = createToken();
  const restricted = createToken();
  const reader = createToken();
  let server: TestServer;
  let base: string;
  before(async () => {
    server = await startTestServer({
      tokens: [
        { name: 'ann', sha256: admin.sha256, role: 'admin' },
        { name: 'bob', sha256: restricted.sha256, role: 'operator', agents: ['allowed'] },
        { name: 'vic', sha256: reader.sha256, role: 'viewer' },
      ],
    });
    base = `${server.url}/api/v1`;
    for (const name of ['allowed', 'other']) {
      const form = deployForm(sampleAgent('echo'), { name });
      const headers = { 'x-caxton-token': admin.token };
      assert.equal((await request(`${base}/agents`, 'POST', form, headers)).status, 201);
    }
  });
  after(() => server?.close());

  test('takes the token from either header', async () => {
    for (const [name, value] of [
      ['X-Caxton-Token', admin.token],
      ['Authorization', `Bearer ${admin.token}`],
      ['Authorization', `bearer  ${admin.token}`],
    ] as const) {
      const answer = await request(`${base}/agents`, 'GET', undefined, { [name]: value });
      assert.equal(answer.status, 200);
    }
  });

  test('refuses without a known token, and says how to send one', async () => {
    for (const [name, value] of [
      ['X-Unrelated', 'x'],
      ['X-Caxton-Token', 'wrong'],
      ['Authorization', `Basic ${admin.token}`],
      ['Authorization', admin.token],
    ] as const) {
      for (const method of ['GET', 'POST']) {
        const answer = await request(`${base}/messages`, method, undefined, { [name]: value });
        assert.equal(answer.status, 401);
        assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
        const { error } = answer.body as { error: { code: string } };
        assert.equal(error.code, 'UNAUTHORIZED');
      }
    }
  });

  test('refuses before the body is read, however large, and serves the next request', async () => {
    for (const bytes of [10, 100_000, 9_000_000, 40_000_000]) {
      const body = new Uint8Array(bytes).fill(0x20);
      const headers = { 'content-type': 'application/json', 'x-caxton-token': reader.token };
      assert.equal((await request(`${base}/agents`, 'POST', body, headers)).status, 403);
      assert.equal((await request(`${base}/agents`, 'GET', undefined, headers)).status, 200);
    }
  });

  test('takes no token from the query of a request', async () => {
    const answer = await request(`${base}/agents?token=${admin.token}`, 'GET');
    assert.equal(answer.status, 401);
  });

  test('keeps a token to the agents that it is restricted to', async () => {
    const headers = { 'x-caxton-token': restricted.token };
    const send = (receiver: string) =>
      request(`${base}/messages`, 'POST', message(receiver), headers);
    assert.equal((await send('allowed')).status, 200);
    assert.equal((await send('other')).status, 403);
    assert.equal((await request(`${base}/agents/other/stop`, 'POST', {}, headers)).status, 403);
    assert.equal((await request(`${base}/agents/other`, 'DELETE', undefined, headers)).status, 403);
  });

  test('shows a restricted token nothing of other agents', async () => {
    const as = (token: string, path: string) =>
      request(`${base}/${path}`, 'GET', undefined, { 'x-caxton-token': token });
    const ids: Record<string, string> = {};
    for (const receiver of ['allowed', 'other']) {
      const headers = { 'x-caxton-token': admin.token };
      const sent = await request(`${base}/messages`, 'POST', message(receiver), headers);
      ids[receiver] = (sent.body as { message_id: string }).message_id;
    }
    for (const [path, status] of [
      ['agents/allowed', 200],
      ['agents/other', 403],
      ['agents/allowed/logs', 200],
      ['agents/other/logs', 403],
      ['metrics/agents/allowed', 200],
      ['metrics/agents/other', 403],
      ['metrics/system', 200],
      [`messages/${ids.allowed}`, 200],
      [`messages/${ids.other}`, 403],
      ['messages?agent=allowed', 200],
      ['messages?sender=ann&receiver=allowed', 200],
      ['messages?agent=other', 403],
      ['messages?sender=ann', 403],
      ['messages', 403],
      ['dead-letters?agent=allowed', 200],
      ['dead-letters?agent=other', 403],
      ['dead-letters', 403],
    ] as const) {
      assert.equal((await as(restricted.token, path)).status, status, path);
      assert.equal((await as(admin.token, path)).status, 200, path);
    }
  });

  test('lists to a restricted token its own agents, and counts no others', async () => {
    const headers = { 'x-caxton-token': restricted.token };
    const { body } = await request(`${base}/agents`, 'GET', undefined, headers);
    const list = body as { agents: Array<{ name: string }>; total: number };
    assert.deepEqual(
      list.agents.map(({ name }) => name),
      ['allowed'],
    );
    assert.equal(list.total, 1);
  });

  test('tells a restricted token how to ask', async () => {
    const headers = { 'x-caxton-token': restricted.token };
    const { body } = await request(`${base}/messages`, 'GET', undefined, headers);
    const { error } = body as { error: { message: string; details: object } };
    assert.match(error.message, /restricted to allowed: name one of them as agent, sender/);
    assert.deepEqual(error.details, { field: 'agent', allowed: ['allowed'] });
  });
});

describe('a server without tokens', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server?.close());

  test('refuses pages of other sites, which could reach it in a browser', async () => {
    for (const origin of ['https://evil.example', 'http://127.0.0.1.evil.example', 'null']) {
      const form = deployForm(sampleAgent('echo'), { name: 'intruder' });
      const answer = await request(`${server.url}/api/v1/agents`, 'POST', form, { origin });
      assert.equal(answer.status, 403, origin);
      const { error } = answer.body as { error: { code: string } };
      assert.equal(error.code, 'FORBIDDEN');
    }
  });

  test('serves pages of this machine', async () => {
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1:8080', 'http://[::1]:5173']) {
      const answer = await request(`${server.url}/api/v1/agents`, 'GET', undefined, { origin });
      assert.equal(answer.status, 200, origin);
    }
  });
});
