import type { Envelope } from '../fipa/message.js';
import { type MessageCriteria, matchesMessage, type NameOf } from './message-criteria.js';
import { SetMap } from './set-map.js';

interface Entry<Value> {
  readonly criteria: MessageCriteria;
  readonly value: Value;
  /** The last search that came across it: one that names both ends is found twice. */
  search: number;
  removed: boolean;
}

/**
 * Who wants which messages. A message costs as many steps as there are entries that name its
 * conversation or one of its ends, and those that name none of these, however many others there are.
 */
export class MessageIndex<Value> {
  readonly #byConversation = new SetMap<string, Entry<Value>>();
  readonly #byReceiver = new SetMap<string, Entry<Value>>();
  readonly #byAgent = new SetMap<string, Entry<Value>>();
  readonly #rest = new Set<Entry<Value>>();
  readonly #nameOf: NameOf;
  #search = 0;
  #size = 0;

  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf;
  }

  get size(): number {
    return this.#size;
  }

  /** @returns what takes the entry out again */
  add(criteria: MessageCriteria, value: Value): () => void {
    const entry: Entry<Value> = { criteria, value, search: 0, removed: false };
    this.#put(entry);
    this.#size += 1;
    return () => {
      if (entry.removed) return;
      entry.removed = true;
      this.#take(entry);
      this.#size -= 1;
    };
  }

  /** Visits each value whose criteria the message meets, once. */
  match(message: Envelope, visit: (value: Value) => void): void {
    if (this.#size === 0) return;
    this.#search += 1;
    this.#among(this.#byConversation.get(message.conversationId), message, visit);
    if (this.#byReceiver.size > 0) this.#byName(this.#byReceiver, message.receiver, message, visit);
    if (this.#byAgent.size > 0) {
      this.#byName(this.#byAgent, message.receiver, message, visit);
      this.#byName(this.#byAgent, message.sender, message, visit);
    }
    this.#among(this.#rest, message, visit);
  }

  #byName(
    index: SetMap<string, Entry<Value>>,
    id: string,
    message: Envelope,
    visit: (value: Value) => void,
  ): void {
    this.#among(index.get(id), message, visit);
    const name = this.#nameOf(id);
    if (name !== undefined) this.#among(index.get(name), message, visit);
  }

  #among(
    entries: ReadonlySet<Entry<Value>> | undefined,
    message: Envelope,
    visit: (value: Value) => void,
  ): void {
    if (entries === undefined) return;
    for (const entry of entries) {
      if (entry.search === this.#search) continue;
      entry.search = this.#search;
      if (matchesMessage(entry.criteria, message, this.#nameOf)) visit(entry.value);
    }
  }

  // Under the part of its criteria that the fewest messages meet.
  #put(entry: Entry<Value>): void {
    const { conversationId, receivers, agents } = entry.criteria;
    if (conversationId !== undefined) this.#byConversation.add(conversationId, entry);
    else if (receivers !== undefined)
      for (const name of receivers) this.#byReceiver.add(name, entry);
    else if (agents !== undefined) for (const name of agents) this.#byAgent.add(name, entry);
    else this.#rest.add(entry);
  }

  #take(entry: Entry<Value>): void {
    const { conversationId, receivers, agents } = entry.criteria;
    if (conversationId !== undefined) this.#byConversation.delete(conversationId, entry);
    for (const name of receivers ?? []) this.#byReceiver.delete(name, entry);
    for (const name of agents ?? []) this.#byAgent.delete(name, entry);
    this.#rest.delete(entry);
  }
}
