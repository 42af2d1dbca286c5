import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../src/base/limits.js';
import type { FlagSettings } from '../../src/config/load-config.js';
import type { MessageAnswer } from '../api/driver.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { call, deployForm, type RestAnswer, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import type { Fails } from './expectations.js';

const PATIENCE_MS = 20_000;
/** Between two questions to the echo agent, so that the machine has time for the attacks. */
const PAUSE_MS = 2;

export interface Answered {
  readonly message_id: string;
  readonly reply: MessageAnswer;
}

interface DeadLetter {
  readonly message_id: string;
  readonly error: { readonly code: string };
}

/** One on each worker. */
const ECHOES = ['echo', 'far-echo'] as const;

/**
 * A server of two workers with an echo agent on each, so that every other agent has a neighbour on
 * its own worker and one on the other. From start to close both and /healthz are asked again and
 * again; each must answer.
 */
export class Neighbourhood {
  readonly server: TestServer;
  readonly base: string;
  #rssPeakBytes = 0;
  #echoed = 0;
  #stopping = false;
  #asking: Promise<void> = Promise.resolve();
  #broken: unknown;

  private constructor(server: TestServer) {
    this.server = server;
    this.base = `${server.url}/api/v1`;
  }

  static async start(settings: FlagSettings = {}): Promise<Neighbourhood> {
    const server = await startTestServer({
      // Fuel ends the attacks, not the clock, which runs on where the machine is busy.
      defaults: { max_message_ms: LIMITS.max_message_ms_max },
      ...settings,
      workers: ECHOES.length,
    });
    try {
      const place = new Neighbourhood(server);
      for (const name of ECHOES) await place.settle(sampleAgent('echo'), { name });
      place.#asking = place.#askAgainAndAgain();
      // The first answers compile and warm up what all later ones use.
      await place.echoAnswers(20);
      return place;
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  /** The largest resident set seen so far. */
  get rssPeakBytes(): number {
    return this.#rssPeakBytes;
  }

  /** Waits until each echo agent has answered so many more questions. */
  async echoAnswers(count: number): Promise<void> {
    const goal = this.#echoed + count;
    await eventually('the echo agents answer', () => {
      if (this.#broken !== undefined) throw this.#broken;
      return this.#echoed >= goal;
    });
  }

  /**
   * Stops asking and the server; rejects when a neighbour was ever left without an answer, or a
   * worker thread had to be replaced.
   */
  async close(): Promise<void> {
    this.#stopping = true;
    await this.#asking;
    const { text } = await request(`${this.server.url}/metrics`, 'GET');
    await this.server.close();
    if (this.#broken !== undefined) throw this.#broken;
    assert.match(text, /^caxton_worker_restarts_total 0$/m, 'the first worker threads live');
  }

  deploy(module: Uint8Array<ArrayBuffer>, config: object): Promise<RestAnswer> {
    return request(`${this.base}/agents`, 'POST', deployForm(module, config));
  }

  /** Deploys what must be accepted. @returns the agent's id */
  async settle(module: Uint8Array<ArrayBuffer>, config: object): Promise<string> {
    const answer = await this.deploy(module, config);
    assert.equal(answer.status, 201, answer.text);
    return (answer.body as { agent_id: string }).agent_id;
  }

  /** A request to the agent, and what came back. */
  ask(receiver: string, content: unknown, sender = 'attacker'): Promise<Answered> {
    const message = { performative: 'request', receiver, sender, content };
    return call(`${this.base}/messages?wait=true&timeout_ms=${PATIENCE_MS}`, 'POST', message);
  }

  async status(agent: string): Promise<string> {
    return (await call<{ status: string }>(`${this.base}/agents/${agent}`, 'GET')).status;
  }

  /** The agent's dead letters are these messages and no others, each with the code. */
  async expectDeadLetters(agent: string, ids: readonly string[], code: string): Promise<void> {
    const letters = await eventually(`${ids.length} dead letters of ${agent}`, async () => {
      const url = `${this.base}/dead-letters?agent=${agent}&limit=500`;
      const page = await call<{ dead_letters: DeadLetter[]; total: number }>(url, 'GET');
      return page.total >= ids.length && page.dead_letters;
    });
    assert.deepEqual(letters.map((letter) => letter.message_id).sort(), [...ids].sort());
    for (const { error } of letters) assert.equal(error.code, code);
  }

  /** Everything that the client was sent, once that is at least `count` messages. */
  received(client: string, count: number): Promise<readonly MessageAnswer[]> {
    return eventually(`${count} messages to ${client}`, async () => {
      const url = `${this.base}/messages?receiver=${client}&limit=500`;
      const page = await call<{ messages: MessageAnswer[]; total: number }>(url, 'GET');
      return page.total >= count && page.messages;
    });
  }

  async #askAgainAndAgain(): Promise<void> {
    try {
      while (!this.#stopping) {
        const content = { question: this.#echoed };
        for (const echo of ECHOES) {
          const { reply } = await this.ask(echo, content, 'neighbour');
          assert.equal(reply.performative, 'inform');
          assert.deepEqual(reply.content, content);
        }
        const health = await request(`${this.server.url}/healthz`, 'GET');
        assert.equal(health.status, 200, health.text);
        this.#echoed += 1;
        this.#rssPeakBytes = Math.max(this.#rssPeakBytes, process.memoryUsage.rss());
        await sleep(PAUSE_MS);
      }
    } catch (error) {
      this.#broken = error;
    }
  }
}

/** The answer is the agent's own `failure`, of the expected code, reason and details. */
export function assertFailure(answered: Answered, agentId: string, expected: Fails): void {
  const { reply } = answered;
  assert.equal(reply.performative, 'failure', JSON.stringify(reply));
  assert.equal(reply.sender, agentId);
  const { error } = reply.content as { error: Record<string, unknown> };
  assert.equal(error.code, expected.code, JSON.stringify(error));
  assert.match(String(error.message), expected.reason);
  for (const [name, value] of Object.entries(expected.details)) {
    assert.deepEqual(error[name], value, `${name} of ${JSON.stringify(error)}`);
  }
}
