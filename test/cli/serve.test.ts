import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ListAgentsOutput } from '@caxton/sdk';
import { packageRoot } from '../../scripts/package-root.js';
import { fillsMemory } from '../support/fills-memory.js';
import { guest } from '../support/guests.js';
import { CliProcess, runCli, ServeProcess } from './cli-process.js';

const ECHO = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');
const FREE_PORTS = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--log-level', 'error'];

const folder = mkdtempSync(join(tmpdir(), 'caxton-serve-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function accepts(address: string): Promise<void> {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), host, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}

test('serve prints one line with the ports that were bound, and warns when there are no tokens', async () => {
  const server = await ServeProcess.start();
  try {
    const address = '127\\.0\\.0\\.1:[1-9]\\d*';
    assert.match(
      server.process.stdout,
      new RegExp(
        `^caxton \\d+\\.\\d+\\.\\d+ · REST http://${address} · gRPC ${address} · ` +
          `WebSocket ws://${address}/ws · data ${server.file('data')} · 1 worker\\n$`,
      ),
    );
    await accepts(server.grpcAddress);
    assert.equal((await fetch(`${server.url}/readyz`)).status, 200);
    assert.match(server.process.stderr, /^warning: no tokens are configured/);
  } finally {
    await server.close();
  }
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops the server with exit code 0, and its agents come back on its data`, async () => {
    const first = await ServeProcess.start();
    await first.json(['agent', 'deploy', ECHO, '--name', 'echo']);
    const { code, stderr } = await first.process.signal(signal);
    assert.equal(code, 0);
    assert.match(stderr, new RegExp(`${signal}: stopping`));
    const second = await ServeProcess.start([], first.folder);
    try {
      const { agents } = await second.json<ListAgentsOutput>(['agent', 'list']);
      assert.deepEqual(
        agents.map(({ name, status }) => [name, status]),
        [['echo', 'running']],
      );
    } finally {
      await second.close();
    }
  });
}

test('a second signal ends a server at once that still waits for an agent', async () => {
  const server = await ServeProcess.start();
  try {
    writeFileSync(server.file('loop.wasm'), await guest('loop-br'));
    const config = JSON.stringify({ resources: { cpu: '10000000000', max_message_ms: 60_000 } });
    await server.json([
      ...['agent', 'deploy', server.file('loop.wasm'), '--name', 'loop', '--config', config],
    ]);
    await server.json(['message', 'send', '--to', 'loop']);
    server.process.child.kill('SIGTERM');
    await server.process.says('SIGTERM: stopping');
    assert.equal((await server.process.signal('SIGTERM')).code, 143);
  } finally {
    await server.close();
  }
});

test('a server whose thread can not be ended stops all the same, with everything written out', async () => {
  const stubborn = 'Worker.prototype.terminate = () => new Promise(() => undefined);';
  const preload = `import { Worker } from 'node:worker_threads'; ${stubborn}`;
  const first = await ServeProcess.start([], undefined, {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` },
  });
  writeFileSync(first.file('fill.wasm'), await fillsMemory());
  const config = JSON.stringify({ resources: { cpu: '10000000000', max_message_ms: 60_000 } });
  await first.json([
    ...['agent', 'deploy', first.file('fill.wasm'), '--name', 'fill', '--config', config],
  ]);
  await first.json(['message', 'send', '--to', 'fill']);
  const { stderr } = await first.process.signal('SIGTERM');
  assert.equal(first.process.child.signalCode, 'SIGTERM');
  assert.match(stderr, /something does not end/);
  const second = await ServeProcess.start([], first.folder);
  try {
    const waiting = await fetch(`${second.url}/api/v1/agents/fill`);
    const { metrics } = (await waiting.json()) as { metrics: { mailbox_messages: number } };
    assert.equal(metrics.mailbox_messages, 1, 'it is tried again');
  } finally {
    await second.close();
  }
});

