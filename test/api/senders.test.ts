import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createToken } from '../../src/config/tokens.js';
import { request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { callFailure, GrpcTestClient } from '../transport/grpc/client.js';

/* A token's name is its own as a sender, over every API and whatever the role. */

const tokens = { ann: createToken(), bob: createToken(), root: createToken() };
let server: TestServer;

before(async () => {
  server = await startTestServer({
    tokens: [
      { name: 'ann', role: 'sender', sha256: tokens.ann.sha256 },
      { name: 'bob', role: 'sender', sha256: tokens.bob.sha256 },
      { name: 'root', role: 'admin', sha256: tokens.root.sha256 },
    ],
  });
  // Who asks for its messages is a receiver.
  const headers = { 'x-caxton-token': tokens.root.token };
  const url = `${server.url}/api/v1/messages?receiver=inbox`;
  assert.equal((await request(url, 'GET', undefined, headers)).status, 200);
});
after(() => server?.close());

interface Refusal {
  readonly code: string;
  readonly details: { readonly field?: string };
}

/** Sends under a name. @returns why it was refused, if it was */
type Send = (token: string, sender: string | undefined) => Promise<Refusal | undefined>;

const messageFrom = (sender: string | undefined) => ({
  performative: 'inform',
  receiver: 'inbox',
  ...(sender === undefined ? {} : { sender }),
});

const APIS: Readonly<Record<string, Send>> = {
  rest: async (token, sender) => {
    const url = `${server.url}/api/v1/messages`;
    const headers = { 'x-caxton-token': token };
    const { body } = await request(url, 'POST', messageFrom(sender), headers);
    return (body as { error?: Refusal }).error;
  },
  webSocket: async (token, sender) => {
    const client = await connect(server.wsUrl, { 'x-caxton-token': token });
    try {
      const message = messageFrom(sender);
      return (await client.ask({ type: 'send', id: 's', message })).error as Refusal | undefined;
    } finally {
      await client.close();
    }
  },
  grpc: async (token, sender) => {
    const client = new GrpcTestClient(server.grpcAddress, { 'x-caxton-token': token });
    try {
      await client.call('MessageService/SendMessage', { message: messageFrom(sender) });
      return undefined;
    } catch (error) {
      return callFailure(error).error as Refusal | undefined;
    } finally {
      client.close();
    }
  },
};

for (const [api, send] of Object.entries(APIS)) {
  test(`${api}: no token sends in the name of another, not even an admin's`, async () => {
    assert.equal(await send(tokens.ann.token, 'ann'), undefined);
    for (const { token } of [tokens.bob, tokens.root]) {
      const refused = await send(token, 'ann');
      assert.equal(refused?.code, 'FORBIDDEN');
      assert.equal(refused?.details.field, 'sender');
    }
    for (const sender of [undefined, 'bob', 'somebody']) {
      assert.equal(await send(tokens.bob.token, sender), undefined);
    }
  });
}
