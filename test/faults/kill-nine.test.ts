import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import { ApiFailure, type SendAnswer, type WaitAnswer } from '../api/driver.js';
import { ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import { connect, type WsClient } from '../support/ws-client.js';
import { Dice, historyOf } from './load.js';

const ROUNDS = 5;
const REST_SENDERS = 3;
const BATCH = 25;

interface AgentView {
  readonly agent_id: string;
  readonly name: string;
  readonly status: string;
  readonly version: string;
  readonly created_at: string;
  readonly resources: { readonly limits: object };
}

const post = <T>(server: ServeProcess, path: string, body?: unknown): Promise<T> =>
  call(`${server.url}/api/v1${path}`, 'POST', body);

function deploy(server: ServeProcess, agent: 'echo' | 'counter', config: object) {
  return post<AgentView>(server, '/agents', deployForm(sampleAgent(agent), config));
}

/** What must be the same after a restart, by name. */
async function agentsOf(server: ServeProcess): Promise<Map<string, Partial<AgentView>>> {
  const list = `${server.url}/api/v1/agents`;
  const { agents } = await call<{ agents: AgentView[] }>(`${list}?limit=500`, 'GET');
  const views = await Promise.all(
    agents.map(({ agent_id }) => call<AgentView>(`${list}/${agent_id}`, 'GET')),
  );
  return new Map(
    views.map(({ agent_id, name, status, version, created_at, resources }) => [
      name,
      { agent_id, status, version, created_at, resources: { limits: resources.limits } },
    ]),
  );
}

async function count(server: ServeProcess, content: object): Promise<number> {
  const message = { performative: 'request', sender: 'counting', receiver: 'counter', content };
  const { reply } = await post<WaitAnswer>(server, '/messages?wait=true', message);
  return (reply.content as { count: number }).count;
}

/** Clients that send until the server is gone, and what it acknowledged to them. */
class Load {
  /** The place in its sender's order by message id, by sender. */
  readonly acknowledged = new Map<string, Map<string, number>>();
  /** A count that the disk had, by the acknowledgement of a later message. */
  durableCount = 0;
  addsTried = 0;
  readonly #server: ServeProcess;
  readonly #persist: boolean;
  readonly #ended: Promise<unknown>;
  #stopping = false;

  /** @param persist whether an acknowledgement shall mean that the message is on the disk */
  constructor(server: ServeProcess, name: string, persist: boolean) {
    this.#server = server;
    this.#persist = persist;
    const senders = Array.from({ length: REST_SENDERS }, (_, index) =>
      this.#untilItEnds((sequence) => this.#sendOne(`${name}-rest-${index}`, sequence)),
    );
    this.#ended = Promise.all([
      ...senders,
      this.#sendBatches(`${name}-socket`),
      this.#untilItEnds((sequence) => this.#addAndMark(`${name}-marker`, sequence)),
    ]);
    // Looked at in `end`, which may be later than a failure.
    this.#ended.catch(() => undefined);
  }

  get total(): number {
    return [...this.acknowledged.values()].reduce((total, { size }) => total + size, 0);
  }

  /** The server is about to go: from now on its clients may fail. */
  expectEnd(): void {
    this.#stopping = true;
  }

  async end(): Promise<void> {
    await this.#ended;
  }

  async #untilItEnds(step: (sequence: number) => Promise<void>): Promise<void> {
    for (let sequence = 0; ; sequence++) {
      try {
        await step(sequence);
      } catch (error) {
        if (this.#stopping) return;
        // Full for the moment; anything else is a failure of a server that runs.
        if (!(error instanceof ApiFailure) || error.code !== 'RESOURCE_LIMIT_EXCEEDED') throw error;
      }
    }
  }

  async #sendOne(sender: string, sequence: number): Promise<void> {
    const message = this.#message(sender, sequence);
    const { message_id: id } = await post<SendAnswer>(this.#server, '/messages', {
      ...message,
      options: { persist: this.#persist },
    });
    this.#acknowledge(sender, id, sequence);
  }

  async #sendBatches(sender: string): Promise<void> {
    const client: WsClient = await connect(`${this.#server.url.replace('http', 'ws')}/ws`);
    await this.#untilItEnds(async (batch) => {
      const sequences = Array.from({ length: BATCH }, (_, index) => batch * BATCH + index);
      const options = { persist: this.#persist };
      const frames = sequences.map((sequence) => ({
        message: this.#message(sender, sequence),
        options,
      }));
      client.send(encode(frames));
      const ack = await client.takeType('ack');
      const ids = ack.message_ids as Array<string | null>;
      ids.forEach((id, index) => {
        if (id !== null) this.#acknowledge(sender, id, sequences[index] as number);
      });
    });
    client.socket.terminate();
  }

  async #addAndMark(sender: string, sequence: number): Promise<void> {
    this.addsTried += 1;
    const counted = await count(this.#server, { action: 'add', amount: 1 });
    // What was answered before this was sent lies before it in the store.
    await this.#sendOne(sender, sequence);
    this.durableCount = counted;
  }

  #message(sender: string, sequence: number) {
    return { performative: 'request', sender, receiver: 'echo', content: { sequence } };
  }

  #acknowledge(sender: string, messageId: string, sequence: number): void {
    const messages = this.acknowledged.get(sender) ?? new Map<string, number>();
    messages.set(messageId, sequence);
    this.acknowledged.set(sender, messages);
  }
}

