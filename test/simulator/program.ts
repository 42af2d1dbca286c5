import type { Random } from './random.js';

/** What a message makes its agent do, as the scripted guest reads it; messages within messages. */
export interface Program {
  /** Of this message, in all of the run. */
  readonly id: number;
  readonly a?: ScriptedMessage;
  readonly b?: ScriptedMessage;
  readonly c?: ScriptedMessage;
  readonly f?: { readonly agents: readonly string[] };
  readonly m?: Omit<ScriptedMessage, 'receiver'>;
  readonly k?: string;
  readonly v?: number;
  readonly t?: number;
  readonly e?: number;
  /** Nothing but length. */
  readonly pad?: string;
}

export interface ScriptedMessage {
  readonly performative: string;
  readonly receiver: string;
  readonly conversation_id?: string;
  readonly priority?: number;
  readonly content: Program;
}

export interface ProgramNames {
  readonly agents: readonly string[];
  readonly clients: readonly string[];
  readonly capability: string;
}

/** How a program ends, by its `e`. */
export const ENDS = ['returns', 'fails', 'traps', 'spins'] as const;

/** Makes up what agents are to do. */
export class Programs {
  readonly #random: Random;
  readonly #names: ProgramNames;
  readonly #faults: number;
  #lastId = 0;
  /** By id: those that a message could carry. */
  readonly made = new Map<number, Program>();

  /** @param faults chance that a message fails, traps or spins */
  constructor(random: Random, names: ProgramNames, faults: number) {
    this.#random = random;
    this.#names = names;
    this.#faults = faults;
  }

  /** @param client who asks, and gets an answer; undefined = nobody waits for one */
  next(depth: number, client?: string): Program {
    const random = this.#random;
    const id = ++this.#lastId;
    const program: Program = {
      id,
      ...(depth > 0 && random.chance(0.35) ? { a: this.#send(depth) } : {}),
      ...(client === undefined ? {} : { b: this.#answer(client) }),
      ...(depth > 0 && random.chance(0.1) ? this.#broadcast(depth) : {}),
      ...(random.chance(0.15) ? { k: `key${random.below(3)}`, v: id } : {}),
      ...(random.chance(0.05) ? { t: random.between(1, 9) } : {}),
      ...(depth > 0 && random.chance(0.1) ? { c: this.#send(depth) } : {}),
      ...(random.chance(this.#faults) ? { e: random.between(1, 3) } : {}),
      ...(random.chance(0.2) ? { pad: 'x'.repeat(random.between(100, 700)) } : {}),
    };
    this.made.set(id, program);
    return program;
  }

  #answer(client: string): ScriptedMessage {
    return { performative: 'inform', receiver: client, content: this.#leaf() };
  }

  #leaf(): Program {
    const leaf = { id: ++this.#lastId };
    this.made.set(leaf.id, leaf);
    return leaf;
  }

  #send(depth: number): ScriptedMessage {
    const random = this.#random;
    const { agents, clients, capability } = this.#names;
    const to = random.next();
    const performative = random.pick(['inform', 'request', 'inform', 'query_ref']);
    const conversation_id = `conv-${random.below(6)}`;
    if (to < 0.2) {
      return {
        performative,
        receiver: random.pick(clients),
        conversation_id,
        content: this.#leaf(),
      };
    }
    const receiver =
      to < 0.75
        ? random.pick(agents)
        : to < 0.85
          ? `capability:${capability}`
          : to < 0.95
            ? `broadcast:${capability}`
            : 'nobody';
    const content = this.next(depth - 1);
    const priority = random.chance(0.1) ? { priority: random.between(1, 9) } : {};
    return { performative, receiver, conversation_id, ...priority, content };
  }

  #broadcast(depth: number): Pick<Program, 'f' | 'm'> {
    const agents = this.#names.agents.filter(() => this.#random.chance(0.6));
    if (agents.length === 0) return {};
    const m = { performative: 'inform', conversation_id: 'conv-m', content: this.next(depth - 1) };
    return { f: { agents }, m };
  }
}

/** Of the messages that a program sends each: what they carry, and whether to one receiver alone. */
export function sendsOf(program: Program): Array<{ content: Program; single: boolean }> {
  const sends = [program.a, program.b, program.c].flatMap((message) =>
    message === undefined
      ? []
      : [{ content: message.content, single: !message.receiver.startsWith('broadcast:') }],
  );
  if (program.m !== undefined) sends.push({ content: program.m.content, single: false });
  return sends;
}
