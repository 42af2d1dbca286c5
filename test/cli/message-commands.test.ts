import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ListDeadLettersOutput, ListMessagesOutput, SendMessageOutput } from '@caxton/sdk';
import { packageRoot } from '../../scripts/package-root.js';
import { eventually } from '../support/eventually.js';
import { guest } from '../support/guests.js';
import { ServeProcess } from './cli-process.js';

const ECHO = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
  writeFileSync(server.file('trap.wasm'), await guest('trap-unreachable'));
  await server.json(['agent', 'deploy', ECHO, '--name', 'echo']);
  await server.json(['agent', 'deploy', server.file('trap.wasm'), '--name', 'trap']);
});
after(() => server.close());

function send(...args: readonly string[]): Promise<SendMessageOutput> {
  return server.json<SendMessageOutput>(['message', 'send', '--to', 'echo', ...args]);
}

test('message send answers when the message is delivered', async () => {
  const answer = await send('--content', '{"n":1}', '--persist');
  assert.deepEqual(Object.keys(answer), ['message_id', 'status', 'delivered_at']);
  assert.equal(answer.status, 'delivered');
  const stored = await server.run(['message', 'get', answer.message_id]);
  assert.match(stored.stdout, /performative +request\n/);
  assert.match(stored.stdout, /content +\{"n":1\}\n$/);
});

test('message send --wait shows the reply', async () => {
  const args = ['message', 'send', '--to', 'echo', '--content', '{"text":"hi"}', '--wait'];
  const { code, stdout } = await server.run([...args, '--timeout', '10s', '--until', 'final']);
  assert.equal(code, 0);
  assert.match(stdout, /^message_id +msg_\w+\nstatus +replied\n/);
  assert.match(stdout, /\nreply\n[\s\S]*performative +inform\n[\s\S]*content +\{"text":"hi"\}\n$/);
});

test('message send takes content from a file and from standard input', async () => {
  writeFileSync(server.file('content.json'), '["from", "a file"]');
  const fromFile = await send('--content', `@${server.file('content.json')}`, '--wait');
  assert.deepEqual(fromFile.reply?.content, ['from', 'a file']);
  const args = ['message', 'send', '--to', 'echo', '--content', '-', '--wait'];
  const fromInput = await server.json<SendMessageOutput>(args, { stdin: '{"from":"input"}' });
  assert.deepEqual(fromInput.reply?.content, { from: 'input' });
});

test('message send passes on every field of the message', async () => {
  const sent = await send(
    ...['--performative', 'QUERY_REF', '--sender', 'ann', '--conversation', 'conv-cli'],
    ...['--reply-with', 'r1', '--in-reply-to', 'r0', '--protocol', 'fipa-query'],
    ...['--priority', '3', '--content', 'null'],
  );
  const stored = await server.json<Record<string, unknown>>(['message', 'get', sent.message_id]);
  const { message_id, receiver, timestamp, ...rest } = stored;
  assert.deepEqual(rest, {
    performative: 'query-ref',
    sender: 'ann',
    conversation_id: 'conv-cli',
    reply_with: 'r1',
    in_reply_to: 'r0',
    protocol: 'fipa-query',
    priority: 3,
    content: null,
  });
});

test('a send repeated under one idempotency key is sent once', async () => {
  const first = await send('--idempotency-key', 'key-1', '--content', '1');
  const second = await send('--idempotency-key', 'key-1', '--content', '1');
  assert.equal(second.message_id, first.message_id);
});

test('a reply that is a failure is a reply: exit code 0', async () => {
  const args = ['message', 'send', '--to', 'trap', '--wait'];
  const { code, stdout } = await server.run(args);
  assert.equal(code, 0);
  assert.match(stdout, /performative +failure\n/);
});

test('message send refuses wrong options before it asks the server', async () => {
  const cases: [string[], RegExp][] = [
    [['message', 'send'], /required option '--to <receiver>' not specified/],
    [['message', 'send', '--to', 'echo', '--content', '{'], /is not JSON/],
    [['message', 'send', '--to', 'echo', '--content', '@nowhere.json'], /can't be read/],
    [['message', 'send', '--to', 'echo', '--timeout', '5s'], /--timeout needs --wait/],
    [['message', 'send', '--to', 'echo', '--until', 'final'], /--until needs --wait/],
    [['message', 'send', '--to', 'echo', '--wait', '--timeout', '5'], /Write a number with ms/],
    [['message', 'send', '--to', 'echo', '--priority', 'x'], /Write a whole number/],
  ];
  for (const [args, message] of cases) {
    const result = await runWithoutServer(args);
    assert.equal(result.code, 2, args.join(' '));
    assert.match(result.stderr, message);
  }
});

function runWithoutServer(args: readonly string[]) {
  return server.run(args, { env: { CAXTON_URL: 'http://127.0.0.1:1' } });
}

test('what the server refuses exits with 1', async () => {
  const result = await server.run(['message', 'send', '--to', 'echo', '--performative', 'shout']);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /^error INVALID_REQUEST: performative 'shout' is not one of /);
});

