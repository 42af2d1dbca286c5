import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { allOperations } from '../../../src/api/operations.js';
import { createToken, hashToken } from '../../../src/config/tokens.js';
import { ServeProcess } from '../../cli/cli-process.js';
import { eventually } from '../../support/eventually.js';
import { guest } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { connect, type WsClient } from '../../support/ws-client.js';
import { callFailure, GrpcTestClient } from '../../transport/grpc/client.js';

/*
 * A server that logs all it can, with tokens used rightly and wrongly by every way in. Afterwards
 * everything that it said or wrote is searched for them. Marked, so that parts are found as well.
 */

const MARK = 'qZxJwMarkOfATokenQvWk';
const right = `cxt_${MARK}_right_${createToken().token}`;
const small = `cxt_${MARK}_small_${createToken().token}`;
const wrong = `cxt_${MARK}_wrong_${createToken().token}`;
const TOKENS = [right, small, wrong];

let serve: ServeProcess;
let events: WsClient;
/** Every answer that came. */
const told: string[] = [];

before(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-traces-'));
  const config = join(folder, 'caxton.yaml');
  const entries = [
    { name: 'right', role: 'admin', sha256: hashToken(right) },
    { name: 'small', role: 'viewer', sha256: hashToken(small) },
  ];
  writeFileSync(
    config,
    JSON.stringify({ tokens: entries, audit: { file: join(folder, 'audit') } }),
  );
  serve = await ServeProcess.start(['--config', config, '--log-level', 'trace'], folder);
  events = await connect(wsUrl(), { 'x-caxton-token': right });
  await events.ask({ type: 'subscribe', id: 1, events: ['*'], filter: {} });
});
after(async () => {
  await events?.close();
  await serve?.close();
});

const wsUrl = (): string => `${serve.url.replace('http', 'ws')}/ws`;

async function rest(path: string, method: string, headers: Record<string, string>, body?: unknown) {
  const answer = await request(`${serve.url}${path}`, method, body, headers);
  told.push(answer.text, JSON.stringify([...answer.headers]));
  return answer;
}

/** Ways to send a token that are right, and ways in which people send it by mistake. */
const headersWith = (token: string): Array<Record<string, string>> => [
  { 'x-caxton-token': token },
  { authorization: `Bearer ${token}` },
  { authorization: token },
  { authorization: `Basic ${Buffer.from(`user:${token}`).toString('base64')}` },
  { cookie: `token=${token}` },
];

async function overRest(token: string): Promise<void> {
  for (const headers of headersWith(token)) {
    for (const { rest: binding } of allOperations()) {
      const path = binding.path.replace(/\{\w+\}/g, 'no-such-thing');
      const body = binding.method === 'GET' || binding.method === 'DELETE' ? undefined : {};
      await rest(path, binding.method, headers, body);
    }
    for (const path of ['/metrics', '/docs', '/openapi.json', '/healthz', '/no-such-page']) {
      await rest(path, 'GET', headers);
    }
    await rest('/api/v1/messages', 'POST', { ...headers, 'content-type': 'text/plain' }, 'x');
    await rest('/api/v1/messages', 'PATCH', headers, 'x');
  }
  await rest(`/api/v1/agents?token=${token}`, 'GET', {});
  await rest(`/metrics?token=${token}`, 'GET', {});
  await inPlaceOfNames(token);
}

/** Whoever may do it says a token where an agent is to be named. */
async function inPlaceOfNames(token: string): Promise<void> {
  const headers = { 'x-caxton-token': right };
  for (const { rest: binding } of allOperations()) {
    const path = binding.path.replace(/\{\w+\}/g, token);
    if (path === binding.path) continue;
    const body = binding.method === 'GET' || binding.method === 'DELETE' ? undefined : {};
    await rest(path, binding.method, headers, body);
  }
  const message = { performative: 'inform', receiver: token, content: 1 };
  assert.equal((await rest('/api/v1/messages', 'POST', headers, message)).status, 404);
}

