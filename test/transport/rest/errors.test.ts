import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { guest, sampleAgent } from '../../support/guests.js';
import { deployForm, type RestAnswer, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
let base: string;
before(async () => {
  server = await startTestServer();
  base = `${server.url}/api/v1`;
  const form = deployForm(sampleAgent('echo'), { name: 'echo' });
  assert.equal((await request(`${base}/agents`, 'POST', form)).status, 201);
});
after(() => server?.close());

interface ErrorFields {
  readonly code: string;
  readonly message: string;
  readonly details: Record<string, unknown>;
  readonly trace_id: string;
}

/** The error of an answer, after checking that it has the one form that all have. */
function errorOf(answer: RestAnswer, status: number, code: string): ErrorFields {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  const body = answer.body as { error: ErrorFields };
  assert.deepEqual(Object.keys(body), ['error']);
  assert.deepEqual(Object.keys(body.error), ['code', 'message', 'details', 'trace_id']);
  assert.equal(body.error.code, code);
  assert.match(body.error.trace_id, /^[0-9a-f]{32}$/);
  return body.error;
}

const message = { performative: 'request', receiver: 'echo' };

test('an agent that is not there is refused as the reference prints it', async () => {
  const error = errorOf(await request(`${base}/agents/agent_999`, 'GET'), 404, 'AGENT_NOT_FOUND');
  assert.equal(error.message, "Agent with ID 'agent_999' not found");
  assert.deepEqual(Object.keys(error.details), ['agent_id', 'searched_at']);
  assert.equal(error.details.agent_id, 'agent_999');
});

test('each code comes with its status', async () => {
  const deploy = (module: Uint8Array<ArrayBuffer>, config: object) =>
    request(`${base}/agents`, 'POST', deployForm(module, config));
  const echo = sampleAgent('echo');
  errorOf(await deploy(echo, { name: 'echo' }), 409, 'AGENT_ALREADY_EXISTS');
  errorOf(await deploy(echo.slice(0, 50), { name: 'cut' }), 400, 'INVALID_WASM');
  const large = await guest('big-initial-memory');
  const exceeded = await deploy(large, { name: 'large' });
  errorOf(exceeded, 429, 'RESOURCE_LIMIT_EXCEEDED');
  assert.equal(exceeded.headers.get('retry-after'), null, 'later would be no better');
  errorOf(await deploy(await guest('init-traps'), { name: 'init' }), 500, 'DEPLOYMENT_FAILED');
  const inItsName = { ...message, sender: 'echo' };
  errorOf(await request(`${base}/messages`, 'POST', inItsName), 403, 'FORBIDDEN');
  errorOf(await request(`${base}/messages`, 'POST', {}), 400, 'INVALID_REQUEST');
  errorOf(await request(`${base}/messages/msg_none`, 'GET'), 404, 'NOT_FOUND');
});

test('two callers can not wait for the same answer', async () => {
  await request(`${base}/messages`, 'POST', { ...message, sender: 'silent' });
  const wait = () =>
    request(`${base}/messages?wait=true&timeout_ms=300`, 'POST', {
      performative: 'request',
      receiver: 'silent',
      conversation_id: 'conv_same',
      reply_with: 'same',
    });
  const answers = await Promise.all([wait(), wait()]);
  const [conflict, timeout] = answers.sort((a, b) => a.status - b.status);
  errorOf(conflict!, 409, 'CONFLICT');
  errorOf(timeout!, 504, 'TIMEOUT');
});

test('a stopped agent is unavailable until somebody starts it', async () => {
  const form = deployForm(sampleAgent('echo'), { name: 'stopped' });
  await request(`${base}/agents`, 'POST', form);
  const stop = { grace_period_seconds: 0, drain_messages: false };
  assert.equal((await request(`${base}/agents/stopped/stop`, 'POST', stop)).status, 200);
  const refused = { performative: 'request', receiver: 'stopped' };
  // Until it has stopped, its messages are kept for it.
  let answer = await request(`${base}/messages`, 'POST', refused);
  while (answer.status === 200) answer = await request(`${base}/messages`, 'POST', refused);
  const error = errorOf(answer, 503, 'UNAVAILABLE');
  assert.equal(error.details.retry_after_seconds, null);
  assert.equal(answer.headers.get('retry-after'), null, 'waiting alone would not help');
});

test('the trace id of an error is that of the request', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const answer = await request(`${base}/agents/none`, 'GET', undefined, { traceparent });
  const error = errorOf(answer, 404, 'AGENT_NOT_FOUND');
  assert.equal(error.trace_id, '0af7651916cd43dd8448eb211c80319c');
  const broken = await request(`${base}/agents/none`, 'GET', undefined, { traceparent: 'x' });
  assert.notEqual(errorOf(broken, 404, 'AGENT_NOT_FOUND').trace_id, error.trace_id);
});

test('an unknown path is not found, also beside and below the known ones', async () => {
  const paths = ['/', '/api/v1', '/api/v1/agents/', '/api/v1/agents/echo/stops', '/api/v2/agents'];
  for (const path of paths) {
    const error = errorOf(await request(`${server.url}${path}`, 'GET'), 404, 'NOT_FOUND');
    assert.equal(error.details.path, path);
  }
});

