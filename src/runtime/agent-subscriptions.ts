import type { Message } from '../fipa/message.js';
import { normalizePerformative } from '../fipa/performative.js';
import type { Agent } from './agent.js';
import type { NameOf } from './message-criteria.js';
import { MessageIndex } from './message-index.js';

/** The filter of `subscribe_messages`; the worker has checked its shape. */
interface SubscriptionFilter {
  readonly agents?: readonly string[];
  readonly performatives?: readonly string[];
  readonly conversation_id?: string;
}

interface Subscribed {
  readonly filters: Set<string>;
  readonly ends: Array<() => void>;
}

/** Agents that asked for copies of other agents' messages. */
export class AgentSubscriptions {
  readonly #index: MessageIndex<Agent>;
  readonly #subscribed = new Map<Agent, Subscribed>();

  /** @param nameOf gives the name of an agent by its id */
  constructor(nameOf: NameOf) {
    this.#index = new MessageIndex(nameOf);
  }

  get size(): number {
    return this.#subscribed.size;
  }

  add(agent: Agent, filterJson: string): void {
    const subscribed = this.#subscribed.get(agent) ?? { filters: new Set(), ends: [] };
    // An agent that was started again on another worker asks again for what it has.
    if (subscribed.filters.has(filterJson)) return;
    const filter = JSON.parse(filterJson) as SubscriptionFilter;
    const performatives = filter.performatives
      ?.map(normalizePerformative)
      .filter((performative) => performative !== undefined);
    const criteria = {
      agents: filter.agents && new Set(filter.agents),
      performatives: performatives && new Set(performatives),
      conversationId: filter.conversation_id,
    };
    subscribed.filters.add(filterJson);
    subscribed.ends.push(this.#index.add(criteria, agent));
    this.#subscribed.set(agent, subscribed);
  }

  remove(agent: Agent): void {
    for (const end of this.#subscribed.get(agent)?.ends ?? []) end();
    this.#subscribed.delete(agent);
  }

  /** Who gets a copy: each agent once, and never of what it sent or received itself. */
  matching(message: Message): ReadonlySet<Agent> {
    const agents = new Set<Agent>();
    this.#index.match(message, (agent) => {
      if (message.sender !== agent.id && message.receiver !== agent.id) agents.add(agent);
    });
    return agents;
  }
}
