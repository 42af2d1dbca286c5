import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagesPage, WaitAnswer } from '../api/driver.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat, sampleAgent } from '../support/guests.js';
import { RawHttp } from '../support/raw-http.js';
import { call, deployForm, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect, type WsClient } from '../support/ws-client.js';

const WAITERS = 200;
const LONG_MS = 600_000;

let server: TestServer;
before(async () => {
  server = await startTestServer();
  await deploy(sampleAgent('echo'), 'echo');
  await deploy(await compileWat('silent', new GuestBuilder().build()), 'silent');
});
after(() => server?.close());

async function deploy(module: Uint8Array<ArrayBuffer>, name: string): Promise<void> {
  const form = deployForm(module, { name, resources: { mailbox: 10_000 } });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
}

async function echoAnswers(): Promise<void> {
  const message = { performative: 'request', receiver: 'echo', content: { well: true } };
  const { reply } = await call<WaitAnswer>(
    `${server.url}/api/v1/messages?wait=true`,
    'POST',
    message,
  );
  assert.deepEqual(reply.content, { well: true });
}

/** Does what bad clients do, while another client goes on asking and is answered every time. */
async function whileOthersAreAnswered(bad: () => Promise<void>): Promise<void> {
  let goesOn = true;
  let answers = 0;
  const others = (async () => {
    while (goesOn) {
      await echoAnswers();
      answers += 1;
    }
  })();
  try {
    await Promise.race([bad(), others]);
  } finally {
    goesOn = false;
  }
  await others;
  assert.notEqual(answers, 0);
}

/** A request as a client writes it on its connection; a part of it when it gives up. */
function httpText(path: string, body: string, bodyBytes = body.length): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${bodyBytes}`,
    '',
    body,
  ].join('\r\n');
}

// Each waits under a key of its own that no two callers can have at once: whether it is free again
// is how a client sees whether the server has let the first one go.
const waitingMessage = (kind: string, index: number) => ({
  performative: 'request',
  receiver: 'silent',
  conversation_id: `conv-${kind}`,
  reply_with: `${kind}-${index}`,
});

/** What a second caller gets under each key: CONFLICT while the first still waits, else TIMEOUT. */
async function codesOfKeys(kind: string, count: number): Promise<Set<string>> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      request(
        `${server.url}/api/v1/messages?wait=true&timeout_ms=1`,
        'POST',
        waitingMessage(kind, index),
      ),
    ),
  );
  return new Set(answers.map(({ body }) => (body as { error: { code: string } }).error.code));
}

async function keysAreFree(kind: string, count: number): Promise<void> {
  await eventually(`${kind} no longer wait`, async () => {
    const codes = await codesOfKeys(kind, count);
    return codes.size === 1 && codes.has('TIMEOUT');
  });
}

/** A caller waits before its message is accepted, so those in the history have callers that wait. */
async function allWait(kind: string): Promise<void> {
  const path = `/api/v1/messages?conversation_id=conv-${kind}&limit=1`;
  await eventually('all are accepted', async () => {
    const page = await call<MessagesPage>(`${server.url}${path}`, 'GET');
    return page.total >= WAITERS;
  });
  assert.deepEqual(await codesOfKeys(kind, WAITERS), new Set(['CONFLICT']));
}

async function startWaiting(kind: string): Promise<RawHttp[]> {
  const path = `/api/v1/messages?wait=true&timeout_ms=${LONG_MS}`;
  const clients = await Promise.all(
    Array.from({ length: WAITERS }, () => RawHttp.connect(server.url)),
  );
  clients.forEach((client, index) => {
    client.write(httpText(path, JSON.stringify(waitingMessage(kind, index))));
  });
  await allWait(kind);
  return clients;
}

test('waiting requests whose clients vanish are let go, as often as they come', async () => {
  await whileOthersAreAnswered(async () => {
    for (const kind of ['first', 'second']) {
      const clients = await startWaiting(kind);
      for (const client of clients) client.close();
      await keysAreFree(kind, WAITERS);
    }
  });
});

test('a WebSocket that vanishes without a close takes its waits and subscriptions along', async () => {
  const kind = 'socket';
  await whileOthersAreAnswered(async () => {
    const client: WsClient = await connect(server.wsUrl);
    await client.ask({ type: 'subscribe', id: 'all', events: ['*'] });
    await client.ask({ type: 'subscribe', id: 'mine', client_id: 'vanishing' });
    for (let index = 0; index < WAITERS; index++) {
      const message = waitingMessage(kind, index);
      client.send({ type: 'send', id: index, wait: true, timeout_ms: LONG_MS, message });
    }
    await allWait(kind);
    client.socket.terminate();
    await keysAreFree(kind, WAITERS);
    const { events } = server.server.runtime;
    await eventually('its subscriptions end', () => events.subscriptions === 0);
  });
});

test('requests that end half-way leave nothing behind', async () => {
  const body = JSON.stringify({
    performative: 'request',
    sender: 'half',
    receiver: 'echo',
    content: 'x'.repeat(10_000),
  });
  const whole = httpText('/api/v1/messages', body);
  const cuts = [4, 40, whole.indexOf('{') - 2, whole.indexOf('{') + 100, whole.length - 1];
  await whileOthersAreAnswered(async () => {
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(cuts.map(() => RawHttp.connect(server.url)));
      clients.forEach((client, index) => {
        client.write(whole.slice(0, cuts[index]));
      });
      await sleep(5);
      for (const client of clients) client.close();
    }
  });
  const page = await call<MessagesPage>(`${server.url}/api/v1/messages?sender=half`, 'GET');
  assert.equal(page.total, 0);
  const client = await RawHttp.connect(server.url);
  client.write(whole);
  assert.equal((await client.takeAnswer()).status, 200);
  client.close();
});

test('clients that ask for much and read nothing hold up nobody, and can still catch up', async () => {
  const content = 'x'.repeat(100_000);
  for (let i = 0; i < 40; i++) {
    const message = { performative: 'inform', sender: 'big', receiver: 'echo', content };
    await call(`${server.url}/api/v1/messages`, 'POST', message);
  }
  const clients = await Promise.all(Array.from({ length: 12 }, () => RawHttp.connect(server.url)));
  await whileOthersAreAnswered(async () => {
    for (const client of clients) {
      client.socket.pause();
      // Four megabytes: the server is left with what the network doesn't take.
      client.write('GET /api/v1/messages?sender=big&limit=50 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    }
    for (let i = 0; i < 20; i++) await echoAnswers();
  });
  for (const client of clients) {
    client.socket.resume();
    const { status, body } = await client.takeAnswer();
    assert.equal(status, 200);
    assert.equal((JSON.parse(body) as MessagesPage).messages.length, 40);
    client.close();
  }
});