test('serve says which port is taken, and which folder is in use', async () => {
  const server = await ServeProcess.start();
  try {
    const http = new URL(server.url).host;
    const data = ['--data', join(folder, 'other')];
    const taken = await runCli(['serve', ...FREE_PORTS, ...data, '--http', http]);
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, new RegExp(`error UNAVAILABLE: HTTP can't listen on ${http}`));
    const grpc = await runCli(['serve', ...FREE_PORTS, ...data, '--grpc', server.grpcAddress]);
    assert.equal(grpc.code, 1);
    assert.match(grpc.stderr, new RegExp(`error UNAVAILABLE: .*${server.grpcAddress}`));
    assert.doesNotMatch(grpc.stderr, /No address added/, 'the library keeps quiet');
    const locked = await runCli(['serve', ...FREE_PORTS, '--data', server.file('data')]);
    assert.equal(locked.code, 1);
    assert.match(locked.stderr, /error CONFLICT: The data directory .* is in use by process \d+/);
  } finally {
    await server.close();
  }
});

test('serve says that a folder can not be made where the system makes none', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux has such a place');
  const serve = new CliProcess(['serve', ...FREE_PORTS, '--data', '/proc/caxton/data']);
  try {
    await serve.says('error UNAVAILABLE: The data directory /proc/caxton/data can’t be written');
    assert.equal((await serve.exited).code, 1);
  } finally {
    serve.child.kill('SIGKILL');
  }
});

test('serve takes no option that is for its clients', async () => {
  for (const option of [
    ['--server', 'http://127.0.0.1:1'],
    ['--token', 'x'],
    ['--output', 'json'],
  ]) {
    const serve = new CliProcess([...option, 'serve', ...FREE_PORTS, '--data', join(folder, 'no')]);
    try {
      await serve.says(`${option[0]} is for commands that ask a server; serve runs one.`);
      assert.equal((await serve.exited).code, 2);
    } finally {
      serve.child.kill('SIGKILL');
    }
  }
});

test('serve refuses a wrong configuration with exit code 2 and says where it stands', async () => {
  const file = join(folder, 'wrong.yaml');
  writeFileSync(file, 'limits:\n  contnet_bytes: 5\n');
  const cases: [string[], RegExp][] = [
    [['--http', '8080'], /http is not HOST:PORT: "8080"\..*\(--http\)/],
    [['--workers', '65'], /workers must be at most 64, not 65\. \(--workers\)/],
    [['--workers', 'two'], /option '--workers <n>' argument 'two' is invalid/],
    [['--log-level', 'loud'], /log\.level must be one of .*, not "loud"\. \(--log-level\)/],
    [['--config', file], /did you mean limits\.content_bytes\? \(.*wrong\.yaml, line 2\)/],
    [['--config', join(folder, 'none.yaml')], /none\.yaml can't be read/],
    [['--http', '0.0.0.0:0'], /Without tokens the server binds to loopback only/],
  ];
  for (const [args, message] of cases) {
    const result = await runCli(['serve', ...args]);
    assert.equal(result.code, 2, args.join(' '));
    assert.match(result.stderr, message);
    assert.equal(result.stdout, '');
  }
});

test('tokens of the config file decide what a client may do', async () => {
  const tokens = new Map<string, string>();
  const lines = ['rate_limits:', '  enabled: true', 'tokens:'];
  for (const role of ['viewer', 'operator']) {
    const created = await runCli(['token', 'create', '--name', role, '--role', role]);
    tokens.set(role, /^cxt_\S+$/m.exec(created.stdout)?.[0] ?? '');
    const entry = created.stdout.slice(created.stdout.indexOf('tokens:\n') + 'tokens:\n'.length);
    lines.push(entry.trimEnd());
  }
  const file = join(folder, 'tokens.yaml');
  writeFileSync(file, `${lines.join('\n')}\n`);
  const server = await ServeProcess.start(['--config', file, '--no-rate-limits']);
  try {
    assert.equal(server.process.stderr, '');
    const none = await server.run(['agent', 'list']);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^error UNAUTHORIZED: /);
    const stream = await server.run(['message', 'stream']);
    assert.equal(stream.code, 1);
    assert.match(stream.stderr, /^error UNAUTHORIZED: /);
    const viewer = { env: { CAXTON_TOKEN: tokens.get('viewer')! } };
    assert.equal((await server.run(['agent', 'list'], viewer)).code, 0);
    const deploy = ['agent', 'deploy', ECHO, '--name', 'echo'];
    const refused = await server.run(deploy, viewer);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error FORBIDDEN: .*needs the role operator/);
    const operator = ['--token', tokens.get('operator')!];
    assert.equal((await server.run([...operator, ...deploy], viewer)).code, 0);
  } finally {
    await server.close();
  }
});
