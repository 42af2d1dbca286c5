import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { AgentMetricsOutput, ListAgentsOutput, ListMessagesOutput } from '@caxton/sdk';
import { packageRoot } from '../../../scripts/package-root.js';
import type { BenchResult } from '../../../src/cli/bench/result.js';
import { TRANSPORTS, type Transport } from '../../../src/cli/bench/settings.js';
import { EXIT } from '../../../src/cli/exit-codes.js';
import { eventually } from '../../support/eventually.js';
import { ServeProcess } from '../cli-process.js';

const ECHO = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
});
after(() => server?.close());

/** Where a transport needs more than the server's URL. */
const over = (transport: Transport): string[] => [
  ...['--transport', transport],
  ...(transport.startsWith('grpc') ? ['--grpc', server.grpcAddress] : []),
];

const bench = (...args: string[]): Promise<BenchResult> => server.json(['bench', ...args]);

const agentNames = async (): Promise<string[]> =>
  (await server.json<ListAgentsOutput>(['agent', 'list'])).agents.map(({ name }) => name);

const deploy = (name: string) => server.json(['agent', 'deploy', ECHO, '--name', name]);

/** Messages that an agent handled, by the server's own figures. */
async function handled(name: string): Promise<number> {
  const { metrics } = await server.json<AgentMetricsOutput>(['agent', 'metrics', name]);
  return metrics.messages_processed;
}

/** Every latency, in the bars as in the figures. */
function checkLatencies({ messages, histogram, latency_us: latency }: BenchResult): void {
  const inBars = histogram.reduce((sum, { count }) => sum + count, 0);
  assert.equal(inBars, messages.answered);
  assert.ok(latency !== null && latency.min > 0);
  assert.ok(latency.p50 <= latency.p99 && latency.p99 <= latency.max);
}

for (const transport of TRANSPORTS) {
  for (const wait of [true, false]) {
    const how = wait ? 'waits for replies' : 'does not wait for replies';
    test(`bench over ${transport} ${how}, and the server has handled what it tells`, async () => {
      const name = `${transport}-${wait}`;
      await deploy(name);
      const inFlight = transport === 'rest' ? [] : ['--in-flight', '3'];
      const result = await bench(
        ...[name, ...over(transport), ...inFlight, ...(wait ? [] : ['--no-wait'])],
        ...['--count', '200', '--warmup', '50ms', '--connections', '4', '--threads', '2'],
      );
      const { messages, settings, replies } = result;
      assert.deepEqual(result.errors, []);
      assert.deepEqual([messages.sent, messages.answered, messages.failed], [200, 200, 0]);
      assert.ok(messages.warmup > 0);
      assert.equal(messages.content_bytes, 200 * 100);
      assert.deepEqual(replies, wait ? { inform: 200 } : {});
      assert.equal(settings.performative, wait ? 'request' : 'inform');
      checkLatencies(result);
      // One more tried out whether the agent can be sent to.
      const all = messages.sent + messages.warmup + 1;
      await eventually('all are handled', async () => (await handled(name)) === all);
    });
  }

  test(`bench over ${transport} sends by a schedule`, async () => {
    const args = ['--rate', '200', '--duration', '500ms', '--warmup', '0'];
    const result = await bench(...over(transport), ...args, '--threads', '2');
    const { sent, answered, failed, unsent } = result.messages;
    assert.equal(sent + unsent, 100);
    assert.equal(answered + failed, sent);
    assert.equal(result.settings.rate_per_second, 200);
  });
}

test('a rate far above what the server can do is told as such, with what it answered', async () => {
  const rate = ['--rate', '200000', '--duration', '1s', '--warmup', '300ms'];
  const { messages, notes, seconds } = await bench(...rate);
  assert.ok(messages.answered > 0);
  assert.equal(messages.sent + messages.unsent, 200_000);
  assert.equal(messages.answered + messages.failed, messages.sent);
  assert.ok(seconds.some(({ p50_us }) => p50_us !== null));
  assert.ok(notes.some((note) => note.startsWith('The rate was not reached')));
});

test('a benchmark of which nothing was answered fails', async () => {
  // Messages are due every 100 s, and the first of them in the warm-up.
  const rate = ['--rate', '0.01', '--duration', '200ms', '--warmup', '50ms'];
  const { code, stdout, stderr } = await server.run(['bench', ...rate]);
  assert.equal(code, EXIT.failed);
  assert.match(stdout, /\nanswered +0 of 0 in /);
  assert.match(stderr, /^error TIMEOUT: No message that counts was answered: none was due/m);
});

