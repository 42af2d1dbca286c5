import { rfc3339, wallMs } from '../base/clock.js';
import { newSubscriptionId } from '../base/ids.js';
import { type Message, messageJsonText } from '../fipa/message.js';
import type { Performative } from '../fipa/performative.js';

/** Which messages a subscription of the `filter` form wants. An absent list matches everything. */
export interface MessageFilter {
  /** Agent or client names of either end. */
  readonly agents?: readonly string[];
  /** Agent or client names of the receiving end. */
  readonly receivers?: readonly string[];
  readonly performatives?: readonly Performative[];
  readonly conversationId?: string;
}

export interface SubscriptionRequest {
  /** Event types, `agent.*` or `*`. */
  readonly events?: readonly string[];
  /** Restricts events to those about one of these agents. */
  readonly agentIds?: readonly string[];
  /** Asks for whole messages. */
  readonly filter?: MessageFilter;
  /** Restricts all of it to what has an allowed agent in it, given by id or name. */
  readonly allows?: (agent: string) => boolean;
}

/**
 * Takes one event as JSON text. The same text may go to many consumers, so the part that differs,
 * the subscription's id, is put in by the bus.
 */
export type EventConsumer = (json: string, sequence: number) => void;

export interface Subscription {
  readonly id: string;
  cancel(): void;
}

interface Subscriber {
  readonly id: string;
  readonly patterns: readonly string[];
  readonly agentIds: ReadonlySet<string> | undefined;
  readonly filter: CompiledFilter | undefined;
  readonly allows: ((agent: string) => boolean) | undefined;
  readonly consume: EventConsumer;
}

interface CompiledFilter {
  readonly agents: ReadonlySet<string> | undefined;
  readonly receivers: ReadonlySet<string> | undefined;
  readonly performatives: ReadonlySet<Performative> | undefined;
  readonly conversationId: string | undefined;
}

/** What an event is about. `type` and `timestamp` come first, as the API prints them. */
export interface EventBody {
  readonly agent_id?: string;
  readonly [field: string]: unknown;
}

/**
 * Events and message copies for whoever subscribed. Publishing costs next to nothing while nobody
 * listens: callers on the message path ask `wantsMessages` before they build anything.
 */
export class EventBus {
  readonly #subscribers = new Map<string, Subscriber>();
  #sequence = 0;
  #messageSubscribers = 0;
  readonly #resolveName: (name: string) => string;

  /** @param resolveName gives the id of an agent's name, and any other name as it is */
  constructor(resolveName: (name: string) => string = (name) => name) {
    this.#resolveName = resolveName;
  }

  /** Whether any subscription may want `message.*` events or messages. */
  get wantsMessages(): boolean {
    return this.#messageSubscribers > 0;
  }

  get subscriptions(): number {
    return this.#subscribers.size;
  }

  subscribe(request: SubscriptionRequest, consume: EventConsumer): Subscription {
    const id = newSubscriptionId();
    const subscriber: Subscriber = {
      id,
      patterns: request.events ?? [],
      agentIds: request.agentIds && this.#resolveAll(request.agentIds),
      filter: request.filter && this.#compile(request.filter),
      allows: request.allows,
      consume,
    };
    this.#subscribers.set(id, subscriber);
    const wantsMessages = subscribesToMessages(subscriber);
    if (wantsMessages) this.#messageSubscribers += 1;
    return {
      id,
      cancel: () => {
        if (this.#subscribers.delete(id) && wantsMessages) this.#messageSubscribers -= 1;
      },
    };
  }

  /** Publishes an event of a type such as `agent.deployed`. */
  publish(type: string, body: EventBody): void {
    const sequence = ++this.#sequence;
    if (this.#subscribers.size === 0) return;
    const head = JSON.stringify({ type, ...body, timestamp: rfc3339(wallMs()) }).slice(0, -1);
    const agentId = typeof body.agent_id === 'string' ? body.agent_id : undefined;
    for (const subscriber of this.#subscribers.values()) {
      if (!matchesType(subscriber.patterns, type)) continue;
      if (subscriber.agentIds && !concernsAgent(subscriber.agentIds, agentId, body)) continue;
      if (subscriber.allows && !concernsAllowed(subscriber.allows, body)) continue;
      subscriber.consume(
        `${head},"seq":${sequence},"subscription_id":"${subscriber.id}"}`,
        sequence,
      );
    }
  }

  /** Publishes `message.sent` and hands the message to subscriptions that asked for it. */
  publishMessage(message: Message): void {
    this.publish('message.sent', messageEventBody(message));
    const sequence = this.#sequence;
    let text = '';
    for (const subscriber of this.#subscribers.values()) {
      const { filter, allows } = subscriber;
      if (filter === undefined || !matchesFilter(filter, message)) continue;
      if (allows && !allows(message.sender) && !allows(message.receiver)) continue;
      if (text === '') text = messageJsonText(message);
      subscriber.consume(
        `{"type":"message","subscription_id":"${subscriber.id}","seq":${sequence},"message":${text}}`,
        sequence,
      );
    }
  }

  #resolveAll(names: readonly string[]): ReadonlySet<string> {
    return new Set(names.flatMap((name) => [name, this.#resolveName(name)]));
  }

  #compile(filter: MessageFilter): CompiledFilter {
    return {
      agents: filter.agents && this.#resolveAll(filter.agents),
      receivers: filter.receivers && this.#resolveAll(filter.receivers),
      performatives: filter.performatives && new Set(filter.performatives),
      conversationId: filter.conversationId,
    };
  }
}

/** The fields of a `message.*` event. */
export function messageEventBody(message: Message): EventBody {
  return {
    message_id: message.messageId,
    from: message.sender,
    to: message.receiver,
    performative: message.performative,
    conversation_id: message.conversationId,
  };
}

function subscribesToMessages(subscriber: Subscriber): boolean {
  if (subscriber.filter !== undefined) return true;
  return subscriber.patterns.some((pattern) => pattern === '*' || pattern.startsWith('message.'));
}

function matchesType(patterns: readonly string[], type: string): boolean {
  for (const pattern of patterns) {
    if (pattern === type || pattern === '*') return true;
    if (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))) return true;
  }
  return false;
}

function concernsAgent(
  wanted: ReadonlySet<string>,
  agentId: string | undefined,
  body: EventBody,
): boolean {
  if (agentId !== undefined && wanted.has(agentId)) return true;
  return wanted.has(String(body.from)) || wanted.has(String(body.to));
}

// The name too: an agent that was just removed can't be found by its id.
function concernsAllowed(allows: (agent: string) => boolean, body: EventBody): boolean {
  const named = [body.agent_id, body.name, body.from, body.to];
  return named.some((name) => typeof name === 'string' && allows(name));
}

function matchesFilter(filter: CompiledFilter, message: Message): boolean {
  if (filter.performatives && !filter.performatives.has(message.performative)) return false;
  if (filter.conversationId !== undefined && filter.conversationId !== message.conversationId) {
    return false;
  }
  if (filter.receivers && !filter.receivers.has(message.receiver)) return false;
  return (
    filter.agents === undefined ||
    filter.agents.has(message.sender) ||
    filter.agents.has(message.receiver)
  );
}
