import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ListAgentsOutput } from '@caxton/sdk';
import { packageRoot } from '../../../scripts/package-root.js';
import type { BenchResult } from '../../../src/cli/bench/result.js';
import { EXIT } from '../../../src/cli/exit-codes.js';
import { eventually } from '../../support/eventually.js';
import { guest } from '../../support/guests.js';
import { runCli, ServeProcess } from '../cli-process.js';

const ECHO = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');
const TOKENS = {
  admin: 'token-of-the-admin',
  viewer: 'token-of-the-viewer',
  sender: 'token-of-the-sender',
};

const CONFIG = `
tokens:
${Object.entries(TOKENS)
  .map(([role, token]) => {
    const sha256 = createHash('sha256').update(token).digest('hex');
    const limits =
      role === 'sender'
        ? '\n    rate_limits: { enabled: true, messages: { rate_per_second: 1, burst: 20 } }'
        : '';
    return `  - name: ${role}\n    role: ${role}\n    sha256: ${sha256}${limits}`;
  })
  .join('\n')}
`;

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
  writeFileSync(server.file('trap.wasm'), await guest('trap-unreachable'));
  await server.json(['agent', 'deploy', ECHO, '--name', 'echo']);
  await server.json(['agent', 'deploy', server.file('trap.wasm'), '--name', 'trap']);
});
after(() => server?.close());

