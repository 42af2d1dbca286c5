import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import fc from 'fast-check';
import type { ApiOperation } from './described-api.js';
import { DescribedApi } from './described-api.js';
import { type Answer, exchange } from './exchange.js';
import { anyRequest, type FuzzRequest } from './requests.js';
import { type SentRequest, toSend } from './sent-request.js';
import { Things } from './things.js';

export interface FuzzOptions {
  /** Such as http://127.0.0.1:40123. */
  readonly url: string;
  /** By the name of who asks; `admin` among them. */
  readonly tokens: Readonly<Record<string, string>>;
  /** Names of agents, and of groups of them. */
  readonly agents: readonly string[];
  /** Modules in base64, some of which are none. */
  readonly modules: readonly string[];
  /** Brings back the agents that requests removed or stopped; called now and then. */
  readonly revive: () => Promise<void>;
  readonly seconds: number;
  /** The same seed sends the same requests, but for what the server's answers put into them. */
  readonly seed: number;
}

/** How often each operation was answered with each status; 0 = the client left before. */
export type FuzzReport = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** Operations that wait for somebody else, longer than a fuzzer wants to. */
const WAITING = new Set(['sendMessage', 'distributeTask']);
const PATIENCE_MS = 1_000;
/** After so long an operation that waits for nobody counts as hanging. */
const HANGING_MS = 60_000;
/** What a server reads of a request's head; a longer one is not the API's to answer. */
const URL_CHARACTERS_MAX = 3_000;
/** Above that agents are removed again, so that the server stays as large as it is. */
const AGENTS_MAX = 20;

const ASKED_UNTIL_REVIVAL = 100;

/** Server errors that say no more than what became of an agent or a message. */
const DOCUMENTED_FAILURES = new Set(['DEPLOYMENT_FAILED', 'MESSAGE_DELIVERY_FAILED']);

/**
 * Asks a server for what its OpenAPI document describes, and for what it doesn't, until the time is
 * over.
 * @throws Error with the seed and the smallest request found whose answer the document doesn't allow
 */
export async function fuzzApi(options: FuzzOptions): Promise<FuzzReport> {
  const document: unknown = await (await fetch(`${options.url}/openapi.json`)).json();
  const fuzzer = new Fuzzer(options, new DescribedApi(document));
  try {
    await fc.assert(
      fc.asyncProperty(anyRequest(fuzzer.api), (request) => fuzzer.ask(request)),
      {
        seed: options.seed,
        numRuns: 10_000_000,
        maxSkipsPerRun: 1_000,
        interruptAfterTimeLimit: options.seconds * 1_000,
      },
    );
    return fuzzer.report;
  } finally {
    fuzzer.close();
  }
}

class Fuzzer {
  readonly api: DescribedApi;
  readonly report = new Map<string, Map<number, number>>();
  readonly #options: FuzzOptions;
  readonly #origin: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #things: Things;
  readonly #deployed: string[] = [];
  #asked = 0;

  constructor(options: FuzzOptions, api: DescribedApi) {
    this.#options = options;
    this.#origin = new URL(options.url);
    this.api = api;
    this.#things = new Things({ agent: options.agents, module: options.modules });
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Sends one request. @throws AssertionError when the document doesn't allow the answer */
  async ask(request: FuzzRequest): Promise<void> {
    const { operation, caller } = request;
    const sent = this.#withToken(toSend(request, this.api, this.#things), caller);
    fc.pre(sent.url.length <= URL_CHARACTERS_MAX);
    if (this.#asked++ % ASKED_UNTIL_REVIVAL === 0) await this.#options.revive();
    const waits = WAITING.has(operation.id);
    const patienceMs = waits ? PATIENCE_MS : HANGING_MS;
    const answer = await exchange(this.#agent, this.#origin, sent, patienceMs);
    this.#count(operation.id, answer?.status ?? 0);
    if (answer === undefined) {
      assert.ok(waits, `${described(sent)} was not answered within ${HANGING_MS} ms`);
      return;
    }
    const body = checked(operation, sent, answer);
    if (answer.status >= 300) return;
    this.#things.learn(body);
    if (operation.id === 'deployAgent') await this.#keepSmall(body.agent_id as string);
  }

  #withToken(sent: SentRequest, caller: string): SentRequest {
    if (caller === 'none') return sent;
    const token = this.#options.tokens[caller] ?? 'no-such-token';
    return { ...sent, headers: { ...sent.headers, 'x-caxton-token': token } };
  }

  #count(id: string, status: number): void {
    const counts = this.report.get(id) ?? new Map<number, number>();
    counts.set(status, (counts.get(status) ?? 0) + 1);
    this.report.set(id, counts);
  }

  async #keepSmall(agentId: string): Promise<void> {
    this.#deployed.push(agentId);
    if (this.#deployed.length <= AGENTS_MAX) return;
    const sent = {
      method: 'DELETE',
      url: `/api/v1/agents/${this.#deployed.shift()}`,
      headers: {},
      body: undefined,
      violates: false,
    };
    await exchange(this.#agent, this.#origin, this.#withToken(sent, 'admin'), HANGING_MS);
  }
}

/** The body of an answer that is as the document has it. */
function checked(
  { answers }: ApiOperation,
  sent: SentRequest,
  { status, contentType, text }: Answer,
): Record<string, unknown> {
  const told = `${described(sent)}\nwas answered with ${status}: ${text.slice(0, 2_000)}\n`;
  const validate = answers.get(status);
  assert.ok(validate, `${told}The document has no such status.`);
  assert.equal(contentType, 'application/json', told);
  const body = parsed(text, told);
  assert.ok(validate(body), `${told}${JSON.stringify(validate.errors)}`);
  if (status >= 500 && status !== 503 && status !== 504) {
    const { code } = body.error as { code: string };
    assert.ok(DOCUMENTED_FAILURES.has(code), `${told}The server failed.`);
  }
  if (status < 300) assert.ok(!sent.violates, `${told}The document does not allow the request.`);
  return body;
}

function parsed(text: string, told: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    assert.fail(`${told}The body is not JSON.`);
  }
}

function described({ method, url, headers, body }: SentRequest): string {
  const { 'x-caxton-token': token, ...others } = headers;
  const who = token === undefined ? 'without a token' : 'with a token';
  const what = body === undefined ? '' : `\n${body.toString().slice(0, 2_000)}`;
  return `${method} ${url} ${JSON.stringify(others)} ${who}${what}`;
}
