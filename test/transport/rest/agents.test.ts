import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

const RFC3339_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let server: TestServer;
let base: string;
before(async () => {
  server = await startTestServer();
  base = `${server.url}/api/v1/agents`;
});
after(() => server?.close());

const deploy = (config: object) =>
  request(base, 'POST', deployForm(sampleAgent('echo'), config)).then((answer) => {
    assert.equal(answer.status, 201, answer.text);
    return answer.body as { agent_id: string };
  });

test('a multipart deploy answers with the fields of the reference', async () => {
  const config =
    '{"name":"my-agent","strategy":"immediate","resources":{"memory":"50MB","cpu":"100000"}}';
  const answer = await request(base, 'POST', deployForm(sampleAgent('echo'), config));
  assert.equal(answer.status, 201);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  const { agent_id, deployment_id, deployed_at, ...rest } = answer.body as Record<string, string>;
  assert.match(agent_id!, /^agent_/);
  assert.match(deployment_id!, /^deploy_/);
  assert.match(deployed_at!, RFC3339_MS);
  assert.deepEqual(rest, {
    name: 'my-agent',
    status: 'running',
    version: '1.0.0',
    lifecycle_state: 'running',
    resource_limits: { memory: '50MB', cpu_fuel: 100_000 },
  });
});

test('a JSON deploy carries the module in base64', async () => {
  const wasm_module = Buffer.from(sampleAgent('echo')).toString('base64');
  const answer = await request(base, 'POST', { wasm_module, config: { name: 'by-json' } });
  assert.equal(answer.status, 201);
  assert.equal((answer.body as { name: string }).name, 'by-json');
});

test('base64 is checked strictly', async () => {
  const good = Buffer.from(sampleAgent('echo')).toString('base64');
  for (const wasm_module of [`${good}!`, good.slice(1), ` ${good.slice(1)}`, 'ab=c', 7, {}]) {
    const answer = await request(base, 'POST', { wasm_module, config: { name: 'bad64' } });
    assert.equal(answer.status, 400);
    const { error } = answer.body as { error: { code: string; details: { field: string } } };
    assert.equal(error.code, 'INVALID_REQUEST');
    assert.equal(error.details.field, 'wasm_module');
  }
});

test('names and values of an environment are checked, whatever they are made of', async () => {
  for (const environment of [
    { 'a\nb': 5 },
    { '\n': null },
    { '': 'x' },
    { ['x'.repeat(257)]: 'x' },
  ]) {
    const answer = await request(
      base,
      'POST',
      deployForm(sampleAgent('echo'), { name: 'surroundings', environment }),
    );
    assert.equal(answer.status, 400, answer.text);
    const { error } = answer.body as { error: { code: string; details: { field: string } } };
    assert.equal(error.code, 'INVALID_REQUEST');
    assert.match(error.details.field, /^config\.environment/);
  }
  await deploy({ name: 'surroundings', environment: { 'a\nb': 'x', ['y'.repeat(256)]: '' } });
});

test('a form is refused by the part that is missing, unknown, doubled or no JSON', async () => {
  const complete = () => deployForm(sampleAgent('echo'), { name: 'form' });
  const withoutFile = new FormData();
  withoutFile.append('config', '{"name":"form"}');
  const withoutConfig = new FormData();
  withoutConfig.append('wasm', new Blob([sampleAgent('echo')]), 'agent.wasm');
  const unknown = complete();
  unknown.append('wasmm', 'x');
  const doubled = complete();
  doubled.append('config', '{}');
  const broken = deployForm(sampleAgent('echo'), '{"name":}');
  const cases: Array<[string, FormData]> = [
    ['wasm', withoutFile],
    ['config', withoutConfig],
    ['wasmm', unknown],
    ['config', doubled],
    ['config', broken],
  ];
  for (const [field, form] of cases) {
    const answer = await request(base, 'POST', form);
    assert.equal(answer.status, 400);
    const { error } = answer.body as { error: { code: string; details: { field: string } } };
    assert.equal(error.code, 'INVALID_REQUEST');
    assert.equal(error.details.field, field);
  }
});

test('a form with a quoted boundary is read, one without its end is refused', async () => {
  const module = Buffer.from(sampleAgent('echo'));
  const head =
    '--XX\r\nContent-Disposition: form-data; name="config"\r\n\r\n{"name":"quoted"}\r\n' +
    '--XX\r\nContent-Disposition: form-data; name="wasm"; filename="a.wasm"\r\n\r\n';
  const body = Buffer.concat([Buffer.from(head), module, Buffer.from('\r\n--XX--\r\n')]);
  const type = { 'content-type': 'multipart/form-data; charset=utf-8; boundary="XX"' };
  assert.equal((await request(base, 'POST', body, type)).status, 201);
  for (const [bytes, contentType] of [
    [body.subarray(0, -200), 'multipart/form-data; boundary=XX'],
    [body, 'multipart/form-data; boundary=YY'],
    [body, 'multipart/form-data'],
  ] as const) {
    const answer = await request(base, 'POST', bytes, { 'content-type': contentType });
    assert.equal(answer.status, 400, contentType);
  }
});

