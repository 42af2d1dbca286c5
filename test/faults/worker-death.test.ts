import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { LIMITS } from '../../src/base/limits.js';
import type { DeadLettersPage, MessageAnswer, MessagesPage, WaitAnswer } from '../api/driver.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { call, deployForm, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { Dice, LoadClient } from './load.js';

const WORKERS = 2;
const SENDERS = 3;
const ECHOES = ['echo-a', 'echo-b'];
const COUNTERS = ['counter-a', 'counter-b'];
const AGENTS = [...ECHOES, ...COUNTERS, 'slow'];

interface ErrorContent {
  readonly error: { readonly code: string; readonly resource?: string };
}

// Agents' worker threads, told from the server's others by the heap limit that only they have.
const threads = new Set<Worker>();
const noteThread = (thread: Worker): void => {
  if (thread.resourceLimits?.maxOldGenerationSizeMb !== LIMITS.worker_heap_mb) return;
  // Its first word is that it is there: a thread counts from then on.
  thread.once('message', () => threads.add(thread));
  thread.once('exit', () => threads.delete(thread));
};
process.on('worker', noteThread);
after(() => process.off('worker', noteThread));

let server: TestServer;
let clients: LoadClient[] = [];
beforeEach(async () => {
  server = await startTestServer({ workers: WORKERS });
  for (const name of ECHOES) await deploy(sampleAgent('echo'), name);
  for (const name of COUNTERS) await deploy(sampleAgent('counter'), name);
  await deploy(await guest('slow-agent'), 'slow');
  clients = await Promise.all(
    Array.from({ length: SENDERS }, (_, index) => LoadClient.connect(server, `load-${index}`)),
  );
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await server?.close();
});

async function deploy(
  module: Uint8Array<ArrayBuffer>,
  name: string,
  resources: object = {},
): Promise<void> {
  const form = deployForm(module, { name, resources });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
}

function ask(receiver: string, content: object): Promise<WaitAnswer> {
  const message = { performative: 'request', sender: 'asker', receiver, content };
  return call(`${server.url}/api/v1/messages?wait=true`, 'POST', message);
}

async function workerRestarts(): Promise<number> {
  const { text } = await request(`${server.url}/metrics`, 'GET');
  return Number(/^caxton_worker_restarts_total (\d+)$/m.exec(text)?.[1]);
}

function get<T>(path: string): Promise<T> {
  return call(`${server.url}/api/v1${path}`, 'GET');
}

async function deadLetters() {
  const page = await get<DeadLettersPage>('/dead-letters?limit=500');
  return new Map(page.dead_letters.map((letter) => [letter.message_id, letter]));
}

/** Runs the load while `faults` happen, and for as long as they take. */
async function underLoad(dice: Dice, faults: () => Promise<void>): Promise<void> {
  let goesOn = true;
  const load = Promise.all(clients.map((client) => client.run(AGENTS, dice, () => goesOn)));
  try {
    await Promise.race([faults(), load]);
  } finally {
    goesOn = false;
  }
  await load;
}

const repliesOf = (client: LoadClient, agentIds: ReadonlyMap<string, string>, agent: string) =>
  client.replies.filter((reply) => reply.sender === agentIds.get(agent));

/** Every accepted message has exactly one answer, in order; `failure` where it is a dead letter. */
async function checkAnswers(): Promise<void> {
  for (const client of clients) await client.settled();
  // Behind whatever an agent may still have to say.
  for (const agent of AGENTS) await ask(agent, { action: 'get' });
  const agentIds = await idsOfAgents();
  const letters = await deadLetters();
  for (const client of clients) {
    client.takeReplies();
    assert.deepEqual(
      client.replies.map((reply) => reply.in_reply_to).sort(),
      [...client.accepted.keys()].sort(),
      `${client.name} got one answer for each accepted message`,
    );
    for (const reply of client.replies) {
      const { messageId } = client.accepted.get(reply.in_reply_to as string)!;
      assert.equal(reply.performative, letters.has(messageId) ? 'failure' : 'inform');
    }
    for (const agent of AGENTS) {
      const order = repliesOf(client, agentIds, agent).map((reply) =>
        LoadClient.sequenceOf(reply.in_reply_to as string),
      );
      const sorted = [...order].sort((a, b) => a - b);
      assert.deepEqual(order, sorted, `the order from ${client.name} to ${agent}`);
    }
    const page = await get<MessagesPage>(`/messages?receiver=${client.name}&limit=1`);
    assert.equal(page.total, client.accepted.size);
  }
}

