import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createToken } from '../../../src/config/tokens.js';
import { ApiFailure } from '../../api/driver.js';
import { sampleAgent } from '../../support/guests.js';
import { call, deployForm } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { connect, type WsClient } from '../../support/ws-client.js';

describe('a server with tokens', () => {
  const tokens = { viewer: createToken(), sender: createToken(), operator: createToken() };
  const restricted = createToken();
  let server: TestServer;
  before(async () => {
    server = await startTestServer({
      tokens: [
        ...Object.entries(tokens).map(([role, { sha256 }]) => ({
          name: `the-${role}`,
          sha256,
          role: role as keyof typeof tokens,
        })),
        { name: 'one', sha256: restricted.sha256, role: 'sender', agents: ['echo'] },
      ],
    });
    await deploy('echo');
    await deploy('secret');
  });
  after(() => server?.close());

  async function deploy(name: string): Promise<void> {
    const form = deployForm(sampleAgent('echo'), { name });
    const headers = { 'x-caxton-token': tokens.operator.token };
    await call(`${server.url}/api/v1/agents`, 'POST', form, headers);
  }

  const message = { performative: 'request', receiver: 'echo', content: 1 };

  async function connected(
    act: (client: WsClient) => Promise<void>,
    url: string,
    headers?: Record<string, string>,
  ): Promise<void> {
    const client = await connect(url, headers);
    try {
      await act(client);
    } finally {
      await client.close();
    }
  }

  test('takes the token from a header or, for browsers, from the query', async () => {
    const { token } = tokens.sender;
    const alive = async (client: WsClient): Promise<void> => {
      assert.equal((await client.ask({ type: 'ping', id: 1 })).type, 'pong');
    };
    await connected(alive, server.wsUrl, { 'X-Caxton-Token': token });
    await connected(alive, server.wsUrl, { Authorization: `Bearer ${token}` });
    await connected(alive, `${server.wsUrl}?token=${encodeURIComponent(token)}`);
  });

  test('refuses the upgrade without a known token', async () => {
    for (const url of [server.wsUrl, `${server.wsUrl}?token=wrong`]) {
      await assert.rejects(
        connect(url),
        (error: unknown) => error instanceof ApiFailure && error.code === 'UNAUTHORIZED',
      );
    }
  });

  test('a viewer neither subscribes nor sends', () =>
    connected(
      async (client) => {
        const unread = await client.ask({ type: 'subscribe', id: 1, events: ['*'] });
        assert.equal((unread.error as { code: string }).code, 'FORBIDDEN');
        const refused = await client.ask({ type: 'send', id: 2, message });
        assert.equal((refused.error as { code: string }).code, 'FORBIDDEN');
      },
      server.wsUrl,
      { 'x-caxton-token': tokens.viewer.token },
    ));

  test('a restricted token gets messages and events of its own agents alone', () =>
    connected(
      async (client) => {
        const subscribed = await client.ask({
          type: 'subscribe',
          id: 1,
          events: ['*'],
          filter: {},
          client_id: 'spy',
        });
        assert.equal(subscribed.type, 'subscribed');
        await deploy('another');
        const headers = { 'x-caxton-token': tokens.operator.token };
        for (const receiver of ['another', 'secret', 'echo']) {
          const body = { performative: 'request', sender: 'spy', receiver, content: receiver };
          await call(`${server.url}/api/v1/messages?wait=true`, 'POST', body, headers);
        }
        const answer = await client.take(
          'the answer of echo',
          ({ type, message }) =>
            type === 'message' && (message as { performative: string }).performative === 'inform',
        );
        assert.equal((answer.message as { content: unknown }).content, 'echo');
        const told = JSON.stringify(client.received);
        assert.match(told, /message\.sent/);
        assert.doesNotMatch(told, /secret|another|agent\.deployed/);
      },
      server.wsUrl,
      { 'x-caxton-token': restricted.token },
    ));

  test('a restricted token that resumes gets nothing of other agents either', () =>
    connected(
      async (client) => {
        const headers = { 'x-caxton-token': tokens.operator.token };
        const first = await client.ask({ type: 'subscribe', id: 1, events: ['*'], filter: {} });
        await deploy('unseen');
        for (const receiver of ['unseen', 'secret', 'echo']) {
          const body = { performative: 'request', sender: 'x', receiver, content: receiver };
          await call(`${server.url}/api/v1/messages?wait=true`, 'POST', body, headers);
        }
        await client.ask({ type: 'unsubscribe', id: 2, subscription_id: first.subscription_id });
        client.received.length = 0;
        for (const resumeFrom of [first.seq, 0]) {
          const resumed = await client.ask({
            type: 'subscribe',
            id: `from ${resumeFrom}`,
            events: ['*'],
            filter: {},
            resume_from: resumeFrom,
          });
          assert.equal(resumed.type, 'subscribed');
          const answer = await client.take(
            'the answer of echo',
            ({ type, message, subscription_id }) =>
              type === 'message' &&
              subscription_id === resumed.subscription_id &&
              (message as { performative: string }).performative === 'inform',
          );
          assert.equal((answer.message as { content: unknown }).content, 'echo');
        }
        assert.doesNotMatch(JSON.stringify(client.received), /secret|unseen/);
      },
      server.wsUrl,
      { 'x-caxton-token': restricted.token },
    ));

  test('a restricted token is told when it asks for other agents', () =>
    connected(
      async (client) => {
        for (const wanted of [
          { filter: { agents: ['echo', 'secret'] } },
          { events: ['agent.*'], filters: { agent_ids: ['secret'] } },
        ]) {
          const answer = await client.ask({ type: 'subscribe', id: 1, ...wanted });
          assert.equal((answer.error as { code: string }).code, 'FORBIDDEN');
        }
      },
      server.wsUrl,
      { 'x-caxton-token': restricted.token },
    ));

  test('a sender sends under the name of its token', () =>
    connected(
      async (client) => {
        const answer = await client.ask({ type: 'send', id: 1, wait: true, message });
        assert.equal((answer.reply as { receiver: string }).receiver, 'the-sender');
      },
      server.wsUrl,
      { 'x-caxton-token': tokens.sender.token },
    ));
});

describe('a server without tokens', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server?.close());

  test('refuses pages of other sites', async () => {
    await assert.rejects(
      connect(server.wsUrl, { origin: 'https://evil.example' }),
      (error: unknown) => error instanceof ApiFailure && error.code === 'FORBIDDEN',
    );
    const local = await connect(server.wsUrl, { origin: 'http://localhost:3000' });
    await local.close();
  });
});