/** Every acknowledged message is in the history once, with its content, and nothing is there twice. */
async function checkHistory(server: ServeProcess, load: Load): Promise<void> {
  assert.ok(load.total > 0, 'something was acknowledged');
  for (const [sender, acknowledged] of load.acknowledged) {
    const history = await historyOf(server.url, sender);
    const found = new Map(
      history.map(({ message_id, content }) => [
        message_id,
        (content as { sequence: number }).sequence,
      ]),
    );
    assert.equal(found.size, history.length, `${sender}: ids are there once`);
    const sequences = [...found.values()];
    assert.equal(new Set(sequences).size, sequences.length, `${sender}: messages are there once`);
    for (const [messageId, sequence] of acknowledged) {
      assert.equal(found.get(messageId), sequence, `${sender}: message ${messageId}`);
    }
  }
}

test('kill -9 under load loses nothing that was acknowledged as persisted', async (t) => {
  const dice = new Dice();
  t.diagnostic(`CAXTON_FAULT_SEED=${dice.seed}`);
  const folder = mkdtempSync(join(tmpdir(), 'caxton-kill-'));
  let server = await ServeProcess.start([], folder);
  try {
    const resources = { memory: '50MB', cpu: '2000000', mailbox: 5_000 };
    await deploy(server, 'echo', { name: 'echo', version: '2.1.0', resources });
    await deploy(server, 'counter', { name: 'counter' });
    await deploy(server, 'echo', { name: 'sleeper' });
    await post(server, '/agents/sleeper/stop', { grace_period_seconds: 5 });
    await eventually('sleeper stops', async () => {
      return (await agentsOf(server)).get('sleeper')?.status === 'stopped';
    });
    const expected = await agentsOf(server);
    const loads: Load[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const load = new Load(server, `round-${round}`, true);
      loads.push(load);
      await eventually('a count is durable', () => load.durableCount > 0);
      const name = `late-${round}`;
      const late = deploy(server, 'echo', { name }).catch(() => undefined);
      await sleep(dice.whole(0, 500));
      load.expectEnd();
      await server.process.signal('SIGKILL');
      await load.end();

      server = await ServeProcess.start([], folder);
      const agents = await agentsOf(server);
      for (const [agent, view] of expected) assert.deepEqual(agents.get(agent), view, agent);
      const deployed = await late;
      if (deployed !== undefined) {
        const view = agents.get(name) ?? {};
        assert.deepEqual([view.agent_id, view.status], [deployed.agent_id, 'running']);
        expected.set(name, view);
      }
      const counted = await count(server, { action: 'get' });
      const triedTotal = loads.reduce((total, { addsTried }) => total + addsTried, 0);
      assert.ok(counted >= load.durableCount, `${counted} of ${load.durableCount} counted`);
      assert.ok(counted <= triedTotal, `${counted} counted, ${triedTotal} sent`);
      await checkHistory(server, load);
    }
    // What earlier rounds left is as it was.
    for (const load of loads) await checkHistory(server, load);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('SIGTERM under load ends with code 0 and keeps everything that was acknowledged', async (t) => {
  const dice = new Dice();
  t.diagnostic(`CAXTON_FAULT_SEED=${dice.seed}`);
  let server = await ServeProcess.start();
  try {
    await deploy(server, 'echo', { name: 'echo', resources: { mailbox: 5_000 } });
    await deploy(server, 'counter', { name: 'counter' });
    const before = await agentsOf(server);
    const load = new Load(server, 'stopped', false);
    await eventually('something is counted', () => load.durableCount > 0);
    await sleep(dice.whole(0, 500));
    load.expectEnd();
    const { code, stderr } = await server.process.signal('SIGTERM');
    assert.equal(code, 0, stderr);
    await load.end();

    server = await ServeProcess.start([], server.folder);
    assert.deepEqual(await agentsOf(server), before);
    await checkHistory(server, load);
    assert.ok((await count(server, { action: 'get' })) >= load.durableCount);
  } finally {
    await server.close();
  }
});
