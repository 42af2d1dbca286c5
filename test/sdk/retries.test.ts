import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { CaxtonClient, CaxtonError, type ClientOptions } from '@caxton/sdk';
import { sampleAgent } from '../support/guests.js';
import { startRelay } from '../support/relay.js';
import { startTestServer } from '../support/server.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let server: Server;
let answers: Answer[];
let requests: IncomingMessage[];

beforeEach(async () => {
  answers = [];
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    request.resume().on('end', () => {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      answer?.(response, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function clientOf(options: Partial<ClientOptions> = {}): CaxtonClient {
  const { port } = server.address() as AddressInfo;
  const retry = { minDelayMs: 1, maxDelayMs: 2_000 };
  return new CaxtonClient({ endpoint: `http://127.0.0.1:${port}`, retry, ...options });
}

const done: Answer = (response) => {
  response.setHeader('content-type', 'application/json').end('{"status":"ready"}');
};
const hangUp: Answer = (response) => response.destroy();
const failing =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (response) => {
    const error = { code, message: 'no', details: {}, trace_id: 'a' };
    response.writeHead(status, headers).end(JSON.stringify({ error }));
  };
const keys = (): unknown[] => requests.map(({ headers }) => headers['idempotency-key']);
const send = { performative: 'inform', receiver: 'echo' } as const;

test('a server that is not able now is asked again', async () => {
  answers = [failing(503, 'UNAVAILABLE', { 'retry-after': '0' }), done];
  await clientOf().systemStatus();
  assert.equal(requests.length, 2);
});

test('a rate that is used up is waited for as long as the server says', async () => {
  answers = [failing(429, 'RATE_LIMITED', { 'retry-after': '1' }), done];
  const startedMs = performance.now();
  await clientOf().createTask({ name: 'work' });
  assert.equal(requests.length, 2);
  assert.ok(performance.now() - startedMs >= 990);
});

test('a wait that is longer than allowed is left to the caller', async () => {
  answers = [failing(429, 'RATE_LIMITED', { 'retry-after': '3' })];
  const error = await clientOf()
    .systemStatus()
    .catch((caught: unknown) => caught);
  assert.ok(CaxtonError.is(error, 'RATE_LIMITED'));
  assert.equal(error.retryAfterMs, 3_000);
  assert.equal(requests.length, 1);
});

test('a refusal that says nothing of later is not repeated, and neither is a fault', async () => {
  for (const answer of [failing(503, 'UNAVAILABLE'), failing(500, 'INTERNAL_ERROR')]) {
    requests = [];
    answers = [answer];
    await assert.rejects(clientOf().systemStatus(), CaxtonError);
    assert.equal(requests.length, 1);
  }
});

test('a send whose answer is lost is repeated under the same key', async () => {
  answers = [hangUp, hangUp, done];
  await clientOf().sendMessage(send);
  assert.equal(requests.length, 3);
  assert.equal(typeof keys()[0], 'string');
  assert.equal(new Set(keys()).size, 1);
});

test('two sends have two keys, and a key that was given is kept', async () => {
  answers = [done];
  const client = clientOf();
  await client.sendMessage(send);
  await client.sendMessage(send);
  await client.sendMessage(send, { idempotencyKey: 'mine' });
  await client.sendMessage({ ...send, options: { idempotency_key: 'also mine' } });
  assert.notEqual(keys()[0], keys()[1]);
  assert.deepEqual(keys().slice(2), ['mine', 'also mine']);
});

test('a change without a key is not repeated when nobody knows whether it was done', async () => {
  answers = [hangUp];
  await assert.rejects(
    clientOf().stopAgent('worker'),
    (error) => CaxtonError.is(error, 'UNREACHABLE') && error.status === 0,
  );
  assert.equal(requests.length, 1);
});

test('a change is repeated when nothing of it has left', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  let refusals = 0;
  answers = [done];
  const client = clientOf({
    fetch: (input, init) => {
      if (refusals++ === 0) return fetch(`http://127.0.0.1:${port}`);
      return fetch(input, init);
    },
  });
  await client.createTask({ name: 'work' });
  assert.equal(requests.length, 1);
});

test('a gateway without its server is asked again where that is safe', async () => {
  const gateway: Answer = (response) => response.writeHead(502).end('<html>Bad Gateway</html>');
  answers = [gateway, done];
  await clientOf().systemStatus();
  answers = [gateway];
  await assert.rejects(clientOf().stopAgent('worker'), (error) =>
    CaxtonError.is(error, 'INVALID_ANSWER'),
  );
  assert.equal(requests.length, 3);
});

test('attempts end with the number allowed', async () => {
  answers = [hangUp];
  await assert.rejects(clientOf({ retry: { retries: 2, minDelayMs: 1 } }).systemStatus());
  assert.equal(requests.length, 3);
});

test('a call ends with the time that it is allowed, a wait with what it waits for beside', async () => {
  answers = [() => {}];
  const error = await clientOf({ timeoutMs: 50 })
    .systemStatus()
    .catch((caught: unknown) => caught);
  assert.ok(CaxtonError.is(error, 'TIMEOUT'));
  assert.equal(error.status, 0);
  answers = [(response) => setTimeout(() => done(response, requests[0]!), 100)];
  await clientOf({ timeoutMs: 50 }).sendMessage({ ...send, wait: true, timeout_ms: 1 });
});

test('an aborted call rejects with the reason, also between two attempts', async () => {
  const reason = new Error('not wanted any more');
  const early = AbortSignal.abort(reason);
  await assert.rejects(clientOf().systemStatus({ signal: early }), reason);
  assert.equal(requests.length, 0);

  const late = new AbortController();
  answers = [() => late.abort(reason)];
  await assert.rejects(clientOf().systemStatus({ signal: late.signal }), reason);

  const between = new AbortController();
  answers = [
    (response, request) => {
      failing(429, 'RATE_LIMITED', { 'retry-after': '2' })(response, request);
      setTimeout(() => between.abort(reason), 20);
    },
  ];
  await assert.rejects(clientOf().systemStatus({ signal: between.signal }), reason);
  assert.equal(requests.length, 2);
});

test('a deploy and a send whose answers are lost are done once by a real server', async () => {
  const caxton = await startTestServer();
  const relay = await startRelay(caxton.url);
  const retry = { retries: 20, minDelayMs: 1, maxDelayMs: 10 };
  const client = new CaxtonClient({ endpoint: relay.url, retry });
  const losingAnswers = (): void =>
    relay.deafen(() => {
      relay.mend();
      relay.cut();
    });
  try {
    losingAnswers();
    const agent = await client.deployAgent({
      wasmModule: sampleAgent('counter'),
      config: { name: 'counter' },
    });
    losingAnswers();
    await client.sendMessage({ performative: 'request', receiver: agent.id, content: {} });
    const { total } = await client.listMessages({ receiver: agent.id });
    assert.equal(total, 1);
    assert.equal((await client.listAgents()).total, 1);
  } finally {
    await relay.close();
    await caxton.close();
  }
});

const stopping: Answer = (response) => {
  const details = { retry_after_seconds: 0.01 };
  const error = { code: 'UNAVAILABLE', message: 'The server is stopping.', details };
  response.writeHead(503).end(JSON.stringify({ error }));
};

test('a change is repeated when the server says that it did nothing, as one that stops does', async () => {
  answers = [stopping, stopping, done];
  await clientOf().distributeTask('task_1');
  assert.equal(requests.length, 3);
});

test('a change or send that the server may have done in part is not repeated', async () => {
  answers = [failing(503, 'UNAVAILABLE', { 'retry-after': '1' })];
  const isUnavailable = (error: unknown) => CaxtonError.is(error, 'UNAVAILABLE');
  await assert.rejects(clientOf().distributeTask('task_1'), isUnavailable);
  await assert.rejects(clientOf().sendMessage(send), isUnavailable);
  assert.equal(requests.length, 2);
});

test('a server that stops refuses a change with the time to come again', async () => {
  const running = await startTestServer();
  const client = new CaxtonClient({ endpoint: running.url, retry: false });
  try {
    Object.defineProperty(running.server.runtime, 'state', { value: 'stopping' });
    const error = await client.createTask({ name: 'work' }).catch((caught: unknown) => caught);
    assert.ok(CaxtonError.is(error, 'UNAVAILABLE'));
    assert.equal(error.details.retry_after_seconds, 1);
  } finally {
    client.close();
    await running.close();
  }
});

test('a server that was there is waited for longer than one that never was', async () => {
  let attempts = 0;
  let isThere = false;
  answers = [done];
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const options: Partial<ClientOptions> = {
    fetch: (input, init) => {
      attempts += 1;
      if (isThere) return fetch(input, init);
      return Promise.reject(new TypeError('fetch failed', { cause: refused }));
    },
  };
  const client = clientOf({ ...options, retry: { minDelayMs: 1 } });
  await assert.rejects(client.systemStatus());
  assert.equal(attempts, 5);
  isThere = true;
  await client.systemStatus();
  isThere = false;
  attempts = 0;
  await assert.rejects(client.createTask({ name: 'work' }));
  assert.equal(attempts, 8);
  attempts = 0;
  await assert.rejects(
    clientOf({ ...options, retry: { retries: 6, minDelayMs: 1 } }).systemStatus(),
  );
  assert.equal(attempts, 7);
});
