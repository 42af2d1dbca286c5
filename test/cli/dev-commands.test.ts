import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { AgentDetails, ListAgentsOutput } from '@caxton/sdk';
import { LIMITS } from '../../src/base/limits.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { startRelay } from '../support/relay.js';
import { CliProcess, runCli, ServeProcess } from './cli-process.js';

let server: ServeProcess;
let folder: string;
let file: string;
let started = 0;
before(async () => {
  server = await ServeProcess.start();
});
after(() => server?.close());
beforeEach(() => {
  started += 1;
  folder = server.file(`build-${started}`);
  mkdirSync(folder);
  file = join(folder, `agent-${started}.wasm`);
});

/** A module that logs a text when it starts, with the status of its start. */
async function logging(text: string, status = 0): Promise<Uint8Array> {
  const builder = new GuestBuilder();
  const log = builder.use('console_log');
  const body = `(call ${log} ${builder.text(text)}) (i32.const ${status})`;
  return compileWat(text, builder.export('agent_init', body, '(result i32)').build());
}

const names = async (): Promise<string[]> =>
  (await server.json<ListAgentsOutput>(['agent', 'list'])).agents.map(({ name }) => name);

const versionOf = async (name: string): Promise<string> =>
  (await server.json<AgentDetails>(['agent', 'get', name])).version;

/** Runs the command while a test looks at it. */
async function watching(
  args: readonly string[],
  look: (watch: CliProcess) => Promise<void>,
): Promise<CliProcess> {
  const watch = server.spawn(['dev', 'watch', file, ...args]);
  try {
    await look(watch);
    assert.equal((await watch.signal('SIGINT')).code, EXIT.ok);
  } finally {
    watch.child.kill('SIGKILL');
  }
  return watch;
}

test('dev watch deploys a module and brings each change to the agent, with its log', async () => {
  writeFileSync(file, await logging('first'));
  const { stdout } = await watching(['--env', 'A=1', '--memory', '2MB'], async (watch) => {
    await watch.says(`agent-${started} 1.0.0 runs, after `);
    await watch.says('info  first');
    writeFileSync(file, await logging('second'));
    await watch.says('1.1.0 runs');
    await watch.says('info  second');
    // The same bytes once more are no change.
    writeFileSync(file, await logging('second'));
    await setTimeout(2 * LIMITS.watch_settle_ms);
    writeFileSync(file, await logging('third'));
    await watch.says('1.2.0 runs');
    await watch.says('info  third');
  });
  assert.equal(stdout.match(/ runs, after \d+ ms\n/g)?.length, 3);
  assert.equal(stdout.match(/info {2}first\n/g)?.length, 1);
  assert.equal(await versionOf(`agent-${started}`), '1.2.0');
});

test('dev watch tells what is wrong with a module, and the version from before goes on', async () => {
  writeFileSync(file, await logging('good'));
  const { stderr } = await watching(['--name', 'careful'], async (watch) => {
    await watch.says('careful 1.0.0 runs');
    writeFileSync(file, 'no module');
    await watch.says('error INVALID_WASM: ');
    await watch.says('careful 1.0.0 goes on');
    writeFileSync(file, await logging('refuses to start', 1));
    await watch.says('error DEPLOYMENT_FAILED: ');
    writeFileSync(file, await logging('better'));
    await watch.says(' runs, after');
    await watch.says('info  better');
  });
  assert.equal(stderr.match(/^error /gm)?.length, 2);
  assert.equal(stderr.match(/careful 1\.0\.0 goes on\n/g)?.length, 2);
  assert.equal(await versionOf('careful'), '1.1.0');
});

