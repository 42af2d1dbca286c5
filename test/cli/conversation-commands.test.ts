import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { GetConversationOutput } from '@caxton/sdk';
import { packageRoot } from '../../scripts/package-root.js';
import { ServeProcess } from './cli-process.js';

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
  const echo = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');
  await server.json(['agent', 'deploy', echo, '--name', 'echo']);
  await server.json([
    ...['message', 'send', '--to', 'echo', '--sender', 'ann', '--protocol', 'fipa-request'],
    ...['--conversation', 'talk 1', '--content', '"hi"', '--wait'],
  ]);
});
after(() => server?.close());

test('conversation show tells protocol, state, participants and messages', async () => {
  const { code, stdout } = await server.run(['conversation', 'show', 'talk 1']);
  assert.equal(code, 0);
  assert.match(stdout, /^conversation_id +talk 1\nprotocol +fipa-request\nstate +completed\n/);
  assert.match(stdout, /\ninitiator +- +ann\nparticipant +done +agent_\w+\n/);
  assert.match(stdout, / request +ann [^\n]*\n[^\n]* inform +agent_[^\n]*\n2 messages\n$/);
});

test('conversation show gives one page of the messages, and how to get the next', async () => {
  const page = ['conversation', 'show', 'talk 1', '--order', 'desc', '--limit', '1'];
  const first = await server.json<GetConversationOutput>(page);
  assert.equal(first.messages[0]?.performative, 'inform');
  const text = await server.run(page);
  assert.ok(
    text.stdout.endsWith(`1 of 2 messages; the next page: --cursor ${first.next_cursor}\n`),
  );
  const next = await server.json<GetConversationOutput>([...page, '--cursor', first.next_cursor!]);
  assert.equal(next.messages[0]?.performative, 'request');
});

test('conversation show of an unknown conversation exits with 1', async () => {
  const { code, stderr } = await server.run(['conversation', 'show', 'nowhere']);
  assert.equal(code, 1);
  assert.match(stderr, /^error NOT_FOUND: Conversation 'nowhere' not found/);
});