test('an unknown field of the config is refused by its name', async () => {
  const answer = await request(
    base,
    'POST',
    deployForm(sampleAgent('echo'), { name: 'unknown-field', resources: { memry: '50MB' } }),
  );
  assert.equal(answer.status, 400);
  const { error } = answer.body as { error: { details: { field: string } } };
  assert.equal(error.details.field, 'config.resources.memry');
});

test('the list has the fields of the reference and says where it goes on', async () => {
  await deploy({ name: 'listed-1' });
  await deploy({ name: 'listed-2' });
  const answer = await request(`${base}?status=running&limit=1&offset=0`, 'GET');
  assert.equal(answer.status, 200);
  const page = answer.body as {
    agents: Array<Record<string, unknown>>;
    total: number;
    next_offset: number;
  };
  assert.equal(page.agents.length, 1);
  assert.ok(page.total >= 2);
  assert.equal(page.next_offset, 1);
  const agent = page.agents[0]!;
  assert.match(String(agent.agent_id), /^agent_/);
  assert.equal(agent.status, 'running');
  assert.match(String(agent.created_at), RFC3339_MS);
  const resources = agent.resources as { memory_used: string; cpu_usage: number };
  assert.match(resources.memory_used, /^\d+(\.\d+)?(B|KB|MB)$/);
  assert.equal(typeof resources.cpu_usage, 'number');
});

test('the details have the fields of the reference', async () => {
  const { agent_id } = await deploy({
    name: 'detailed',
    resources: { memory: '50MB', cpu: '100m' },
  });
  await request(`${server.url}/api/v1/messages?wait=true`, 'POST', {
    performative: 'request',
    receiver: 'detailed',
  });
  const answer = await request(`${base}/${agent_id}`, 'GET');
  assert.equal(answer.status, 200);
  const agent = answer.body as Record<string, Record<string, unknown>>;
  assert.equal(agent.agent_id, agent_id);
  assert.equal(agent.name, 'detailed');
  assert.equal(agent.status, 'running');
  assert.equal(agent.version, '1.0.0');
  assert.equal(agent.deployment!.strategy, 'direct');
  assert.match(String(agent.deployment!.deployed_at), RFC3339_MS);
  assert.equal(agent.deployment!.deployed_by, 'anonymous');
  assert.deepEqual(agent.resources!.limits, { memory: '50MB', cpu: '100m' });
  const usage = agent.resources!.usage as { memory: string; cpu: string };
  assert.match(usage.memory, /B$/);
  assert.match(usage.cpu, /^\d+m$/);
  assert.equal(agent.metrics!.messages_processed, 1);
  assert.equal(agent.metrics!.messages_failed, 0);
  assert.equal(typeof agent.metrics!.average_latency_ms, 'number');
  assert.equal(typeof agent.metrics!.uptime_seconds, 'number');
});

test('stop, start and remove answer with the fields of the reference', async () => {
  const { agent_id } = await deploy({ name: 'leaving' });
  const stop = await request(`${base}/${agent_id}/stop`, 'POST', {
    grace_period_seconds: 30,
    drain_messages: true,
  });
  assert.equal(stop.status, 200);
  const stopped = stop.body as Record<string, string>;
  assert.equal(stopped.agent_id, agent_id);
  assert.match(stopped.status!, /^(draining|stopped)$/);
  assert.match(stopped.estimated_completion!, RFC3339_MS);
  await eventually('the agent stops', async () => {
    const { body } = await request(`${base}/${agent_id}`, 'GET');
    return (body as { status: string }).status === 'stopped';
  });

  const start = await request(`${base}/${agent_id}/start`, 'POST');
  assert.equal(start.status, 200);
  const started = start.body as Record<string, string>;
  assert.equal(started.agent_id, agent_id);
  assert.equal(started.status, 'running');
  assert.match(started.started_at!, RFC3339_MS);

  const remove = await request(`${base}/${agent_id}`, 'DELETE');
  assert.equal(remove.status, 200);
  const { removed_at, ...removed } = remove.body as Record<string, string>;
  assert.deepEqual(removed, { agent_id, status: 'removed' });
  assert.match(removed_at!, RFC3339_MS);
  assert.equal((await request(`${base}/${agent_id}`, 'GET')).status, 404);
});

test('the lines that an agent logged are shown', async () => {
  const form = deployForm(await guest('log-agent'), { name: 'logging' });
  assert.equal((await request(base, 'POST', form)).status, 201);
  await request(`${server.url}/api/v1/messages?wait=true`, 'POST', {
    performative: 'request',
    receiver: 'logging',
    content: 'hello',
  });
  const answer = await request(`${base}/logging/logs?limit=10`, 'GET');
  assert.equal(answer.status, 200);
  const { lines } = answer.body as {
    lines: Array<{ timestamp: string; level: string; text: string }>;
  };
  assert.deepEqual(
    lines.map(({ level, text }) => ({ level, text })),
    [
      { level: 'info', text: 'log: "hello"' },
      { level: 'error', text: 'error: "hello"' },
    ],
  );
  assert.match(lines[0]!.timestamp, RFC3339_MS);
});
