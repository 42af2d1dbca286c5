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

/** Agents that asked for copies of other agents' messages. */
export class AgentSubscriptions {
  readonly #index: MessageIndex<Agent>;
  /** What ends the subscriptions of each. */
  readonly #ends = new Map<Agent, Array<() => void>>();

  /** @param nameOf gives the name of an agent by its id */
  constructor(nameOf: NameOf) {
    this.#index = new MessageIndex(nameOf);
  }

  get size(): number {
    return this.#ends.size;
  }

  /** @returns whether it is new */
  add(agent: Agent, filterJson: string): boolean {
    // An agent that was started again on another worker asks again for what it has.
    if (agent.subscriptions.has(filterJson)) return false;
    const filter = JSON.parse(filterJson) as SubscriptionFilter;
    const performatives = filter.performatives
      ?.map(normalizePerformative)
      .filter((performative) => performative !== undefined);
    const criteria = {
      agents: filter.agents && new Set(filter.agents),
      performatives: performatives && new Set(performatives),
      conversationId: filter.conversation_id,
    };
    const ends = this.#ends.get(agent) ?? [];
    ends.push(this.#index.add(criteria, agent));
    this.#ends.set(agent, ends);
    agent.subscriptions.add(filterJson);
    return true;
  }

  remove(agent: Agent): void {
    for (const end of this.#ends.get(agent) ?? []) end();
    this.#ends.delete(agent);
    agent.subscriptions.clear();
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
