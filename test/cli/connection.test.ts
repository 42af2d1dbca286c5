import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { EXIT } from '../../src/cli/exit-codes.js';
import { nodeFetch } from '../../src/cli/node-fetch.js';
import { type CliResult, runCli } from './cli-process.js';

/** A listener in place of the server, which answers as a test wants. */
let listener: Server;
let url: string;
let asked: IncomingMessage[];
let answer: (response: ServerResponse) => void;
before(async () => {
  listener = createServer((request, response) => {
    asked.push(request);
    request.resume().on('end', () => answer(response));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
after(() => {
  listener.closeAllConnections();
  listener.close();
});
beforeEach(() => {
  asked = [];
});

const run = (args: readonly string[], at = url): Promise<CliResult> =>
  runCli([...args, '--server', at]);

test('--output json prints the answer as the server wrote it, spaces and numbers too', async () => {
  const text = '{ "agents": [], "total": 0.0, "new": 12345678901234567890 }';
  answer = (response) => response.end(text);
  const { code, stdout } = await run(['agent', 'list', '--output', 'json']);
  assert.equal(code, EXIT.ok);
  assert.equal(stdout, `${text}\n`);
});

test('a server that wants to be asked later is not asked again', async () => {
  const error = { code: 'UNAVAILABLE', message: 'not now', details: {}, trace_id: 'abc' };
  answer = (response) => {
    response.writeHead(503, { 'retry-after': '1' }).end(JSON.stringify({ error }));
  };
  for (const args of [
    ['server', 'status'],
    ['message', 'send', '--to', 'x'],
  ]) {
    asked = [];
    const { code, stderr } = await run(args);
    assert.equal(code, EXIT.failed);
    assert.equal(stderr, 'error UNAVAILABLE: not now (trace_id abc)\n');
    assert.equal(asked.length, 1);
  }
});

test('an answer that breaks off is exit code 3', async () => {
  answer = (response) => {
    response.writeHead(200, { 'content-length': '100' }).write('{"status":');
    response.destroy();
  };
  const { code, stderr } = await run(['server', 'status']);
  assert.equal(code, EXIT.unreachable);
  assert.match(stderr, /^error UNAVAILABLE: No server answers at /);
});

test('a gateway may serve the API under a folder, and the token goes in a header', async () => {
  answer = (response) => response.end('{"agents":[],"total":0}');
  const { code } = await run(['agent', 'list', '--token', 'secret'], `${url}/caxton/`);
  assert.equal(code, EXIT.ok);
  assert.equal(asked[0]?.url, '/caxton/api/v1/agents');
  assert.equal(asked[0]?.headers['x-caxton-token'], 'secret');
});

test('an argument that is empty is wrong usage, and nothing is asked', async () => {
  for (const args of [
    ['agent', 'get', ''],
    ['agent', 'remove', ''],
    ['task', 'status', ''],
    ['agent', 'deploy', ''],
  ]) {
    const { code, stderr } = await run(args);
    assert.equal(code, EXIT.usage, args.join(' '));
    assert.match(stderr, /The argument <\w+> is empty\./);
  }
  assert.equal(asked.length, 0);
});

test('the fetch for the SDK passes on status, headers and text, and can be aborted', async () => {
  const heard: string[] = [];
  const own = nodeFetch({ ca: undefined, heard: (text) => heard.push(text) });
  answer = (response) => response.writeHead(418, { 'x-one': 'a', 'retry-after': '7' }).end('é');
  const response = await own(new URL(url), { method: 'POST', body: 'x' });
  assert.deepEqual([response.status, response.ok], [418, false]);
  assert.equal(response.headers.get('retry-after'), '7');
  assert.equal(await response.text(), 'é');
  assert.deepEqual(heard, ['é']);

  answer = (empty) => empty.writeHead(204).end();
  assert.equal(await (await own(new URL(url))).text(), '');

  const abort = new AbortController();
  answer = () => abort.abort();
  await assert.rejects(own(new URL(url), { signal: abort.signal }), { name: 'AbortError' });
});