test('several agents get messages in turns, with the content and act that were asked for', async () => {
  await deploy('one');
  await deploy('two');
  const content = ['--content', '{"text":"hi"}', '--performative', 'query-ref', '--persist'];
  const result = await bench('one', 'two', '--count', '20', '--warmup', '0', ...content);
  assert.deepEqual(result.settings.agents, ['one', 'two']);
  assert.equal(result.settings.persist, true);
  assert.equal(result.settings.content_bytes, '{"text":"hi"}'.length);
  assert.deepEqual([await handled('one'), await handled('two')], [11, 11]);
  const list = ['message', 'list', '--receiver', 'one', '--limit', '1'];
  const { messages } = await server.json<ListMessagesOutput>(list);
  assert.deepEqual(messages[0]?.content, { text: 'hi' });
  assert.equal(messages[0]?.performative, 'query-ref');
});

test('echo agents are there while it runs, and gone afterwards', async () => {
  const before = await agentNames();
  const running = server.spawn(['bench', '--echo-agents', '2', '--duration', '1h']);
  try {
    await running.says('1 s  ');
    const during = (await agentNames()).filter((name) => !before.includes(name));
    assert.equal(during.length, 2);
    for (const name of during) assert.match(name, /^bench-echo-[0-9a-f]{8}-[12]$/);
  } finally {
    // As from `timeout`, which signals its child and then the child's group.
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.signal('SIGINT');
    assert.equal(code, EXIT.ok);
    assert.match(stdout, /\nanswered +[\d,]+ of [\d,]+ in /);
    assert.match(stdout, /! It was stopped before its end\./);
  }
  assert.deepEqual(await agentNames(), before);
});

test('the report for people has settings, totals, percentiles and a plot', async () => {
  const args = ['bench', '--count', '50', '--warmup', '0', '--payload', '2KB', '--fail-on-errors'];
  const { code, stdout, stderr } = await server.run(args);
  assert.equal(code, EXIT.ok);
  assert.match(stdout, /^server +http:\/\/127\.0\.0\.1:\d+\/ \(caxton [\d.]+, 1 worker\)\n/);
  assert.match(stdout, /\nmessage +request of 2KB, until the reply\n/);
  assert.match(stdout, /\nload +closed loop: /);
  assert.match(stdout, /\ntime +until 50 messages, without warm-up\n/);
  assert.match(stdout, /\nanswered +50 of 50 in /);
  assert.match(stdout, /\nreplies +50 inform\n/);
  assert.match(stdout, /\nMIN +MEAN +STDDEV +P50 +P75 +P90 +P95 +P99 +P99\.9 +P99\.99 +MAX\n/);
  assert.match(stdout, /\n *< [\d.]+ (µs|ms|s) +[█▉▊▋▌▍▎▏]+ +\d+ +[\d.]+ %\n/);
  assert.match(stderr, /^deploying 1 echo agent\n/);
  const quiet = await server.run([...args, '--quiet']);
  assert.equal(quiet.stderr, '');
});

test('the report names the address of gRPC', async () => {
  const args = ['bench', ...over('grpc'), '--count', '20', '--warmup', '0'];
  const { stdout } = await server.run(args);
  assert.ok(stdout.includes(`\nconnections  10 over grpc to ${server.grpcAddress}, 1 in flight`));
});

test('progress is told each second', async () => {
  const args = ['bench', '--duration', '1500ms', '--warmup', '100ms'];
  const { stderr } = await server.run(args);
  const line = /^1 s {2}[\d,]+ messages\/s {2}p50 .+ {2}p99 .+ {2}0 failed {2}\d+ in flight$/m;
  assert.match(stderr, /^warming up for 0\.10 s$/m);
  assert.match(stderr, line);
});

test('--html writes a report that needs nothing else', async () => {
  const file = server.file('report.html');
  const result = await bench('--count', '100', '--html', file);
  const html = readFileSync(file, 'utf8');
  assert.match(html, /^<!DOCTYPE html>\n<html lang="en">/);
  assert.equal(html.match(/<svg /g)?.length, 4);
  assert.ok(html.includes('>Latency by percentile<') && html.includes(result.machine.processor));
  for (const name of ['p50', 'p90', 'p99'] as const) assert.ok(html.includes(`>${name} `), name);
  // Names of XML, the server's URL, and no other address.
  const urls = new Set(html.match(/\w+:\/\/[^"'<) ]+/g));
  assert.deepEqual(
    [...urls].filter((url) => !url.startsWith('http://www.w3.org/')),
    [result.server.url],
  );
  assert.doesNotMatch(html, /<(script|link|img|iframe)|\ssrc=|@import/);
  checkNesting(html);
});

/** Every element that is opened is closed, in the right order. */
function checkNesting(html: string): void {
  const open: string[] = [];
  const tags = html.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*?)?(\/?)>/gi);
  for (const [, closes, name, isEmpty] of tags) {
    if (isEmpty || name === 'meta') continue;
    if (closes) assert.equal(open.pop(), name);
    else open.push(name!);
  }
  assert.deepEqual(open, []);
}
