import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../scripts/package-root.js';
import { shellWords } from '../../src/cli/shell-words.js';
import { EVENT_TYPES } from '../../src/runtime/event-types.js';
import { hasToolchain } from '../support/toolchains.js';
import { runCli, ServeProcess } from './cli-process.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const NOBODY = { CAXTON_URL: 'http://127.0.0.1:1' };

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
  const echo = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');
  for (const name of ['echo', 'echo-two', 'other']) {
    await server.json(['agent', 'deploy', echo, '--name', name]);
  }
  const program = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
  mkdirSync(server.file('bin'));
  writeFileSync(server.file('bin/caxton'), program, { mode: 0o755 });
  for (const name of ['one.wasm', 'with space.wasm']) writeFileSync(server.file(name), '');
});
after(() => server?.close());

/** Runs a script in a shell that has `caxton` on its path, in the server's folder. */
function inShell(shell: string, args: readonly string[]): Promise<string> {
  const PATH = [server.file('bin'), process.env.PATH].join(delimiter);
  const child = spawn(shell, args, {
    cwd: server.folder,
    env: { ...process.env, PATH, CAXTON_URL: server.url, HOME: server.folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

/** What the program offers in place of the last word. */
async function offers(...words: string[]): Promise<string[]> {
  const { code, stdout } = await server.run(['completion', 'zsh', '--', ...words]);
  assert.equal(code, 0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t')[0]!);
}

test('commands, their options and choices are completed as the program has them', async () => {
  assert.deepEqual(await offers('deplo'), ['deployment']);
  assert.deepEqual(await offers('deployment', ''), [
    'create',
    'status',
    'rollback',
    'list',
    'help',
  ]);
  assert.deepEqual(await offers('agent', 'reload', '--s'), ['--strategy', '--server']);
  assert.deepEqual(await offers('agent', 'list', '--status', 'r'), ['running']);
  assert.deepEqual(await offers('agent', 'list', '--status=r'), ['--status=running']);
  assert.deepEqual(await offers('--output', 't'), ['table']);
  assert.deepEqual(await offers('token', 'create', '--role', 'a'), ['admin']);
  assert.deepEqual(await offers('help', 'task', 'd'), ['distribute']);
  assert.deepEqual(await offers('task', 'help', 'd'), ['distribute']);
  assert.deepEqual(await offers('completion', ''), ['bash', 'zsh', 'fish']);
  assert.deepEqual(await offers('bench', '--transport', 'g'), ['grpc', 'grpc-stream']);
});

test('values of some kinds are known: events, acts, files', async () => {
  const types = Object.keys(EVENT_TYPES).filter((type) => type.startsWith('agent.'));
  assert.deepEqual(await offers('events', 'stream', '--types', 'agent.'), [...types, 'agent.*']);
  assert.deepEqual(await offers('events', 'stream', '--types', 'agent.*,system.'), [
    'agent.*,system.alert',
    'agent.*,system.*',
  ]);
  assert.deepEqual(await offers('message', 'send', '--performative', 'accept'), [
    'accept-proposal',
  ]);
  assert.deepEqual(await offers('agent', 'deploy', ''), [':files']);
  assert.deepEqual(await offers('bench', '--html', ''), [':files']);
  assert.deepEqual(await offers('serve', '--data', ''), [':folders']);
});

test('names of agents are completed from the server, and nothing where it is away', async () => {
  assert.deepEqual(await offers('agent', 'get', 'ec'), ['echo', 'echo-two']);
  assert.deepEqual(await offers('agent', 'get', 'echo', ''), []);
  assert.deepEqual(await offers('bench', 'echo', 'ot'), ['other']);
  assert.deepEqual(await offers('message', 'stream', '--agents', 'echo,'), [
    'echo,echo-two',
    'echo,other',
  ]);
  const away = await runCli(['completion', 'zsh', '--', 'agent', 'get', 'ec'], { env: NOBODY });
  assert.deepEqual(away, { code: 0, stdout: '', stderr: '' });
  const words = ['--server', server.url, 'agent', 'get', 'ot'];
  const named = await runCli(['completion', 'fish', '--', ...words], { env: NOBODY });
  assert.equal(named.stdout, 'other\t\n');
});

test('a line that leads nowhere offers nothing', async () => {
  for (const words of [
    ['agnet', ''],
    ['agent', 'get', '--limt', ''],
    ['--output', 'xml', 'agent', 'list', 'x'],
    ['--', '--'],
  ]) {
    const found = await offers(...words);
    assert.ok(
      found.every((word) => /^(echo|echo-two|other)$/.test(word)),
      words.join(' '),
    );
  }
});

test('a shell that there is no script for is wrong usage', async () => {
  const { code, stderr } = await runCli(['completion', 'csh']);
  assert.equal(code, 2);
  assert.match(stderr, /Allowed choices are bash, zsh, fish/);
});

test('a line is split into words as a shell splits it', () => {
  const cases: [string, string[]][] = [
    ['caxton ', ['']],
    ['caxton agent ge', ['agent', 'ge']],
    ['A=1 B+=2 caxton  agent\tget ', ['agent', 'get', '']],
    [`x 'a b'c "d \\"e" f\\ g`, ['a bc', 'd "e', 'f g']],
    [`x 'open wo`, ['open wo']],
    ['x "open wo', ['open wo']],
    ['x --a=b "" \\', ['--a=b', '', '']],
  ];
  for (const [line, words] of cases) assert.deepEqual(shellWords(line), words);
});

test('bash completes commands, values behind = and in lists, agents and files', async (context) => {
  if (!hasToolchain(context, 'bash')) return;
  const ask = (line: string) => `try ${JSON.stringify(line)}`;
  const script = `
    source <(caxton completion bash)
    complete -p caxton
    try() {
      COMP_LINE=$1 COMP_POINT=\${#1}
      local word=\${1##*[ =:]}
      _caxton caxton "$word" ''
      printf '%s\\n' "\${COMPREPLY[@]}" | sort | tr '\\n' '|'; echo
    }
    ${[
      'caxton ag',
      'caxton agent list --status=ru',
      'caxton --server http://127.0.0.1:1 task dist',
      `caxton --server ${'$CAXTON_URL'} agent get echo`,
      'caxton agent stop ec',
      'caxton agent deploy ',
      'caxton agent deploy wi',
    ]
      .map(ask)
      .join('\n')}
  `;
  const lines = (await inShell('bash', ['--norc', '-c', script])).trimEnd().split('\n');
  assert.deepEqual(lines, [
    'complete -F _caxton caxton',
    'agent|',
    'running|',
    'distribute|',
    'echo|echo-two|',
    'echo|echo-two|',
    'bin|data|one.wasm|with space.wasm|',
    'with space.wasm|',
  ]);
});

test('zsh completes with descriptions, and leaves files to itself', async (context) => {
  if (!hasToolchain(context, 'zsh')) return;
  // Completion takes place in a line editor; what it would be given is printed instead.
  const script = `
    compdef() { print "compdef $*"; }
    _describe() { print -l -- "\${(@P)2}"; }
    _files() { print files $*; }
    source <(caxton completion zsh)
    try() { words=(caxton "$@"); CURRENT=$#words; _caxton; }
    try agent val
    try agent get ec
    try agent list --status=r
    try serve --data ''
    try "'agent'" deploy ''
  `;
  const lines = (await inShell('zsh', ['-f', '-c', script])).trimEnd().split('\n');
  assert.deepEqual(lines, [
    'compdef _caxton caxton',
    'validate:check a module as a deploy would, without a server',
    'echo:',
    'echo-two:',
    '--status=running:',
    'files -/',
    'files',
  ]);
});

test('fish completes with descriptions, agents and files', async (context) => {
  if (!hasToolchain(context, 'fish')) return;
  const script = `
    caxton completion fish | source
    for line in 'caxton agent val' 'caxton agent get ec' 'caxton agent list --status=r' 'caxton agent deploy o'
      complete -C "$line"
    end
  `;
  const lines = (await inShell('fish', ['--no-config', '-c', script])).trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => line.trimEnd()),
    [
      'validate\tcheck a module as a deploy would, without a server',
      'echo',
      'echo-two',
      '--status=running',
      'one.wasm',
    ],
  );
});
