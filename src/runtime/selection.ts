import type { Performative } from '../fipa/performative.js';
import type { EventCriteria } from './event-index.js';
import { type EventType, isFrequent, typesOf } from './event-types.js';
import type { MessageCriteria } from './message-criteria.js';
import type { Allows } from './restriction.js';

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
  readonly allows?: Allows;
}

/** The events that are made of each message, apart from the messages themselves. */
const MESSAGE_TYPES: readonly EventType[] = ['message.sent', 'message.delivered'];

/** What a subscription wants, ready to be compared. */
export interface Selection {
  readonly events: EventCriteria;
  readonly messages: MessageCriteria | undefined;
  /** Wants messages, or the events that are made of each. */
  readonly usesMessages: boolean;
  /** Wants events of its own kind that may come with every message. */
  readonly usesFrequent: boolean;
  /** Wants events that always are kept. */
  readonly usesRare: boolean;
}

export function selectionOf({ events, agentIds, filter }: SubscriptionRequest): Selection {
  const types = typesOf(events ?? []);
  const others = [...types].filter((type) => !MESSAGE_TYPES.includes(type));
  return {
    events: { types, agents: agentIds && new Set(agentIds) },
    messages: filter && {
      agents: filter.agents && new Set(filter.agents),
      receivers: filter.receivers && new Set(filter.receivers),
      performatives: filter.performatives && new Set(filter.performatives),
      conversationId: filter.conversationId,
    },
    usesMessages: filter !== undefined || MESSAGE_TYPES.some((type) => types.has(type)),
    usesFrequent: others.some(isFrequent),
    usesRare: others.some((type) => !isFrequent(type)),
  };
}
