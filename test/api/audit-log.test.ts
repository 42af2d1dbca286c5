import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { CaxtonError } from '../../src/base/errors.js';
import { createToken } from '../../src/config/tokens.js';
import { sampleAgent } from '../support/guests.js';
import { deployForm, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { GrpcTestClient } from '../transport/grpc/client.js';

interface Line {
  readonly who: string | null;
  readonly operation: string;
  readonly outcome: string;
  readonly trace_id: string;
  readonly [field: string]: unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'caxton-audit-'));
after(() => rmSync(folder, { recursive: true }));

const operator = createToken();
const viewer = createToken();
const tokens = [
  { name: 'ann', role: 'operator' as const, sha256: operator.sha256 },
  { name: 'vic', role: 'viewer' as const, sha256: viewer.sha256 },
];
const asOperator = { 'x-caxton-token': operator.token };
const asViewer = { 'x-caxton-token': viewer.token };

let files = 0;
let file: string;
let server: TestServer;
let lines: readonly Line[];

const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

before(async () => {
  file = join(folder, 'made', `audit-${files++}.log`);
  server = await startTestServer({ tokens, audit: { file } });
  const base = `${server.url}/api/v1`;
  const traced = (n: number) => `00-0000000000000000000000000000000${n}-0000000000000001-01`;
  const ask = (n: number, method: string, path: string, body?: unknown, headers = asOperator) =>
    request(`${base}${path}`, method, body, { ...headers, traceparent: traced(n) });
  const config = { name: 'echo', environment: { PASSWORD: 'hush' } };
  await ask(1, 'POST', '/agents', deployForm(sampleAgent('echo'), config));
  await ask(2, 'POST', '/agents', deployForm(sampleAgent('echo'), config));
  await ask(3, 'POST', '/agents', deployForm(sampleAgent('echo'), { name: 'bad', nonsense: 1 }));
  await ask(4, 'POST', '/agents', '{"config":{"name":"x"');
  await ask(5, 'POST', '/agents/echo/stop', {}, asViewer);
  await ask(6, 'POST', '/agents/no%20one/stop', {});
  await request(`${base}/agents/echo/stop`, 'POST', {}, { traceparent: traced(7) });
  await ask(8, 'POST', '/messages', {
    performative: 'inform',
    receiver: 'echo',
    content: 'hush',
  });
  await ask(9, 'GET', '/agents');
  const client = new GrpcTestClient(server.grpcAddress, asOperator);
  await client.call('AgentService/RemoveAgent', { agent_id: 'echo' });
  await client.failure('AgentService/StartAgent', { agent_id: 'gone' });
  await client.failure('AgentService/StartAgent', {}, { metadata: { 'x-caxton-token': 'wrong' } });
  client.close();
  await server.close();
  lines = linesOf(file);
});

test('each administrative call leaves a line, done, refused or failed, and no other call does', () => {
  assert.deepEqual(
    lines.map(({ who, operation, outcome }) => [who, operation, outcome]),
    [
      ['ann', 'agents.deploy', 'OK'],
      ['ann', 'agents.deploy', 'AGENT_ALREADY_EXISTS'],
      ['ann', 'agents.deploy', 'INVALID_REQUEST'],
      ['ann', 'agents.deploy', 'INVALID_REQUEST'],
      ['vic', 'agents.stop', 'FORBIDDEN'],
      ['ann', 'agents.stop', 'AGENT_NOT_FOUND'],
      [null, 'agents.stop', 'UNAUTHORIZED'],
      ['ann', 'agents.remove', 'OK'],
      ['ann', 'agents.start', 'AGENT_NOT_FOUND'],
      [null, 'agents.start', 'UNAUTHORIZED'],
    ],
  );
});

test('a line says whom the call was about, from where it came, and its trace', () => {
  assert.deepEqual(
    lines.map((line) => line.agent_id ?? line.agent_name),
    ['echo', 'echo', 'bad', undefined, 'echo', 'no one', 'echo', 'echo', 'gone', undefined],
  );
  assert.deepEqual(
    lines.slice(0, 7).map((line) => line.trace_id.at(-1)),
    ['1', '2', '3', '4', '5', '6', '7'],
  );
  for (const line of lines) {
    assert.equal(line.client, '127.0.0.1');
    assert.match(line.trace_id, /^[0-9a-f]{32}$/);
    assert.ok(!Number.isNaN(Date.parse(String(line.time))));
  }
});

test('tokens, contents and environments are not in it', () => {
  const text = readFileSync(file, 'utf8');
  for (const secret of [operator.token, viewer.token, operator.sha256, 'hush', 'wrong']) {
    assert.ok(!text.includes(secret), secret);
  }
});

test('the file is for its owner alone, and is gone on with after a restart', async () => {
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  const again = await startTestServer({ tokens, audit: { file } });
  await request(`${again.url}/api/v1/agents/x`, 'DELETE', undefined, asOperator);
  await again.close();
  assert.equal(linesOf(file).length, lines.length + 1);
});

test('calls refused for their rate are told once and then counted', async () => {
  const counted = join(folder, `audit-${files++}.log`);
  const slow = await startTestServer({
    tokens,
    audit: { file: counted },
    rate_limits: { enabled: true, system: { rate_per_minute: 1, burst: 1 } },
  });
  for (let i = 0; i < 10; i++) {
    await request(`${slow.url}/api/v1/agents/x`, 'DELETE', undefined, asOperator);
  }
  await slow.close();
  const [first, ...refused] = linesOf(counted);
  assert.equal(first?.outcome, 'AGENT_NOT_FOUND');
  assert.ok(refused.every((line) => line.outcome === 'RATE_LIMITED'));
  const total = refused.reduce((sum, { count }) => sum + Number(count ?? 1), 0);
  assert.equal(total, 9);
});

test('without a file of its own the audit is in the log, where its level shows it', async () => {
  for (const [level, expected] of [
    ['info', [['anonymous', 'agents.remove', 'AGENT_NOT_FOUND', 'x', true]]],
    ['warn', []],
  ] as const) {
    const logged: string[] = [];
    const stream = { write: (line: string) => logged.push(line) };
    const open = await startTestServer({}, pino({ level, base: undefined }, stream));
    await request(`${open.url}/api/v1/agents/x`, 'DELETE');
    await open.close();
    const told = logged.map((line) => JSON.parse(line)).filter((line) => line.audit === true);
    assert.deepEqual(
      told.map((line) => [line.who, line.operation, line.outcome, line.agent_id, line.audit]),
      expected,
    );
  }
});

test('a file that can not be opened is named, and nothing is started', async () => {
  await assert.rejects(startTestServer({ audit: { file: folder } }), (error: unknown) => {
    assert.ok(error instanceof CaxtonError);
    assert.equal(error.code, 'INVALID_REQUEST');
    assert.equal(error.details.field, 'audit.file');
    assert.ok(error.message.includes(folder));
    return true;
  });
});