test('dev watch takes a file only when it is complete, however it is written', async () => {
  const { stderr } = await watching(['--name', 'pieces', '--remove'], async (watch) => {
    await watch.says('is not there yet');
    const bytes = await logging('in pieces');
    writeFileSync(file, bytes.subarray(0, 40));
    await setTimeout(2 * LIMITS.watch_settle_ms);
    writeFileSync(file, bytes.subarray(40), { flag: 'a' });
    await watch.says('pieces 1.0.0 runs');

    writeFileSync(`${file}.part`, await logging('renamed'));
    renameSync(`${file}.part`, file);
    await watch.says('pieces 1.1.0 runs');

    rmSync(folder, { recursive: true });
    await setTimeout(LIMITS.watch_settle_ms);
    mkdirSync(folder);
    writeFileSync(file, await logging('recreated'));
    await watch.says('pieces 1.2.0 runs');
    assert.ok((await names()).includes('pieces'));
  });
  assert.doesNotMatch(stderr, /error/);
  assert.match(stderr, /pieces is removed\n$/);
  assert.ok(!(await names()).includes('pieces'));
});

test('dev watch takes over an agent that is there, also one that is stopped', async () => {
  writeFileSync(file, await logging('there'));
  await server.json(['agent', 'deploy', file, '--name', 'there']);
  writeFileSync(file, await logging('taken over'));
  const { stdout } = await watching(['--name', 'there', '--version', '3.0.0'], async (watch) => {
    await watch.says('there 3.0.0 runs');
    await watch.says('info  taken over');
    await server.json(['agent', 'stop', 'there']);
    const status = async () => (await server.json<AgentDetails>(['agent', 'get', 'there'])).status;
    await eventually('it is stopped', async () => (await status()) === 'stopped');
    writeFileSync(file, await logging('mended'));
    await watch.says('there 3.1.0 runs');
    await server.json(['agent', 'remove', 'there']);
    writeFileSync(file, await logging('anew'));
    await watch.says('info  anew');
  });
  assert.doesNotMatch(stdout, /info {2}there\n/, 'what it logged before is passed over');
});

test('dev watch prints a line of JSON for each thing with --output json', async () => {
  writeFileSync(file, await logging('as JSON'));
  const { stdout } = await watching(['--output', 'json'], (watch) => watch.says('as JSON'));
  const lines = stdout.trimEnd().split('\n');
  const [running, log] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(Object.keys(running!), ['type', 'timestamp', 'name', 'version', 'duration_ms']);
  assert.equal(running?.type, 'running');
  assert.deepEqual([log?.type, log?.level, log?.text], ['log', 'info', 'as JSON']);
});

test('dev watch goes on when the server comes back', async () => {
  const first = await ServeProcess.start();
  const relay = await startRelay(first.url);
  writeFileSync(file, await logging('before'));
  const watch = new CliProcess(['dev', 'watch', file, '--name', 'patient', '--server', relay.url]);
  let second: ServeProcess | undefined;
  try {
    await watch.says('patient 1.0.0 runs');
    await first.process.signal('SIGTERM');
    writeFileSync(file, await logging('behind'));
    await watch.says('error UNAVAILABLE: No server answers');
    second = await ServeProcess.start([], first.folder);
    relay.turnTo(second.url);
    await watch.says('patient 1.1.0 runs');
    const { code, stderr } = await watch.signal('SIGTERM');
    assert.equal(code, EXIT.ok);
    assert.equal(stderr.match(/No server answers/g)?.length, 1);
  } finally {
    watch.child.kill('SIGKILL');
    await relay.close();
    await (second ?? first).close();
  }
});

test('dev watch without a server, and of a file that names no agent, ends at once', async () => {
  const nobody = await runCli(['dev', 'watch', file], {
    env: { CAXTON_URL: 'http://127.0.0.1:1' },
  });
  assert.equal(nobody.code, EXIT.unreachable);
  const nameless = await server.run(['dev', 'watch', join(folder, '__.wasm')]);
  assert.equal(nameless.code, EXIT.usage);
  assert.match(nameless.stderr, /No agent can be named by .*: give --name NAME/);
  mkdirSync(file);
  const directory = await server.run(['dev', 'watch', file]);
  assert.equal(directory.code, EXIT.usage);
  assert.match(directory.stderr, /can't be read: EISDIR/);
});