async function overWebSocket(token: string): Promise<void> {
  const inQuery = `${wsUrl()}?token=${token}`;
  const attempts: Array<readonly [string, Record<string, string>]> = [
    [inQuery, {}],
    [`${wsUrl()}/${'x'}?token=${token}`, {}],
    ...headersWith(token).map((headers) => [wsUrl(), headers] as const),
  ];
  for (const [url, headers] of attempts) {
    let client: WsClient;
    try {
      client = await connect(url, headers);
    } catch (error) {
      told.push(JSON.stringify(error, Object.getOwnPropertyNames(error)));
      continue;
    }
    for (const type of ['send', 'subscribe', 'nonsense']) {
      told.push(JSON.stringify(await client.ask({ type, id: type })));
    }
    client.send('not JSON');
    told.push(JSON.stringify(await client.takeType('error')));
    await client.close();
  }
}

async function overGrpc(token: string): Promise<void> {
  for (const metadata of headersWith(token)) {
    const client = new GrpcTestClient(serve.grpcAddress, metadata);
    for (const [method, input] of [
      ['AgentService/ListAgents', {}],
      ['AgentService/GetAgent', { agent_id: 'no-such-thing' }],
      ['MessageService/SendMessage', { message: { receiver: 'failing' } }],
      ['AgentService/StopAgent', { agent_id: 'failing' }],
    ] as const) {
      try {
        told.push(JSON.stringify(await client.call(method, input)));
      } catch (failure) {
        const { message, error, metadata } = callFailure(failure);
        told.push(message, JSON.stringify(error ?? null), JSON.stringify(metadata.toJSON()));
      }
    }
    told.push(JSON.stringify(await client.subscribe('EventService/Subscribe').end()));
    client.close();
  }
}

/** What is left of it all: events, dead letters, history, figures. */
async function useRightly(): Promise<void> {
  const headers = { 'x-caxton-token': right };
  const form = deployForm(await guest('returns-nonzero'), { name: 'failing' });
  assert.equal((await rest('/api/v1/agents', 'POST', headers, form)).status, 201);
  const message = { performative: 'request', receiver: 'failing', content: 1 };
  assert.equal((await rest('/api/v1/messages?wait=true', 'POST', headers, message)).status, 200);
  await eventually('a dead letter', async () => {
    const letters = await rest('/api/v1/dead-letters', 'GET', headers);
    return (letters.body as { total: number }).total > 0;
  });
}

function assertWithout(where: string, text: string): void {
  const found = [MARK, ...TOKENS, encodeURIComponent(right)].find((token) => text.includes(token));
  assert.equal(found, undefined, `a token is in ${where}`);
  assert.ok(!text.includes(Buffer.from(MARK).toString('base64').slice(2, -4)), where);
}

function filesOf(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, path, name }) => join(parentPath ?? path, name));
}

test('no token is in anything that the server says or writes', async () => {
  await useRightly();
  for (const token of TOKENS) {
    await overRest(token);
    await overWebSocket(token);
    await overGrpc(token);
  }
  const headers = { 'x-caxton-token': right };
  for (const path of ['/metrics', '/docs', '/openapi.json', '/api/v1/messages?limit=500']) {
    const answer = await rest(path, 'GET', headers);
    assert.equal(answer.status, 200, path);
  }
  for (const line of told) assertWithout('an answer', line);
  assert.notEqual(events.received.length, 0);
  assertWithout('an event', JSON.stringify(events.received));
  if (process.platform === 'linux') {
    const { pid } = serve.process.child;
    for (const file of ['cmdline', 'environ']) {
      assertWithout(file, readFileSync(`/proc/${pid}/${file}`, 'latin1'));
    }
  }
  const { stdout, stderr } = await serve.process.signal('SIGTERM');
  assert.match(stderr, /a request was refused/);
  assertWithout('the log', stdout + stderr);
  const files = filesOf(serve.folder);
  assert.ok(files.some((file) => file.endsWith('audit')) && files.length > 3, String(files));
  for (const file of files) assertWithout(file, readFileSync(file, 'latin1'));
});
