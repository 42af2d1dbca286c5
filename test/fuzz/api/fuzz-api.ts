import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import fc from 'fast-check';
import type { FuzzTarget } from '../target.js';
import { type ApiOperation, DescribedApi } from './described-api.js';
import { type Answer, exchange } from './exchange.js';
import { type FuzzedServer, startFuzzedServer } from './fuzzed-server.js';
import { anyRequest, type FuzzRequest } from './requests.js';
import { type SentRequest, toSend } from './sent-request.js';
import { Things } from './things.js';

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

/** What is kept of a request: how it went over the wire, and who sent it. */
interface KeptRequest extends Omit<SentRequest, 'body'> {
  readonly operation: string;
  readonly caller: string;
  readonly body?: string;
}

/**
 * Asks a server of its own for what its OpenAPI document describes, and for what it doesn't: every
 * answer must be one that the document allows.
 */
export async function apiRequests(): Promise<FuzzTarget<FuzzRequest>> {
  const fuzzed = await startFuzzedServer();
  const document: unknown = await (await fetch(`${fuzzed.url}/openapi.json`)).json();
  return new ApiFuzzer(fuzzed, new DescribedApi(document));
}

class ApiFuzzer implements FuzzTarget<FuzzRequest> {
  readonly cases: fc.Arbitrary<FuzzRequest>;
  readonly #fuzzed: FuzzedServer;
  readonly #api: DescribedApi;
  readonly #origin: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #things: Things;
  readonly #deployed: string[] = [];
  /** By operation, how often it was answered with each status; 0 = the client left before. */
  readonly #report = new Map<string, Map<number, number>>();
  /** As they were sent, for those that are known to nobody else. */
  readonly #sent = new WeakMap<FuzzRequest, SentRequest>();
  #asked = 0;

  constructor(fuzzed: FuzzedServer, api: DescribedApi) {
    this.#fuzzed = fuzzed;
    this.#origin = new URL(fuzzed.url);
    this.#api = api;
    this.cases = anyRequest(api);
    this.#things = new Things({ agent: fuzzed.agents, module: fuzzed.modules });
  }

  async check(request: FuzzRequest): Promise<void> {
    const sent = this.#toSend(request);
    fc.pre(sent.url.length <= URL_CHARACTERS_MAX);
    await this.#ask(request.operation, request.caller, sent);
  }

  async replay(bytes: Uint8Array): Promise<void> {
    const kept = JSON.parse(Buffer.from(bytes).toString()) as KeptRequest;
    const operation = this.#api.operations.find(({ id }) => id === kept.operation);
    assert.ok(operation, `the document has no operation ${kept.operation}`);
    const body = kept.body === undefined ? undefined : Buffer.from(kept.body, 'latin1');
    await this.#ask(operation, kept.caller, { ...kept, body });
  }

  bytesOf(request: FuzzRequest): Uint8Array {
    const { body, ...sent } = this.#toSend(request);
    const kept: KeptRequest = {
      operation: request.operation.id,
      caller: request.caller,
      ...sent,
      ...(body === undefined ? {} : { body: body.toString('latin1') }),
    };
    return Buffer.from(`${JSON.stringify(kept, undefined, 2)}\n`);
  }

  details(): string[] {
    return [...this.#report]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([id, counts]) => {
        const each = [...counts].sort(([a], [b]) => a - b);
        const texts = each.map(([status, n]) => `${status === 0 ? 'left' : status}: ${n}`);
        return `${id.padEnd(20)} ${texts.join(', ')}`;
      });
  }

  async finish(): Promise<void> {
    assert.equal((await fetch(`${this.#fuzzed.url}/readyz`)).status, 200);
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await this.#fuzzed.server.close();
  }

  /** With what the server told of until now, once and for all. */
  #toSend(request: FuzzRequest): SentRequest {
    const known = this.#sent.get(request) ?? toSend(request, this.#api, this.#things);
    this.#sent.set(request, known);
    return known;
  }

  async #ask(operation: ApiOperation, caller: string, unsigned: SentRequest): Promise<void> {
    const sent = this.#withToken(unsigned, caller);
    if (this.#asked++ % ASKED_UNTIL_REVIVAL === 0) await this.#fuzzed.revive();
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
    const token = this.#fuzzed.tokens[caller] ?? 'no-such-token';
    return { ...sent, headers: { ...sent.headers, 'x-caxton-token': token } };
  }

  #count(id: string, status: number): void {
    const counts = this.#report.get(id) ?? new Map<number, number>();
    counts.set(status, (counts.get(status) ?? 0) + 1);
    this.#report.set(id, counts);
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
