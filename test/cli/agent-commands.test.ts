import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type {
  AgentDetails,
  AgentLogsOutput,
  DeployAgentOutput,
  ListAgentsOutput,
} from '@caxton/sdk';
import { packageRoot } from '../../scripts/package-root.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat, guest } from '../support/guests.js';
import { ServeProcess } from './cli-process.js';

const ECHO = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
});
after(() => server.close());

async function statusOf(agent: string): Promise<string> {
  return (await server.json<AgentDetails>(['agent', 'get', agent])).status;
}

test('agent deploy sends every option, and --config below them', async () => {
  const config = {
    name: 'ignored',
    environment: { A: 'file', C: '3' },
    resources: { memory: '1MB', mailbox: 7 },
  };
  writeFileSync(server.file('config.json'), JSON.stringify(config));
  const deployed = await server.json<DeployAgentOutput>([
    ...['agent', 'deploy', ECHO, '--name', 'full', '--version', '2.1.0', '--memory', '20MB'],
    ...['--cpu', '500000', '--env', 'A=1', '--env', 'B=x=y', '--capability', 'echoing'],
    ...['--capability', 'testing', '--config', `@${server.file('config.json')}`],
  ]);
  assert.equal(deployed.name, 'full');
  assert.equal(deployed.version, '2.1.0');
  assert.equal(deployed.status, 'running');
  assert.deepEqual(deployed.resource_limits, { memory: '20MB', cpu_fuel: 500_000 });
  const details = await server.json<AgentDetails>(['agent', 'get', 'full']);
  assert.deepEqual([...details.capabilities].sort(), ['echoing', 'testing']);
});

test('the environment of a deploy reaches the agent, --env over --config', async () => {
  const builder = new GuestBuilder();
  const log = builder.use('console_log');
  const get = builder.use('get_config');
  const keys = ['A', 'B', 'C'].map((key) => builder.text(key));
  const lines = keys.map(
    (key) => `(call ${log} (i32.const 1024) (call ${get} ${key} (i32.const 1024) (i32.const 64)))`,
  );
  const wat = builder.export('agent_init', `${lines.join('')} (i32.const 0)`, '(result i32)');
  writeFileSync(server.file('env.wasm'), await compileWat('env', wat.build()));
  const config = JSON.stringify({ environment: { A: 'file', C: 'three' } });
  await server.json([
    ...['agent', 'deploy', server.file('env.wasm'), '--name', 'env', '--config', config],
    ...['--env', 'A=one', '--env', 'B=two=2'],
  ]);
  const { lines: logged } = await server.json<AgentLogsOutput>(['agent', 'logs', 'env']);
  assert.deepEqual(
    logged.map((line) => line.text),
    ['one', 'two=2', 'three'],
  );
  const shown = await server.run(['agent', 'logs', 'env', '--limit', '1']);
  assert.match(shown.stdout, /^\S+Z info {2}three\n$/);
});

test('agent deploy prints a table for people', async () => {
  const result = await server.run(['agent', 'deploy', ECHO, '--name', 'table']);
  assert.equal(result.code, 0);
  assert.match(result.stdout, /^agent_id +agent_\w+\nname +table\nstatus +running\n/);
  assert.equal(result.stderr, '');
});

test('agent deploy takes the name from --config and asks for one when there is none', async () => {
  const named = ['--config', '{"name":"from-config"}'];
  const deployed = await server.json<DeployAgentOutput>(['agent', 'deploy', ECHO, ...named]);
  assert.equal(deployed.name, 'from-config');
  const nameless = await server.run(['agent', 'deploy', ECHO]);
  assert.equal(nameless.code, 2);
  assert.match(nameless.stderr, /needs a name: give --name NAME/);
});

test('a deploy that the server refuses exits with 1 and tells why', async () => {
  await server.json(['agent', 'deploy', ECHO, '--name', 'twice']);
  const again = await server.run(['agent', 'deploy', ECHO, '--name', 'twice']);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^error AGENT_ALREADY_EXISTS: .*twice.* \(trace_id [0-9a-f]{32}\)\n$/);
  writeFileSync(server.file('start.wasm'), await guest('has-start'));
  const refused = await server.run(['agent', 'deploy', server.file('start.wasm'), '--name', 'x']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^error INVALID_WASM: .*_start/);
});