test('wrong options are refused before the server is asked', async () => {
  const cases: [string[], RegExp][] = [
    [['--transport', 'udp'], /Allowed choices are rest, ws, grpc, grpc-stream/],
    [['--connections', '0'], /Write a whole number from 1 to 10000/],
    [['--threads', '65'], /Write a whole number from 1 to 64/],
    [['--threads', '3', '--connections', '2'], /each thread needs a connection of its own/],
    [['--in-flight', '2'], /--in-flight is for ws.*Raise --connections/],
    [['--rate', '0'], /Write a number from 0\.01 to/],
    [['--duration', '10'], /Write a number with ms, s, m, h or d/],
    [['--duration', '2d'], /Write a duration from 1ms to 24h/],
    [['--timeout', '11m'], /Write a duration from 1ms to 10m/],
    [['--payload', '1'], /--payload must be 2 bytes at least/],
    [['--payload', '1KB', '--content', '1'], /cannot be used with option '--content/],
    [['--content', '{'], /is not JSON/],
    [['--performative', 'shout'], /Write one of accept-proposal, agree, /],
    [['--wait', '--no-wait'], /'--wait' cannot be used with option '--no-wait'/],
    [['--grpc', '127.0.0.1:50051'], /--grpc needs --transport grpc/],
    [['--grpc', 'nowhere', '--transport', 'grpc'], /Write HOST:PORT/],
    [['echo', '--echo-agents', '2'], /--echo-agents is for a benchmark without agents/],
    [['--html', '/nowhere/report.html'], /--html: \/nowhere\/report.html can't be written/],
    [['--html', server.folder], /it is a folder/],
  ];
  for (const [args, message] of cases) {
    const result = await runCli(['bench', ...args], { env: { CAXTON_URL: 'http://127.0.0.1:1' } });
    assert.equal(result.code, EXIT.usage, args.join(' '));
    assert.match(result.stderr, message);
  }
});

test('a server that is not there, and gRPC that is not, are told', async () => {
  const away = await server.run(['bench', '--server', 'http://127.0.0.1:1']);
  assert.equal(away.code, EXIT.unreachable);
  assert.match(away.stderr, /^error UNAVAILABLE: No server answers at http:\/\/127\.0\.0\.1:1: /);
  for (const transport of ['grpc', 'grpc-stream']) {
    const args = ['bench', '--transport', transport, '--grpc', '127.0.0.1:1'];
    const { code, stderr } = await server.run(args);
    assert.equal(code, EXIT.unreachable);
    // The first line: no agent was deployed before.
    assert.match(
      stderr,
      /^error UNAVAILABLE: No Caxton server answers over gRPC at 127\.0\.0\.1:1: connect ECONNREFUSED.*with --grpc HOST:PORT\.\n$/,
    );
  }
});

test('a server that refuses gRPC by its token is told in its own words', async () => {
  const config = server.file('grpc-tokens.yaml');
  writeFileSync(config, CONFIG);
  const guarded = await ServeProcess.start(['--config', config]);
  try {
    const args = ['bench', 'echo', '--transport', 'grpc', '--grpc', guarded.grpcAddress];
    const { stderr } = await guarded.run(args, { env: { CAXTON_TOKEN: 'token-of-nobody' } });
    assert.match(stderr, /^error UNAUTHORIZED: /);
  } finally {
    await guarded.close();
  }
});

test('an agent that is not there is told with the name that was meant', async () => {
  const result = await server.run(['bench', 'ehco', '--quiet']);
  assert.equal(result.code, EXIT.failed);
  assert.match(result.stderr, /^error AGENT_NOT_FOUND: .*\nDid you mean echo\?\n$/);
});

test('what is wrong with every message is told in the words of the server', async () => {
  const { code, stderr } = await server.run([
    ...['bench', 'echo', '--performative', 'Inform', '--timeout', '100ms', '--quiet'],
  ]);
  assert.equal(code, EXIT.failed);
  assert.match(stderr, /^error TIMEOUT: /);
});

test('a benchmark that is stopped before its load removes its agents', async () => {
  // Nobody answers an inform, so that the message that tries it out waits.
  const args = ['bench', '--performative', 'inform', '--timeout', '10m'];
  const running = server.spawn(args);
  const deployed = () => server.json<ListAgentsOutput>(['agent', 'list']);
  await eventually('the agent is there', async () => (await deployed()).agents.length === 3);
  const { code, stdout, stderr } = await running.signal('SIGINT');
  assert.deepEqual([code, stdout], [EXIT.ok, '']);
  assert.match(stderr, /stopped before the load began\n$/);
  assert.equal((await deployed()).agents.length, 2);
});

test('a benchmark that is ended while it removes its agents names those that are left', async () => {
  const other = await ServeProcess.start();
  const running = other.spawn(['bench', '--echo-agents', '2', '--duration', '1h']);
  try {
    await running.says('1 s  ');
    // From here on the server answers nothing.
    other.process.child.kill('SIGSTOP');
    await eventually('it ends by the signal', () => {
      running.child.kill('SIGINT');
      return running.child.signalCode === 'SIGINT';
    });
    const { stderr } = await running.exited;
    const left = /^(bench-echo-[0-9a-f]{8}-[12]) was not removed: .*: caxton agent remove \1$/gm;
    assert.equal(stderr.match(left)?.length, 2, stderr);
  } finally {
    running.child.kill('SIGKILL');
    other.process.child.kill('SIGCONT');
    await other.close();
  }
});

test('echo agents of a server that went away are told without advice to start one', async () => {
  const other = await ServeProcess.start();
  const running = other.spawn(['bench', '--duration', '1h']);
  try {
    await running.says('1 s  ');
    await other.process.signal('SIGKILL');
    const { stderr } = await running.signal('SIGINT');
    assert.match(
      stderr,
      /^bench-echo-\w+-1 was not removed: the server does not answer any more\./m,
    );
  } finally {
    running.child.kill('SIGKILL');
    await other.close();
  }
});

test('agents that fail their messages are told of', async () => {
  const args = ['bench', 'trap', '--count', '10', '--warmup', '0', '--quiet'];
  const result = await server.json<BenchResult>(args);
  assert.equal(result.replies.failure, 10);
  assert.ok(result.notes.some((note) => note.startsWith('10 replies were failure')));
});

test('roles and rates: what is missing is told, and 429s are counted', async () => {
  const config = server.file('tokens.yaml');
  writeFileSync(config, CONFIG);
  const guarded = await ServeProcess.start(['--config', config]);
  try {
    const as = (role: keyof typeof TOKENS) => ({ env: { CAXTON_TOKEN: TOKENS[role] } });
    await guarded.json(['agent', 'deploy', ECHO, '--name', 'echo'], as('admin'));
    const nobody = await guarded.run(['bench', 'echo']);
    assert.match(nobody.stderr, /^error UNAUTHORIZED: /m);
    const viewer = await guarded.run(['bench', 'echo'], as('viewer'));
    assert.equal(viewer.code, EXIT.failed);
    assert.match(viewer.stderr, /^error FORBIDDEN: /m);
    // May send, but not deploy.
    const deploying = await guarded.run(['bench'], as('sender'));
    assert.match(deploying.stderr, /^error FORBIDDEN: /m);
    for (const transport of ['rest', 'ws', 'grpc', 'grpc-stream']) {
      const grpc = transport.startsWith('grpc') ? ['--grpc', guarded.grpcAddress] : [];
      const load = ['--count', '60', '--warmup', '0', '--connections', '1'];
      const args = ['bench', 'echo', '--transport', transport, ...grpc, ...load];
      const result = await guarded.json<BenchResult>(args, as('admin'));
      assert.equal(result.messages.answered, 60, transport);
    }
    const load = ['--count', '60', '--warmup', '0', '--connections', '2'];
    const strict = ['bench', 'echo', ...load, '--quiet', '--fail-on-errors', '--output', 'json'];
    const { code, stdout, stderr } = await guarded.run(strict, as('sender'));
    const { messages, errors, notes } = JSON.parse(stdout) as BenchResult;
    assert.ok(messages.answered > 0);
    assert.equal(messages.answered + messages.failed, 60);
    assert.deepEqual(
      errors.map(({ code, count }) => [code, count]),
      [['RATE_LIMITED', messages.failed]],
    );
    assert.ok(messages.failed > 0);
    assert.ok(notes.some((note) => note.includes('raise rate_limits.messages')));
    assert.equal(code, EXIT.failed);
    const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
    assert.equal(error.code, 'RATE_LIMITED');
    assert.ok(error.message.startsWith(`${messages.failed} of 60 messages failed, most by: `));
  } finally {
    await guarded.close();
  }
});

test('a server that goes away during the load is told, and ends with what was measured', async () => {
  const other = await ServeProcess.start();
  await other.json(['agent', 'deploy', ECHO, '--name', 'echo']);
  const running = other.spawn(['bench', 'echo', '--duration', '1h', '--output', 'json']);
  try {
    await running.says('1 s  ');
    await other.process.signal('SIGKILL');
    await running.says(' 0 messages/s  p50 –  p99 –');
    const { code, stdout } = await running.signal('SIGINT');
    assert.equal(code, EXIT.ok);
    const { errors, notes } = JSON.parse(stdout) as BenchResult;
    assert.equal(errors[0]?.code, 'UNREACHABLE');
    assert.ok(notes.some((note) => note.startsWith('Connections could not be made')));
  } finally {
    running.child.kill('SIGKILL');
    await other.close();
  }
});

test('nothing is left of refused benchmarks', async () => {
  const { agents } = await server.json<ListAgentsOutput>(['agent', 'list']);
  assert.deepEqual(agents.map(({ name }) => name).sort(), ['echo', 'trap']);
});
