import { deploy, isBuilt, sampleModule } from './demo/agents.js';
import type { ApiConnection, Outgoing, Reply } from './demo/apis.js';
import { showCanary } from './demo/canary.js';
import { showContractNet } from './demo/contract-net.js';
import { GrpcApi } from './demo/grpc-api.js';
import { type HostileAgent, hostileAgent } from './demo/hostile-agents.js';
import { RestApi } from './demo/rest-api.js';
import { ServerProcess } from './demo/server-process.js';
import { count, expect, heading, line, milliseconds, timed } from './demo/story.js';
import { WebSocketApi } from './demo/web-socket-api.js';

/*
 * Shows in a few seconds what the server does, with the real thing: npm run demo
 *
 * A server in a process of its own; the sample agents; a message to each of them by each API; two
 * hostile agents, stopped by fuel and by memory while echo goes on answering; what is left of it; a
 * canary with a faulty version that goes back by itself; a task that the best bid wins.
 */

const LIMIT_MS = 60_000;
const ATTACKS = 3;

interface Sample {
  readonly name: string;
  /** What it is asked, and the act with which it must answer. */
  readonly performative: string;
  readonly content: object;
  readonly answer: string;
}

const SAMPLES: readonly Sample[] = [
  { name: 'echo', performative: 'request', content: { text: 'hi' }, answer: 'inform' },
  {
    name: 'counter',
    performative: 'request',
    content: { action: 'add', amount: 5 },
    answer: 'inform',
  },
  { name: 'bidder', performative: 'cfp', content: { size: 500 }, answer: 'propose' },
  { name: 'echo-c', performative: 'request', content: { text: 'from C' }, answer: 'inform' },
];

const HOSTILE: Readonly<Record<HostileAgent, { does: string; resource: string }>> = {
  spinner: { does: 'loops for ever', resource: 'fuel' },
  hoarder: { does: 'takes all memory', resource: 'memory' },
};
const HOSTILE_NAMES = Object.keys(HOSTILE) as HostileAgent[];

interface Details {
  readonly status: string;
  readonly resources: { readonly limits: { readonly memory: string } };
  readonly metrics: {
    readonly messages_processed: number;
    readonly messages_failed: number;
    readonly last_message_fuel: number;
    readonly fuel_total: number;
  };
}

interface Failure {
  readonly error: { code: string; message: string; resource?: string };
}

/** An agent's figures, once they count this many messages: they follow the answer at once. */
async function figures(rest: RestApi, agent: string, messages: number): Promise<Details> {
  for (;;) {
    const details = await rest.get<Details>(`/api/v1/agents/${agent}`);
    const { messages_processed, messages_failed } = details.metrics;
    if (messages_processed + messages_failed >= messages) return details;
  }
}

async function deploySamples(rest: RestApi): Promise<readonly Sample[]> {
  heading('Agents, deployed over REST: at most 10 MB and 10,000,000 units of fuel per message');
  // The agent in C is there when the build found a C compiler.
  const built = SAMPLES.filter(({ name }) => name !== 'echo-c' || isBuilt(name));
  for (const { name } of built) await deploy(rest, name, sampleModule(name));
  return built;
}

async function askByEachApi(
  rest: RestApi,
  apis: readonly ApiConnection[],
  samples: readonly Sample[],
): Promise<void> {
  heading('A message to each agent by each API, and its answer');
  for (const [round, api] of apis.entries()) {
    for (const sample of samples) {
      const { result: reply, ms } = await timed(
        api.ask({
          performative: sample.performative,
          receiver: sample.name,
          content: sample.content,
        }),
      );
      expect(reply.performative === sample.answer, `${sample.name}: ${JSON.stringify(reply)}`);
      const { metrics } = await figures(rest, sample.name, round + 1);
      expect(metrics.last_message_fuel > 0, `${sample.name} used no fuel`);
      showAnswer(api.name, sample, reply, ms, metrics.last_message_fuel);
    }
  }
}

function showAnswer(api: string, sample: Sample, reply: Reply, ms: number, fuel: number): void {
  line(
    [api, 9],
    [`${sample.performative} → ${sample.name}`, 17],
    [milliseconds(ms), -9],
    [`fuel ${count(fuel)}`, -11],
    [`${reply.performative} ${JSON.stringify(reply.content)}`, 0],
  );
}

/** Each attack runs beside a message to echo; lines come in the order of the answers. */
async function attack(rest: RestApi): Promise<void> {
  heading('Two hostile agents');
  for (const name of HOSTILE_NAMES) await deploy(rest, name, await hostileAgent(name));
  heading('Both are sent messages, and echo in between');
  for (let round = 1; round <= ATTACKS; round++) {
    await Promise.all([
      ...HOSTILE_NAMES.map((name) => askHostile(rest, name)),
      askEcho(rest, `still here, ${round}`),
    ]);
  }
}