async function idsOfAgents(): Promise<Map<string, string>> {
  const { agents } = await get<{ agents: Array<{ agent_id: string; name: string }> }>('/agents');
  return new Map(agents.map((agent) => [agent.name, agent.agent_id]));
}

/** Each message that a counter handled counted once, and nothing else did. */
async function checkCounts(): Promise<void> {
  const agentIds = await idsOfAgents();
  for (const counter of COUNTERS) {
    const counts = clients
      .flatMap((client) => repliesOf(client, agentIds, counter))
      .filter((reply) => reply.performative === 'inform')
      .map((reply) => (reply.content as { count: number }).count)
      .sort((a, b) => a - b);
    assert.ok(counts.length > 0);
    assert.deepEqual(
      counts,
      counts.map((_, index) => index + 1),
      `${counter} counted every message once`,
    );
    const { reply } = await ask(counter, { action: 'get' });
    assert.deepEqual(reply.content, { count: counts.length });
  }
}

async function startAnew(agent: string): Promise<void> {
  await call(`${server.url}/api/v1/agents/${agent}/stop`, 'POST', {});
  await eventually(
    'it has stopped',
    async () => (await get<{ status: string }>(`/agents/${agent}`)).status === 'stopped',
  );
  await call(`${server.url}/api/v1/agents/${agent}/start`, 'POST', {});
}

async function allRun(): Promise<void> {
  await eventually('all agents run', async () => {
    const { agents } = await get<{ agents: Array<{ status: string }> }>('/agents');
    return agents.every((agent) => agent.status === 'running');
  });
}

test('threads that are killed under load cost no message', async (t) => {
  const dice = new Dice();
  t.diagnostic(`CAXTON_FAULT_SEED=${dice.seed}`);
  assert.equal(threads.size, WORKERS);
  let killed = 0;
  const killSome = async (): Promise<void> => {
    // Fewer times than workers may die in an agent's hands within a minute.
    for (let round = 1; round < LIMITS.worker_deaths_per_minute; round++) {
      await sleep(dice.whole(100, 500));
      await eventually('there are threads to kill', () => threads.size === WORKERS);
      const victims = dice.whole(0, 2) === 0 ? [...threads] : [dice.pick([...threads])];
      for (const thread of victims) void thread.terminate();
      killed += victims.length;
      await eventually(
        'dead workers are replaced',
        async () => (await workerRestarts()) === killed,
      );
      for (const agent of AGENTS) await ask(agent, { action: 'get' });
    }
  };
  for (let wave = 0; wave < 3; wave++) {
    await underLoad(dice, killSome);
    for (const client of clients) await client.settled();
    // Whoever starts an agent forgives it the deaths.
    for (const agent of AGENTS) await startAnew(agent);
  }
  await checkAnswers();
  await checkCounts();
  await allRun();
  assert.equal(await workerRestarts(), killed);
  assert.deepEqual([...(await deadLetters()).values()], []);
});

test('a message that outlasts max_message_ms costs itself; neighbours and their data come back', async (t) => {
  const dice = new Dice();
  t.diagnostic(`CAXTON_FAULT_SEED=${dice.seed}`);
  const limitMs = 1_500;
  const bombs = ['bomb-a', 'bomb-b'];
  for (const name of bombs) {
    const resources = { cpu: String(LIMITS.fuel_max), max_message_ms: limitMs };
    await deploy(await guest('loop-br'), name, resources);
  }
  const rounds = 3;
  const failures: MessageAnswer[] = [];
  await underLoad(dice, async () => {
    for (let round = 1; round <= rounds; round++) {
      await sleep(dice.whole(50, 300));
      const bomb = ask(dice.pick(bombs), {});
      const probes = ECHOES.map((echo) => ask(echo, {}));
      failures.push((await bomb).reply);
      await Promise.all(probes);
      await eventually('the worker is replaced', async () => (await workerRestarts()) === round);
    }
  });
  for (const { performative, content } of failures) {
    assert.equal(performative, 'failure');
    const { code, resource } = (content as ErrorContent).error;
    assert.deepEqual([code, resource], ['RESOURCE_LIMIT_EXCEEDED', 'time']);
  }
  await checkAnswers();
  await checkCounts();
  await allRun();
  const letters = [...(await deadLetters()).values()];
  assert.deepEqual(
    letters.map(({ error }) => error.code),
    failures.map(() => 'RESOURCE_LIMIT_EXCEEDED'),
  );
});
