import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { call, deployForm, request } from '../support/rest-client.js';
import { type CliProcess, runCli, ServeProcess } from './cli-process.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'caxton-supervise-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The process that holds the data: the server, not its supervisor. */
function serverPid(): number | undefined {
  const held = readdirSync(join(folder, 'data')).find((name) => name.endsWith('.held'));
  return held === undefined ? undefined : Number(held.split('.')[1]);
}

/** Where the server that was started for the nth time listens. */
function urlOf(supervisor: CliProcess, start: number): Promise<string> {
  return eventually(`start ${start}`, () => {
    const lines = [...supervisor.stdout.matchAll(/REST (\S+)/g)];
    return lines[start - 1]?.[1];
  });
}

async function killServer(supervisor: CliProcess, start: number): Promise<string> {
  const pid = serverPid() ?? assert.fail('nobody has the data');
  assert.notEqual(pid, supervisor.child.pid);
  process.kill(pid, 'SIGKILL');
  return urlOf(supervisor, start);
}

test('serve --supervise starts a server again that was killed, with its agents, and stops with it', async () => {
  const supervisor = ServeProcess.spawn(folder, ['--supervise']);
  try {
    const first = await urlOf(supervisor, 1);
    const form = deployForm(sampleAgent('echo'), { name: 'echo' });
    await call(`${first}/api/v1/agents`, 'POST', form);
    await killServer(supervisor, 2);
    assert.match(
      supervisor.stderr,
      /supervise: the server ended by SIGKILL; starting it again in 100 ms/,
    );
    const third = await killServer(supervisor, 3);
    assert.match(supervisor.stderr, /starting it again in 200 ms/);
    const message = { performative: 'request', receiver: 'echo', content: 'here' };
    const { reply } = await call<{ reply: { content: string } }>(
      `${third}/api/v1/messages?wait=true`,
      'POST',
      message,
    );
    assert.equal(reply.content, 'here');
    const { code, stderr } = await supervisor.signal('SIGTERM');
    assert.equal(code, 0, stderr);
    assert.match(stderr, /SIGTERM: stopping/);
    assert.equal(serverPid(), undefined, 'the data is free');
  } finally {
    supervisor.child.kill('SIGTERM');
    await supervisor.exited;
  }
});

test('a server whose supervisor was killed stops by itself and gives its data free', async () => {
  const supervisor = ServeProcess.spawn(folder, ['--supervise']);
  await urlOf(supervisor, 1);
  assert.notEqual(serverPid(), undefined);
  // Its pipes are the server's as well: they close when both are gone.
  const { stderr } = await supervisor.signal('SIGKILL');
  assert.match(stderr, /the supervisor is gone: stopping/);
  assert.equal(serverPid(), undefined, 'the data is free');
});

test('a server goes on when a program that does not supervise it closes its channel', async () => {
  const server = ServeProcess.spawn(folder, [], { channel: true });
  const url = await urlOf(server, 1);
  server.child.disconnect();
  const message = { performative: 'request', receiver: 'nobody', content: 1 };
  const answer = await request(`${url}/api/v1/messages`, 'POST', message);
  assert.equal(answer.status, 404);
  // With a channel that was closed from here Node.js tells of the exit, but not of the close.
  server.child.kill('SIGTERM');
  const [code] = await once(server.child, 'exit');
  assert.equal(code, 0);
  assert.doesNotMatch(server.stderr, /supervisor/);
});

test('serve --supervise does not repeat a start with a wrong configuration', async () => {
  const result = await runCli(['serve', '--supervise', '--http', 'nowhere']);
  assert.equal(result.code, 2);
  assert.match(result.stderr, /http is not HOST:PORT: "nowhere"/);
  assert.doesNotMatch(result.stderr, /supervise:/);
});

test('serve --supervise gives up when five starts in a minute fail', async () => {
  const holder = await ServeProcess.start([], folder);
  try {
    const supervisor = ServeProcess.spawn(folder, ['--supervise']);
    const { code, stderr } = await supervisor.exited;
    assert.equal(code, 1);
    assert.equal(stderr.match(/error CONFLICT: The data directory/g)?.length, 5);
    assert.match(stderr, /it did not start 5 times within a minute, giving up/);
  } finally {
    await holder.close();
  }
});

test('a signal between two starts ends serve --supervise with code 0', async () => {
  const holder = await ServeProcess.start([], folder);
  try {
    const supervisor = ServeProcess.spawn(folder, ['--supervise']);
    await supervisor.says('starting it again in 800 ms');
    assert.equal((await supervisor.signal('SIGINT')).code, 0);
  } finally {
    await holder.close();
  }
});