async function askHostile(rest: RestApi, name: HostileAgent): Promise<void> {
  const message: Outgoing = { performative: 'request', receiver: name, content: {} };
  const { result: reply, ms } = await timed(rest.ask(message));
  const { error } = reply.content as Failure;
  expect(reply.performative === 'failure', `${name} was not stopped: ${JSON.stringify(reply)}`);
  expect(error.code === 'RESOURCE_LIMIT_EXCEEDED', `${name}: ${JSON.stringify(error)}`);
  expect(error.resource === HOSTILE[name].resource, `${name}: ${JSON.stringify(error)}`);
  line(
    [name, 9],
    [HOSTILE[name].does, 17],
    [milliseconds(ms), -9],
    [`failure ${error.code}: ${error.resource}`, 0],
  );
}

async function askEcho(rest: RestApi, text: string): Promise<void> {
  const message: Outgoing = { performative: 'request', receiver: 'echo', content: { text } };
  const { result: reply, ms } = await timed(rest.ask(message));
  const content = JSON.stringify(reply.content);
  expect(content === JSON.stringify(message.content), `echo answered ${content}`);
  line(['echo', 9], ['answers', 17], [milliseconds(ms), -9], [`inform ${content}`, 0]);
}

interface DeadLetters {
  readonly total: number;
  readonly dead_letters: ReadonlyArray<{
    readonly message_id: string;
    readonly error: { readonly message: string };
    readonly message: { readonly receiver: string };
  }>;
}

async function showDeadLetters(rest: RestApi): Promise<void> {
  const expected = ATTACKS * HOSTILE_NAMES.length;
  const letters = await rest.get<DeadLetters>('/api/v1/dead-letters');
  expect(letters.total === expected, `${letters.total} dead letters instead of ${expected}`);
  heading(`Dead letters: ${letters.total} messages, one for each attack; the last of each agent`);
  for (const name of HOSTILE_NAMES) {
    const page = await rest.get<DeadLetters>(`/api/v1/dead-letters?limit=1&agent=${name}`);
    const letter = page.dead_letters[0];
    expect(letter !== undefined, `${name} has no dead letter`);
    line([name, 9], [letter.error.message.split('. ', 1)[0]!, 0]);
  }
}

async function showCounters(rest: RestApi, samples: readonly Sample[]): Promise<void> {
  heading('Counters');
  line(['agent', 9], ['status', 9], ['handled', -8], ['failed', -7], ['fuel in all', -13]);
  for (const name of [...samples.map((sample) => sample.name), ...HOSTILE_NAMES]) {
    const { status, metrics } = await rest.get<Details>(`/api/v1/agents/${name}`);
    const isHostile = HOSTILE_NAMES.some((hostile) => hostile === name);
    expect(metrics.messages_failed === (isHostile ? ATTACKS : 0), `${name}: wrong counters`);
    line(
      [name, 9],
      [status, 9],
      [count(metrics.messages_processed), -8],
      [count(metrics.messages_failed), -7],
      [count(metrics.fuel_total), -13],
    );
  }
}

async function show(server: ServerProcess): Promise<void> {
  heading('A server with an embedded store in a temporary folder');
  line([server.readyLine, 0]);
  const rest = new RestApi(server.url);
  const apis = [
    rest,
    await WebSocketApi.connect(server.webSocketUrl),
    new GrpcApi(server.grpcAddress),
  ];
  try {
    const samples = await deploySamples(rest);
    await askByEachApi(rest, apis, samples);
    await attack(rest);
    await showDeadLetters(rest);
    await showCounters(rest, samples);
    await showCanary(rest);
    await showContractNet(rest);
  } finally {
    for (const api of apis) api.close();
  }
}

async function main(): Promise<void> {
  const startMs = performance.now();
  const server = await ServerProcess.start();
  const timer = setTimeout(() => {
    console.error(`the demo failed: not done within ${LIMIT_MS / 1_000} seconds`);
    void server.stop().then(() => process.exit(1));
  }, LIMIT_MS);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void server.stop().then(() => process.exit(1)));
  }
  let code: number | null = null;
  try {
    await show(server);
  } finally {
    code = await server.stop();
    clearTimeout(timer);
  }
  expect(code === 0, `the server ended with ${code}`);
  heading(
    `Done in ${((performance.now() - startMs) / 1_000).toFixed(1)} seconds; the server has stopped and its folder is gone.`,
  );
}

try {
  await main();
} catch (error) {
  console.error(`\nthe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
