import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packageRoot } from '../../scripts/package-root.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { hashToken } from '../../src/config/tokens.js';
import { startRelay } from '../support/relay.js';
import { CliProcess, runCli, ServeProcess } from './cli-process.js';

const ECHO = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');
const BEGUN = 'subscribed as sub_';

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
});
after(() => server?.close());

const deploy = (name: string) => server.json(['agent', 'deploy', ECHO, '--name', name]);
const remove = (name: string) => server.json(['agent', 'remove', name]);

interface EventJson {
  readonly type: string;
  readonly name: string;
  readonly seq: number;
}

const eventsOf = (stdout: string): EventJson[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as EventJson);

test('events stream prints the events asked for on a line each, and stops at SIGINT with 0', async () => {
  const stream = server.spawn(['events', 'stream', '--types', 'agent.deployed,agent.removed']);
  await stream.says(BEGUN);
  await deploy('lines');
  await remove('lines');
  await stream.says('agent.removed');
  const { code, stdout } = await stream.signal('SIGINT');
  assert.equal(code, EXIT.ok);
  assert.match(
    stdout,
    /^\S+Z agent\.deployed agent_id=agent_\w+ name=lines version=1\.0\.0 deployment_id=\w+ seq=\d+\n\S+Z agent\.removed agent_id=agent_\w+ name=lines seq=\d+\n$/,
  );
});

test('events stream --agents and --count narrow it down and end it', async () => {
  const stream = server.spawn([
    ...['events', 'stream', '--types', 'agent.*', '--agents', 'wanted', '--count', '1'],
    ...['--output', 'json'],
  ]);
  await stream.says(BEGUN);
  await deploy('unwanted');
  await deploy('wanted');
  const { code, stdout } = await stream.exited;
  assert.equal(code, EXIT.ok);
  assert.deepEqual(
    eventsOf(stdout).map(({ name }) => name),
    ['wanted'],
  );
});

test('events stream goes on behind what came last when its connection was lost', async () => {
  const relay = await startRelay(server.url);
  const stream = new CliProcess(
    ['events', 'stream', '--types', 'agent.deployed', '--output', 'json'],
    { env: { CAXTON_URL: relay.url } },
  );
  try {
    await stream.says(BEGUN);
    await deploy('before');
    await stream.says('"before"');
    relay.cut();
    await deploy('meanwhile');
    await stream.says('connected again');
    await deploy('behind');
    await stream.says('"behind"');
    const { code, stdout, stderr } = await stream.signal('SIGTERM');
    assert.equal(code, EXIT.ok);
    assert.deepEqual(
      eventsOf(stdout).map(({ name }) => name),
      ['before', 'meanwhile', 'behind'],
    );
    assert.match(stderr, /The connection to the server is lost: .*; trying to come back\n/);
    assert.doesNotMatch(stderr, /missed/);
  } finally {
    stream.child.kill('SIGKILL');
    await relay.close();
  }
});

test('events stream --resume-from begins behind an event, and says when it can not', async () => {
  const stream = server.spawn([
    'events',
    'stream',
    '--types',
    'agent.deployed',
    '--output',
    'json',
  ]);
  await stream.says(BEGUN);
  for (const name of ['first', 'second', 'third']) await deploy(name);
  await stream.says('"third"');
  const [first] = eventsOf((await stream.signal('SIGINT')).stdout);
  const args = ['events', 'stream', '--types', 'agent.deployed', '--count', '2'];
  const resumed = await server.run([...args, '--resume-from', String(first?.seq)]);
  assert.match(resumed.stdout, /name=second [^\n]*\n[^\n]* name=third /);
  assert.doesNotMatch(resumed.stderr, /missed/);
  const forgotten = await server.run([...args, '--resume-from', '1']);
  assert.match(forgotten.stderr, /events may have been missed/);
});

test('events stream tells why it is refused', async () => {
  const unknown = await server.run(['events', 'stream', '--types', 'agents.*']);
  assert.equal(unknown.code, EXIT.failed);
  assert.match(unknown.stderr, /^error INVALID_REQUEST: /);
  const nobody = await runCli(['events', 'stream'], { env: { CAXTON_URL: 'http://127.0.0.1:1' } });
  assert.equal(nobody.code, EXIT.unreachable);
  assert.match(nobody.stderr, /^error UNAVAILABLE: No server answers at ws:/);
});

test('a stream without a token that the server knows is refused with its own words', async () => {
  const file = server.file('tokens.yaml');
  const entry = { name: 'ann', role: 'sender', sha256: hashToken('right') };
  writeFileSync(file, JSON.stringify({ tokens: [entry] }));
  const guarded = await ServeProcess.start(['--config', file]);
  try {
    for (const command of ['events', 'message']) {
      const wrong = await guarded.run([command, 'stream', '--token', 'wrong']);
      assert.equal(wrong.code, EXIT.failed, command);
      assert.match(wrong.stderr, /^error UNAUTHORIZED: .* \(trace_id [0-9a-f]{32}\)\n$/);
    }
    const right = guarded.spawn(['events', 'stream', '--token', 'right']);
    await right.says(BEGUN);
    assert.equal((await right.signal('SIGINT')).code, EXIT.ok);
  } finally {
    await guarded.close();
  }
});

test('a message stream ends with 3 when its connection does', async () => {
  const relay = await startRelay(server.url);
  const stream = new CliProcess(['message', 'stream'], { env: { CAXTON_URL: relay.url } });
  try {
    await stream.says(BEGUN);
    relay.cut();
    const { code, stderr } = await stream.exited;
    assert.equal(code, EXIT.unreachable);
    assert.match(stderr, /\nerror UNAVAILABLE: The connection to the server is lost: /);
  } finally {
    stream.child.kill('SIGKILL');
    await relay.close();
  }
});

test('an event stream outlives the server’s end', async () => {
  const relay = await startRelay(server.url);
  const stream = new CliProcess(['events', 'stream'], { env: { CAXTON_URL: relay.url } });
  await stream.says(BEGUN);
  await relay.close();
  await stream.says('trying to come back');
  const { code, stderr } = await stream.signal('SIGINT');
  assert.equal(code, EXIT.ok);
  assert.equal(stderr.split('trying').length, 2, 'it says so once');
});
