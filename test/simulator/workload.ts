import { CaxtonError } from '../../src/base/errors.js';
import { decodeMessage } from '../../src/fipa/binary.js';
import { CONTENT_JSON, type Envelope, emptyMessage, type Message } from '../../src/fipa/message.js';
import type { AgentConfig, AnswerTaker, SendOptions, SendResult } from '../../src/runtime/types.js';
import { type Ledger, Violation } from './ledger.js';
import { type Program, Programs } from './program.js';
import type { Random } from './random.js';
import type { SimulatedServer } from './simulated-server.js';
import type { World } from './world.js';

export const AGENTS = ['a0', 'a1', 'a2'] as const;
export const CLIENTS = ['c0', 'c1', 'c2'] as const;
const CAPABILITY = 'work';

/** One caller that waits for an answer. */
export interface Wait {
  readonly life: number;
  readonly what: string;
  ends: number;
}

/** What clients and the operator do, drawn by the seed. All of it is called as the API would. */
export class Workload {
  readonly waits: Wait[] = [];
  /** Ids of messages whose persistence was acknowledged. */
  readonly durable: string[] = [];
  /** Ids of messages that were sent with `persist`. */
  readonly persistent = new Set<string>();
  operationsUnderWay = 0;
  readonly #world: World;
  readonly #random: Random;
  readonly #ledger: Ledger;
  readonly #module: Uint8Array;
  readonly #programs: Programs;
  readonly #agents: readonly string[];
  readonly #priorities: boolean;
  /** Whether agents may have more than one instance. */
  readonly #several: boolean;
  readonly #keys = new Map<string, { id: string; life: number }>();
  #lastKey = 0;
  server!: SimulatedServer;