test('message list applies every filter and pages by cursor', async () => {
  const since = new Date().toISOString();
  const conversation = ['--conversation', 'filters', '--sender', 'ben'];
  for (const n of [1, 2, 3]) await send(...conversation, '--content', String(n), '--wait');
  const until = new Date(Date.now() + 60_000).toISOString();
  const filters = [
    ...['--conversation', 'filters', '--agent', 'echo', '--sender', 'ben', '--receiver', 'echo'],
    ...['--performative', 'request', '--since', since, '--until', until],
  ];
  const list = ['message', 'list', ...filters, '--order', 'desc', '--limit', '2'];
  const first = await server.json<ListMessagesOutput>(list);
  assert.deepEqual(contents(first), [3, 2]);
  assert.equal(first.total, 3);
  assert.ok(first.next_cursor);
  const second = await server.json<ListMessagesOutput>([...list, '--cursor', first.next_cursor]);
  assert.deepEqual(contents(second), [1]);
  const table = await server.run(list);
  assert.match(table.stdout, /^TIME +PERFORMATIVE +SENDER +RECEIVER +CONTENT +MESSAGE_ID\n/);
  assert.match(table.stdout, /\n2 of 3 messages; the next page: --cursor \S+\n$/);
  const text = (await server.run([...list, '--output', 'json'])).stdout;
  const query = new URLSearchParams({ conversation_id: 'filters', sender: 'ben', order: 'desc' });
  const url = `${server.url}/api/v1/messages?${query}&limit=2&performative=request`;
  assert.equal(text, `${await (await fetch(url)).text()}\n`);
});

function contents(page: ListMessagesOutput): unknown[] {
  return page.messages.map((message) => message.content);
}

test('dead letters are listed with their reason and retried', async () => {
  const args = ['message', 'send', '--to', 'trap', '--content', '{"once":1}'];
  const { message_id } = await server.json<SendMessageOutput>(args);
  const page = await eventually('the dead letter is there', async () => {
    const letters = await server.json<ListDeadLettersOutput>([
      'dead-letter',
      'list',
      '--agent',
      'trap',
    ]);
    return letters.dead_letters.some((letter) => letter.message_id === message_id) && letters;
  });
  assert.ok(page.total >= 1);
  const table = await server.run(['dead-letter', 'list', '--limit', '1']);
  assert.match(table.stdout, /^FAILED +AGENT +CODE +REASON +PERFORMATIVE +SENDER +MESSAGE_ID\n/);
  assert.match(table.stdout, new RegExp(message_id));
  const retried = await server.run(['dead-letter', 'retry', message_id]);
  assert.equal(retried.code, 0);
  assert.match(retried.stdout, new RegExp(`message_id +${message_id}\n`));
  const unknown = await server.run(['dead-letter', 'retry', 'msg_nowhere']);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /^error NOT_FOUND: /);
});

test('message stream prints messages as they come, and ends after --count', async () => {
  const stream = server.spawn([
    ...['message', 'stream', '--agents', 'echo', '--performatives', 'inform', '--count', '2'],
    ...['--output', 'json'],
  ]);
  await stream.says('subscribed as sub_');
  await send('--content', '"one"', '--wait');
  await send('--content', '"two"', '--wait');
  const { code, stdout } = await stream.exited;
  assert.equal(code, 0);
  const frames = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    frames.map(({ type, message }) => [type, message.performative, message.content]),
    [
      ['message', 'inform', 'one'],
      ['message', 'inform', 'two'],
    ],
  );
});

test('message stream prints a line for each message, and stops at SIGINT with 0', async () => {
  const stream = server.spawn(['message', 'stream', '--performatives', 'request']);
  await stream.says('subscribed as sub_');
  await send('--sender', 'carl', '--content', '{"text":"\\u001b[31mred"}');
  await stream.says('carl');
  const { code, stdout } = await stream.signal('SIGINT');
  assert.equal(code, 0);
  assert.match(stdout, /^\S+Z request carl → agent_\w+ \{"text":"\\u001b\[31mred"\}\n$/);
});

test('message stream --events prints events', async () => {
  const stream = server.spawn(['message', 'stream', '--events', 'agent.*', '--count', '1']);
  await stream.says('subscribed as sub_');
  await server.json(['agent', 'stop', 'trap']);
  const { code, stdout } = await stream.exited;
  assert.equal(code, 0);
  assert.match(stdout, /^agent\.\w+ \{"agent_id":"agent_/);
});

test('message stream tells why the server refuses it', async () => {
  const result = await server.run(['message', 'stream', '--performatives', 'shout']);
  assert.equal(result.code, 1);
  assert.match(result.stderr, /error INVALID_REQUEST: .*'shout' is not a FIPA act/);
});