test('agent list prints exactly the API’s JSON, and pages in the table', async () => {
  const page = await server.json<ListAgentsOutput>([
    'agent',
    'list',
    '--limit',
    '1',
    '--offset',
    '1',
  ]);
  const url = `${server.url}/api/v1/agents?limit=1&offset=1`;
  const fetched = (await (await fetch(url)).json()) as ListAgentsOutput;
  assert.deepEqual(
    page.agents.map((agent) => agent.agent_id),
    fetched.agents.map((agent) => agent.agent_id),
  );
  assert.deepEqual(Object.keys(page), Object.keys(fetched));
  const table = await server.run(['agent', 'list', '--limit', '1', '--status', 'running']);
  const lines = table.stdout.trimEnd().split('\n');
  assert.match(lines[0]!, /^NAME +STATUS +VERSION +MEMORY +CPU +CREATED +AGENT_ID$/);
  assert.match(lines[1]!, /^\S+ +running +/);
  assert.match(lines[2]!, /^1 of \d+ agents; the next page: --offset 1$/);
});

test('agents are stopped, started and removed', async () => {
  await server.json(['agent', 'deploy', ECHO, '--name', 'life']);
  const stopped = await server.json<{ status: string }>(['agent', 'stop', 'life', '--grace', '2s']);
  assert.match(stopped.status, /^(draining|stopped)$/);
  await eventually('it has stopped', async () => (await statusOf('life')) === 'stopped');
  await server.json(['agent', 'start', 'life']);
  assert.equal(await statusOf('life'), 'running');
  await server.json(['agent', 'stop', 'life', '--no-drain', '--grace', '0']);
  await eventually('it has stopped', async () => (await statusOf('life')) === 'stopped');
  const removed = await server.run(['agent', 'remove', 'life']);
  assert.match(removed.stdout, /status +removed/);
  assert.equal((await server.run(['agent', 'get', 'life'])).code, 1);
});

test('agent get and agent metrics show figures', async () => {
  await server.json(['agent', 'deploy', ECHO, '--name', 'figures']);
  await server.json(['message', 'send', '--to', 'figures', '--content', '1', '--wait']);
  const details = await eventually('its message is counted', async () => {
    const { stdout } = await server.run(['agent', 'get', 'figures']);
    return /messages_processed +1\n/.test(stdout) && stdout;
  });
  assert.match(details, /last_message_fuel +[1-9]\d*\n/);
  assert.match(details, /deployed +\S+Z by anonymous \(direct\)/);
  const metrics = await server.run(['agent', 'metrics', 'figures', '--period', '5m']);
  assert.equal(metrics.code, 0);
  assert.match(metrics.stdout, /period +5m\nmessages_processed +1\n/);
});

test('a name that no agent has is answered with the one that was likely meant', async () => {
  await server.json(['agent', 'deploy', ECHO, '--name', 'weather-report']);
  for (const args of [
    ['agent', 'get', 'wether-report'],
    ['agent', 'stop', 'wether-report'],
    ['message', 'send', '--to', 'wether-report'],
  ]) {
    const result = await server.run(args);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /^error AGENT_NOT_FOUND: .*\nDid you mean weather-report\?\n$/);
  }
  const far = await server.run(['agent', 'get', 'something-else-entirely']);
  assert.doesNotMatch(far.stderr, /Did you mean/);
});

test('with --output json a failure is the API’s error body on stderr', async () => {
  const result = await server.run(['--output', 'json', 'agent', 'get', 'nobody']);
  assert.equal(result.code, 1);
  assert.equal(result.stdout, '');
  const { error } = JSON.parse(result.stderr) as { error: Record<string, unknown> };
  assert.equal(error.code, 'AGENT_NOT_FOUND');
  assert.match(String(error.trace_id), /^[0-9a-f]{32}$/);
});

test('what an agent logs can’t reach the terminal as control characters', async () => {
  const builder = new GuestBuilder();
  const log = builder.use('console_error');
  const text = builder.text('\u001b[2Jgone\u202e');
  const wat = builder.export('agent_init', `(call ${log} ${text}) (i32.const 0)`, '(result i32)');
  writeFileSync(server.file('rude.wasm'), await compileWat('rude', wat.build()));
  await server.json(['agent', 'deploy', server.file('rude.wasm'), '--name', 'rude']);
  const { stdout } = await server.run(['agent', 'logs', 'rude']);
  assert.match(stdout, /error \\x1b\[2Jgone\\u202e\n$/);
});