  constructor(world: World, ledger: Ledger, module: Uint8Array) {
    this.#world = world;
    this.#random = world.random;
    this.#ledger = ledger;
    this.#module = module;
    this.#agents = AGENTS.slice(0, world.random.pick([1, 2, 2, 3]));
    const names = { agents: this.#agents, clients: CLIENTS, capability: CAPABILITY };
    this.#programs = new Programs(world.random, names, world.random.pick([0, 0.03, 0.15]));
    this.#several = world.random.chance(0.4);
    this.#priorities = world.random.chance(0.3);
  }

  programOf(id: number): Program | undefined {
    return this.#programs.made.get(id);
  }

  /** A few agents, deployed. */
  deployAll(): void {
    for (const name of this.#agents) this.#deploy(name);
  }

  /** One thing that somebody does now. */
  act(): void {
    const dice = this.#random.next();
    if (dice < 0.5) this.#sendSome(1);
    else if (dice < 0.78) this.#ask();
    else if (dice < 0.86) this.#persist();
    else if (dice < 0.91) this.#keyed();
    else if (dice < 0.95) this.#sendSome(this.#random.between(5, 40));
    else this.#operate();
  }

  #message(program: Program, to?: string): Message {
    const random = this.#random;
    return {
      ...emptyMessage('request'),
      sender: random.pick(CLIENTS),
      receiver:
        to ?? (random.chance(0.05) ? `capability:${CAPABILITY}` : random.pick(this.#agents)),
      conversationId: this.#conversation(program),
      priority: this.#priorities && random.chance(0.3) ? random.between(1, 9) : 0,
      contentEncoding: CONTENT_JSON,
      content: JSON.stringify(program),
    };
  }

  // A conversation that the server names has the time in its name, by which instances are chosen:
  // then the same seed would do another thing at another time.
  #conversation({ id }: Program): string {
    if (this.#random.chance(0.5)) return `conv-${this.#random.below(6)}`;
    return this.#several ? `conv-of-${id}` : '';
  }

  /** A message that `client` sends, and whose answer comes back to it. */
  #request(): Message {
    const client = this.#random.pick(CLIENTS);
    return { ...this.#message(this.#programs.next(2, client)), sender: client };
  }

  #sendSome(count: number): void {
    const to = count > 1 ? this.#random.pick(this.#agents) : undefined;
    if (count > 1) this.#world.count('bursts');
    for (let i = 0; i < count; i++) {
      const message = this.#message(this.#programs.next(count > 1 ? 0 : 3), to);
      this.#refusable(() => this.#send(message, {}));
    }
  }

  #send(message: Message, options: SendOptions): SendResult {
    const before = this.#ledger.order.length;
    try {
      const result = this.server.runtime.messages.send(message, options) as SendResult;
      this.#ledgerHas(before, 'was answered');
      return result;
    } catch (error) {
      if (this.#ledger.order.length > before) {
        throw new Violation(`a send was refused, and accepted too: ${error}`);
      }
      throw error;
    }
  }

  #ledgerHas(before: number, what: string): void {
    if (this.#ledger.order.length === before)
      throw new Violation(`a send ${what}, and not accepted`);
  }

  #refusable(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof CaxtonError)) throw error;
      const resource = error.details.resource;
      this.#world.count(`sends refused: ${error.code}${resource ? ` ${resource}` : ''}`);
    }
  }

  #wait(what: string): Wait {
    const wait = { life: this.#ledger.life, what, ends: 0 };
    this.waits.push(wait);
    return wait;
  }

  #end(wait: Wait): void {
    if (wait.life !== this.#ledger.life) return;
    wait.ends += 1;
    if (wait.ends > 1) throw new Violation(`${wait.what} got two results`);
  }

  #ask(): void {
    const message = this.#request();
    const timeoutMs = this.#random.pick([5, 50, 500, 3_000]);
    const taker: AnswerTaker = {
      answered: (asked: Envelope, source: Buffer, offset: number) => {
        this.#end(wait);
        this.#world.count('answers');
        const answer = decodeMessage(source, offset);
        if (answer.inReplyTo === asked.replyWith) return;
        throw new Violation(`${wait.what} got an answer to ${answer.inReplyTo}`);
      },
      failed: (error) => {
        this.#end(wait);
        this.#world.count(`waits failed: ${(error as CaxtonError).code}`);
      },
    };
    const wait = this.#wait(`a caller of ${message.receiver}`);
    this.#refusable(() => {
      try {
        this.server.runtime.messages.sendFor(message, { timeoutMs }, taker);
      } catch (error) {
        // Then the taker is told nothing.
        this.#end(wait);
        throw error;
      }
    });
  }

  #settles(what: string, promise: Promise<unknown>): void {
    const wait = this.#wait(what);
    promise.then(
      () => this.#end(wait),
      (error) => {
        this.#end(wait);
        if (error instanceof CaxtonError) this.#world.count(`${what} failed: ${error.code}`);
        else throw error;
      },
    );
  }

  #persist(): void {
    const message = this.#request();
    const { messages } = this.server.runtime;
    this.#refusable(() => {
      const promise = messages.send(message, { persist: true }) as Promise<SendResult>;
      const id = this.#ledger.order.at(-1)?.message.messageId as string;
      this.persistent.add(id);
      this.#settles(
        'a persistent send',
        promise.then(({ messageId }) => {
          this.durable.push(messageId);
          this.#world.count('persisted');
        }),
      );
    });
  }

  #keyed(): void {
    const key = this.#random.chance(0.5) ? `key-${this.#lastKey}` : `key-${++this.#lastKey}`;
    const message = { ...this.#message(this.#programs.next(1)), sender: 'c0' };
    const known = this.#keys.get(key);
    const repeated = known?.life === this.#ledger.life;
    const before = this.#ledger.order.length;
    this.#refusable(() => {
      const send = () =>
        this.server.runtime.messages.send(message, { idempotencyKey: key }) as SendResult;
      const { messageId } = send();
      if (repeated && (this.#ledger.order.length > before || messageId !== known?.id)) {
        throw new Violation(`a repeated send under key ${key} was accepted again`);
      }
      if (repeated) this.#world.count('repeated keys');
      this.#keys.set(key, { id: messageId, life: this.#ledger.life });
    });
  }

  #operate(): void {
    const random = this.#random;
    const { agents } = this.server.runtime;
    const name = random.pick(this.#agents);
    const state = agents.find(name)?.state;
    if (state === undefined) this.#deploy(name);
    else if (state === 'stopped' || state === 'failed') {
      if (random.chance(0.7)) this.#operation('start', agents.start(name));
      else this.#operation('remove', agents.remove(name));
    } else if (random.chance(0.3)) this.#operation('remove', agents.remove(name));
    else {
      this.#refusable(() => {
        agents.stop(name, random.pick([0, 1, 2]), random.chance(0.6));
        this.#world.count('stop');
      });
    }
  }

  #deploy(name: string): void {
    const random = this.#random;
    const config: AgentConfig = {
      name,
      version: '1.0.0',
      strategy: 'direct',
      memoryBytes: 1024 * 1024,
      memoryText: '1MB',
      fuelPerMessage: 30_000,
      cpuShareMillis: random.chance(0.15) ? random.pick([100, 500]) : 0,
      maxMessageMs: 200,
      mailboxMessages: random.pick([4, 10, 30]),
      instances: this.#several && random.chance(0.5) ? 2 : 1,
      environment: {},
      capabilities: random.chance(0.6) ? [CAPABILITY] : [],
    };
    this.#operation('deploy', this.server.runtime.agents.deploy(this.#module, config, 'simulator'));
  }

  #operation(what: string, promise: Promise<unknown>): void {
    this.#world.count(what);
    const { life } = this.#ledger;
    this.operationsUnderWay += 1;
    const ended = (): void => {
      if (life === this.#ledger.life) this.operationsUnderWay -= 1;
    };
    promise.then(ended, (error) => {
      ended();
      if (!(error instanceof CaxtonError)) throw error;
      this.#world.count(`${what} refused: ${error.code}`);
      this.#world.note(`${what} refused: ${error.message}`);
    });
  }

  endedWithProcess(): void {
    this.operationsUnderWay = 0;
  }
}
