import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../src/base/version.js';
import { pageFooter } from '../../src/cli/paging.js';
import { runCli, ServeProcess } from './cli-process.js';

const NOBODY = 'http://127.0.0.1:1';

let server: ServeProcess;
let stranger: Server;
let strangerUrl: string;
before(async () => {
  server = await ServeProcess.start();
  stranger = createServer((request, response) => {
    response.statusCode = request.url?.includes('/agents') ? 404 : 200;
    response.end('<html>hello</html>');
  });
  stranger.listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  strangerUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
});
after(async () => {
  stranger.close();
  await server.close();
});

test('wrong usage exits with 2 and names what was likely meant', async () => {
  const cases: [string[], RegExp][] = [
    [['agnet', 'list'], /unknown command 'agnet'\n\(Did you mean agent\?\)/],
    [['agent', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
    [['agent', 'list', '--limt', '3'], /unknown option '--limt'\n\(Did you mean --limit\?\)/],
    [['serve', '--htp', 'x'], /unknown option '--htp'\n\(Did you mean --http\?\)/],
    [['agent', 'list', '--limit', 'x'], /'--limit <n>' argument 'x' is invalid/],
    [['agent', 'list', '--status', 'on'], /Allowed choices are unloaded, loaded, running/],
    [['help', 'agent', 'deplyo'], /unknown command 'deplyo'\n\(Did you mean deploy\?\)/],
    [['help', 'agnet', 'get'], /unknown command 'agnet'\n\(Did you mean agent\?\)/],
    [['agent', 'get'], /missing required argument 'agent'/],
    [['agent', 'get', 'a', 'b'], /too many arguments/],
    [['agent', 'deploy', 'nowhere.wasm', '--name', 'x'], /nowhere\.wasm can't be read/],
    [['agent', 'deploy', 'x', '--env', 'novalue'], /Write KEY=VALUE/],
    [['agent', 'deploy', 'x', '--config', '[1]'], /Write a JSON object/],
    [['agent', 'stop', 'x', '--grace', 'soon'], /Write a number with ms, s, m, h or d/],
    [['message', 'stream', '--agents', ','], /Write one or more values/],
    [['--output', 'xml', 'agent', 'list'], /Allowed choices are table, json/],
    [['--server', 'localhost:8080', 'agent', 'list'], /write one such as http:/],
    [['--token', 'with space', 'agent', 'list'], /The token has characters that no token has/],
    [[], /Usage: caxton/],
  ];
  for (const [args, message] of cases) {
    const result = await runCli(args, { env: { CAXTON_URL: NOBODY } });
    assert.equal(result.code, 2, `${args.join(' ')}: ${result.stderr}`);
    assert.match(result.stderr, message);
    assert.equal(result.stdout, '');
  }
});

test('help and version exit with 0', async () => {
  for (const args of [['--help'], ['agent', '--help'], ['help', 'agent']]) {
    const result = await runCli(args);
    assert.equal(result.code, 0, args.join(' '));
    assert.match(result.stdout, /^Usage: caxton/);
  }
  assert.deepEqual(await runCli(['--version']), { code: 0, stdout: `${VERSION}\n`, stderr: '' });
  const deploy = await runCli(['agent', 'deploy', '--help']);
  assert.match(deploy.stdout, /Global Options:[\s\S]*--server <url>/);
  assert.equal(deploy.stdout.match(/--server <url>/g)?.length, 1);
});

test('help explains the command that it names, however deep', async () => {
  for (const [words, usage] of [
    [['help', 'agent', 'deploy'], /^Usage: caxton agent deploy /],
    [['agent', 'help', 'deploy'], /^Usage: caxton agent deploy /],
    [['help', 'serve'], /^Usage: caxton serve /],
    [['help'], /^Usage: caxton \[options\] \[command\][\s\S]*help \[command\.\.\.\]/],
  ] as const) {
    const result = await runCli(words);
    assert.equal(result.code, 0, words.join(' '));
    assert.match(result.stdout, usage);
  }
});

test('the gRPC port is told from one where nobody answers', async () => {
  const env = { CAXTON_URL: `http://${server.grpcAddress}` };
  for (const command of [
    ['agent', 'list'],
    ['message', 'stream'],
  ]) {
    const result = await runCli(command, { env });
    assert.equal(result.code, 3);
    assert.match(result.stderr, /does not speak HTTP\/1\.1\. If it is the server's gRPC port/);
  }
});

test('one of a thing is told in the singular', () => {
  assert.equal(pageFooter(1, 1, 'messages'), '\n1 message');
  assert.equal(pageFooter(0, 1, 'dead letters'), '\n0 of 1 dead letter');
  assert.equal(
    pageFooter(2, 3, 'agents', '--offset 2'),
    '\n2 of 3 agents; the next page: --offset 2',
  );
});

test('a server that does not answer is exit code 3', async () => {
  const env = { CAXTON_URL: NOBODY };
  const table = await runCli(['agent', 'list'], { env });
  assert.equal(table.code, 3);
  assert.match(table.stderr, /^error UNAVAILABLE: No server answers at http:\/\/127\.0\.0\.1:1: /);
  const json = await runCli(['agent', 'list', '--output', 'json'], { env });
  assert.equal(json.code, 3);
  assert.equal((JSON.parse(json.stderr) as { error: { code: string } }).error.code, 'UNAVAILABLE');
  const stream = await runCli(['message', 'stream'], { env });
  assert.equal(stream.code, 3);
  assert.match(stream.stderr, /^error UNAVAILABLE: No server answers at ws:/);
});

test('a server of another kind is exit code 3', async () => {
  for (const args of [
    ['agent', 'list'],
    ['server', 'status'],
    ['message', 'stream'],
  ]) {
    const result = await runCli(args, { env: { CAXTON_URL: strangerUrl } });
    assert.equal(result.code, 3, args.join(' '));
    assert.match(result.stderr, /^error UNAVAILABLE: .*Caxton server/);
  }
});

test('global options stand before or behind a command, and go before their variables', async () => {
  const wrong = { CAXTON_URL: NOBODY, CAXTON_OUTPUT: 'table' };
  const command = ['server', 'status'];
  const options = ['--server', server.url, '--output', 'json'];
  for (const args of [
    [...options, ...command],
    [...command, ...options],
    ['server', ...options, 'status'],
    ['--server', NOBODY, ...command, ...options],
  ]) {
    const result = await runCli(args, { env: wrong });
    assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`);
    assert.equal((JSON.parse(result.stdout) as { status: string }).status, 'ready');
  }
});

test('CAXTON_OUTPUT chooses the form of answers, and a wrong one is exit code 2', async () => {
  const json = await server.run(['server', 'status'], { env: { CAXTON_OUTPUT: 'json' } });
  assert.equal(Object.keys(JSON.parse(json.stdout) as object)[0], 'status');
  const wrong = await server.run(['server', 'status'], { env: { CAXTON_OUTPUT: 'xml' } });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /CAXTON_OUTPUT is "xml"; it must be one of table, json/);
});

test('the server tells its status and its figures', async () => {
  const status = await server.run(['server', 'status']);
  assert.match(status.stdout, /^status +ready\nversion +\d/);
  const metrics = await server.run(['server', 'metrics']);
  assert.match(metrics.stdout, /agents +0: 0 running, 0 failed\n/);
  assert.match(metrics.stdout, /latency_p99_ms +\d/);
  const text = await server.run(['server', 'metrics', '--prometheus', '--output', 'json']);
  assert.match(text.stdout, /^# HELP caxton_/);
});

test('a reader that closes the pipe early is no failure', async () => {
  const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'server', 'metrics', '--prometheus'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CAXTON_URL: server.url },
  });
  child.stdout.destroy();
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0);
});