test('a known path with another method says which are allowed', async () => {
  const cases: Array<[string, string, string]> = [
    ['PUT', '/api/v1/agents', 'POST, GET, HEAD'],
    ['PATCH', '/api/v1/agents/echo', 'GET, HEAD, DELETE, PUT'],
    ['GET', '/api/v1/agents/echo/stop', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/api/v1/messages', 'POST, GET, HEAD'],
  ];
  for (const [method, path, allow] of cases) {
    const answer = await request(`${server.url}${path}`, method);
    errorOf(answer, 405, 'INVALID_REQUEST');
    assert.equal(answer.headers.get('allow'), allow);
  }
  const head = await request(`${base}/agents/echo/stop`, 'HEAD');
  assert.equal(head.status, 405);
  assert.equal(head.text, '');
});

test('HEAD is answered as GET is, without the body', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics', '/api/v1/agents', '/api/v1/agents/echo']) {
    const get = await request(`${server.url}${path}`, 'GET');
    const head = await request(`${server.url}${path}`, 'HEAD');
    assert.equal(head.status, 200, path);
    assert.equal(head.text, '');
    assert.equal(head.headers.get('content-type'), get.headers.get('content-type'));
    assert.ok(Number(head.headers.get('content-length')) > 0);
  }
  const probe = await request(`${server.url}/healthz`, 'HEAD');
  assert.equal(probe.headers.get('content-length'), String('{"status":"ok"}'.length));
  // Answered from outside of the request's handler, and with an error.
  assert.equal((await request(`${base}/messages?limit=1`, 'HEAD')).status, 200);
  const missing = await request(`${base}/agents/none`, 'HEAD');
  assert.equal(missing.status, 404);
  assert.ok(Number(missing.headers.get('content-length')) > 0);
});

test('a query parameter that is unknown, doubled or of another type is refused by name', async () => {
  for (const [query, field] of [
    ['limt=3', 'limt'],
    ['limit=3&limit=4', 'limit'],
    ['limit=three', 'limit'],
    ['limit=0', 'limit'],
    ['limit=1.5', 'limit'],
    ['offset=-1', 'offset'],
    ['status=sleeping', 'status'],
    ['constructor=1', 'constructor'],
  ]) {
    const answer = await request(`${base}/agents?${query}`, 'GET');
    assert.equal(errorOf(answer, 400, 'INVALID_REQUEST').details.field, field, query);
  }
  const misspelt = await request(`${base}/agents?limt=3`, 'GET');
  assert.match(errorOf(misspelt, 400, 'INVALID_REQUEST').message, /did you mean limit/);
  for (const [query, field] of [
    ['wait=maybe', 'wait'],
    ['wait=true&timeout_ms=0', 'timeout_ms'],
    ['wait=true&until=never', 'until'],
    ['timeout_ms=5', 'timeout_ms'],
    ['wait=false&until=final', 'until'],
  ]) {
    const answer = await request(`${base}/messages?${query}`, 'POST', message);
    assert.equal(errorOf(answer, 400, 'INVALID_REQUEST').details.field, field, query);
  }
});

test('parameters of the path are decoded, and refused when they can not be', async () => {
  assert.equal((await request(`${base}/agents/%65cho`, 'GET')).status, 200);
  const answer = await request(`${base}/agents/%E0%A4%A`, 'GET');
  assert.equal(errorOf(answer, 400, 'INVALID_REQUEST').details.field, 'agent_id');
});

test('malformed JSON is refused with its position', async () => {
  const json = { 'content-type': 'application/json' };
  const answer = await request(`${base}/messages`, 'POST', '{"performative":request}', json);
  const error = errorOf(answer, 400, 'INVALID_REQUEST');
  assert.equal(error.details.position, 16);
  assert.match(error.message, /position 16/);
  for (const body of ['[]', '"text"', 'null', '7']) {
    errorOf(await request(`${base}/messages`, 'POST', body, json), 400, 'INVALID_REQUEST');
  }
});

test('a body of a type that is not read is refused', async () => {
  for (const type of ['text/plain', 'application/msgpack', 'multipart/form-data']) {
    const body = JSON.stringify(message);
    const answer = await request(`${base}/messages`, 'POST', body, { 'content-type': type });
    assert.equal(errorOf(answer, 400, 'INVALID_REQUEST').details.field, 'content-type');
  }
});

test('JSON is read as what it is, with a charset, without a type, or as curl -d labels it', async () => {
  const body = JSON.stringify(message);
  for (const type of ['Application/JSON; charset=utf-8', 'application/x-www-form-urlencoded']) {
    const answer = await request(`${base}/messages`, 'POST', body, { 'content-type': type });
    assert.equal(answer.status, 200);
  }
  assert.equal((await request(`${base}/messages`, 'POST', Buffer.from(body))).status, 200);
});

test('a field of the URL is refused in the body', async () => {
  const answer = await request(`${base}/agents/echo/stop`, 'POST', { agent_id: 'other' });
  assert.equal(errorOf(answer, 400, 'INVALID_REQUEST').details.field, 'agent_id');
  const inBody = await request(`${base}/messages`, 'POST', { ...message, wait: true });
  assert.equal(errorOf(inBody, 400, 'INVALID_REQUEST').details.field, 'wait');
});
