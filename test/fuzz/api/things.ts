import fc from 'fast-check';

/*
 * What the server made and told of: a request names it by a placeholder, for the text that it
 * stands for is known only when the request is sent.
 */

const KINDS = [
  'agent',
  'message',
  'conversation',
  'task',
  'deployment',
  'cursor',
  'module',
] as const;
export type ThingKind = (typeof KINDS)[number];

const KEPT_OF_A_KIND = 8;
const PLACEHOLDER = new RegExp(`§(${KINDS.join('|')}):(\\d+)§`, 'g');

/** Which kind of thing a field of an input names. */
export const THING_OF_FIELD: Readonly<Record<string, ThingKind>> = {
  agent_id: 'agent',
  agent: 'agent',
  receiver: 'agent',
  sender: 'agent',
  reply_to: 'agent',
  participants: 'agent',
  name: 'agent',
  message_id: 'message',
  conversation_id: 'conversation',
  task_id: 'task',
  deployment_id: 'deployment',
  cursor: 'cursor',
};

/** Which kind of thing a field of an answer tells of. */
const KIND_OF_ANSWER: Readonly<Record<string, ThingKind>> = {
  agent_id: 'agent',
  message_id: 'message',
  conversation_id: 'conversation',
  task_id: 'task',
  deployment_id: 'deployment',
  hot_reload_id: 'deployment',
  next_cursor: 'cursor',
};

/** A placeholder for one of the things of a kind. */
export function thing(kind: ThingKind): fc.Arbitrary<string> {
  return fc.nat({ max: 3 * KEPT_OF_A_KIND }).map((index) => `§${kind}:${index}§`);
}

/** Things that there always are, and those that the server told of, the last of each kind. */
export class Things {
  readonly #lasting: Readonly<Partial<Record<ThingKind, readonly string[]>>>;
  readonly #byKind = new Map<ThingKind, string[]>();

  constructor(lasting: Readonly<Partial<Record<ThingKind, readonly string[]>>>) {
    this.#lasting = lasting;
  }

  #add(kind: ThingKind, text: string): void {
    const known = this.#byKind.get(kind) ?? [];
    if (known.includes(text)) return;
    known.push(text);
    if (known.length > KEPT_OF_A_KIND) known.shift();
    this.#byKind.set(kind, known);
  }

  /**
   * The text with what its placeholders stand for; where nothing is known yet they stay.
   * @param as how a thing is written where the text goes to
   */
  fill(text: string, as: (thing: string) => string = (it) => it): string {
    if (!text.includes('§')) return text;
    return text.replace(PLACEHOLDER, (placeholder, kind: ThingKind, index: string) => {
      const known = [...(this.#lasting[kind] ?? []), ...(this.#byKind.get(kind) ?? [])];
      return known.length === 0 ? placeholder : as(known[Number(index) % known.length]!);
    });
  }

  /** JSON text in which the strings of a value are filled. */
  fillJson(value: unknown): string {
    return this.fill(JSON.stringify(value), (it) => JSON.stringify(it).slice(1, -1));
  }

  /** Remembers what an answer tells of. */
  learn(answer: unknown): void {
    if (typeof answer !== 'object' || answer === null) return;
    for (const [key, value] of Object.entries(answer)) {
      const kind = KIND_OF_ANSWER[key];
      if (kind !== undefined && typeof value === 'string') this.#add(kind, value);
      else this.learn(value);
    }
  }
}
