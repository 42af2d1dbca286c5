import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentConfigInput, toAgentConfig } from '../../src/api/agent-config.js';
import { CaxtonError } from '../../src/base/errors.js';
import { createLogger, type Logger } from '../../src/base/log.js';
import { type FlagSettings, loadConfig } from '../../src/config/load-config.js';
import type { Config } from '../../src/config/schema.js';
import { parseMessageInput } from '../../src/fipa/input.js';
import { contentValue, type Message } from '../../src/fipa/message.js';
import { Runtime } from '../../src/runtime/runtime.js';
import type {
  AgentSnapshot,
  SendOptions,
  SendResult,
  WaitResult,
} from '../../src/runtime/types.js';
import { openStore } from '../../src/store/embedded-store.js';
import type { DeadLetter, HistoryQuery, Store } from '../../src/store/store.js';
import { eventually } from './eventually.js';
import { guest, type SampleAgent, sampleAgent } from './guests.js';

export type EventJson = Readonly<Record<string, unknown>> & { readonly type: string };

/** What an agent or the server put into a `failure`. */
export interface FailureError {
  readonly code: string;
  readonly message: string;
  readonly resource?: string;
  readonly limit?: number;
}

const SAMPLES: readonly string[] = ['echo', 'counter', 'bidder', 'echo-c'] satisfies SampleAgent[];

/** A runtime with real workers and a real store, without any transport. */
export class TestRuntime {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly config: Config;
  readonly dataDir: string;
  readonly #ownsData: boolean;

  constructor(runtime: Runtime, store: Store, config: Config, ownsData: boolean) {
    this.runtime = runtime;
    this.store = store;
    this.config = config;
    this.dataDir = config.data_dir;
    this.#ownsData = ownsData;
  }

  /** Deploys a sample agent or a guest by name, or a module given as bytes. */
  async deploy(
    module: string | Uint8Array,
    config: Partial<AgentConfigInput> = {},
  ): Promise<AgentSnapshot> {
    const name = typeof module === 'string' ? module : 'agent';
    const input = { name, ...config };
    return this.runtime.agents.deploy(
      await moduleBytes(module),
      toAgentConfig(input, this.config),
      'tests',
    );
  }

  /** A request of sender "tester", unless the fields say otherwise. */
  message(receiver: string, content: unknown, fields: object = {}): Message {
    const input = { performative: 'request', sender: 'tester', receiver, content, ...fields };
    return parseMessageInput(input, {
      contentBytes: this.config.limits.content_bytes,
      strict: true,
    });
  }

  async send(
    receiver: string,
    content: unknown,
    fields: object = {},
    options: SendOptions = {},
  ): Promise<SendResult> {
    return this.runtime.messages.send(this.message(receiver, content, fields), options);
  }

  async ask(
    receiver: string,
    content: unknown,
    fields: object = {},
    options: SendOptions = {},
  ): Promise<WaitResult> {
    return this.runtime.messages.sendAndWait(this.message(receiver, content, fields), options);
  }

  /** The content of the answer. */
  async askContent(receiver: string, content: unknown, fields: object = {}): Promise<unknown> {
    return contentValue((await this.ask(receiver, content, fields)).reply);
  }

  /** Sends what is known to fail; gives the error of the `failure` that came back. */
  async askFailure(receiver: string, content: unknown = {}): Promise<FailureError> {
    const { reply } = await this.ask(receiver, content);
    if (reply.performative !== 'failure') throw new Error(`answered with ${reply.performative}`);
    return (contentValue(reply) as { error: FailureError }).error;
  }

  /** All messages of the history that match, oldest first. */
  async history(query: Partial<HistoryQuery> = {}): Promise<Message[]> {
    await this.store.durable();
    const messages: Message[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.runtime.history({
        order: 'asc',
        limit: 500,
        ...query,
        ...(cursor === undefined ? {} : { cursor }),
      });
      messages.push(...page.messages);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return messages;
  }

  async deadLetters(agent?: string): Promise<DeadLetter[]> {
    await this.store.durable();
    const letters: DeadLetter[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.runtime.deadLetters.list({ agent, limit: 500, cursor });
      letters.push(...page.deadLetters);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return letters;
  }

  /** Resolves when the agent is in the state, or runs and takes messages. */
  async until(agent: string, state: AgentSnapshot['state'] | 'idle'): Promise<AgentSnapshot> {
    return eventually(`${agent} is ${state}`, () => {
      const snapshot = this.runtime.agents.get(agent);
      const there = state === 'idle' ? snapshot.mailboxMessages === 0 : snapshot.state === state;
      return there && snapshot;
    });
  }

  /** Collects the events of some types from now on. */
  events(...types: string[]): EventJson[] {
    const events: EventJson[] = [];
    this.runtime.events.subscribe({ events: types }, (json) => events.push(JSON.parse(json)));
    return events;
  }

  /** Stops the runtime and its store; the data folder goes too, unless it was the test's own. */
  async close(): Promise<void> {
    await this.runtime.stop();
    await this.store.close();
    if (this.#ownsData) await rm(this.dataDir, { recursive: true, force: true });
  }
}

async function moduleBytes(module: string | Uint8Array): Promise<Uint8Array> {
  if (typeof module !== 'string') return module;
  return SAMPLES.includes(module) ? sampleAgent(module as SampleAgent) : guest(module);
}

/** Starts a runtime in a data folder of its own, or in the one that is given. */
export async function startTestRuntime(
  overrides: FlagSettings = {},
  logger: Logger = createLogger({ level: 'silent' }),
): Promise<TestRuntime> {
  const ownsData = overrides.data_dir === undefined;
  const dataDir = overrides.data_dir ?? (await mkdtemp(join(tmpdir(), 'caxton-runtime-')));
  const config = loadConfig({ flags: { workers: 1, ...overrides, data_dir: dataDir } });
  const store = await openStore({
    dir: config.data_dir,
    historyEnabled: config.history.enabled,
    historyMaxMessages: config.history.max_messages,
    historyMaxAgeMs: config.history.max_age_ms,
    deadLettersMax: config.limits.dead_letters,
    contentBytes: config.limits.content_bytes,
    logger,
  });
  const runtime = new Runtime(config, store, logger);
  await runtime.start();
  return new TestRuntime(runtime, store, config, ownsData);
}

/** Runs the test with a runtime and closes it, whatever comes. */
export async function withRuntime(
  overrides: FlagSettings,
  use: (test: TestRuntime) => Promise<void>,
): Promise<void> {
  const test = await startTestRuntime(overrides);
  try {
    await use(test);
  } finally {
    await test.close();
  }
}

/** For assert.rejects: a CaxtonError of this code, whose details hold these. */
export function refusal(code: string, details: object = {}): (error: unknown) => boolean {
  return (error) =>
    error instanceof CaxtonError &&
    error.code === code &&
    Object.entries(details).every(([key, value]) => error.details[key] === value);
}
