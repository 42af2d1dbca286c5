import type { Message } from '../fipa/message.js';
import { normalizePerformative, type Performative } from '../fipa/performative.js';
import type { Agent } from './agent.js';

/** The filter of `subscribe_messages`; the worker has checked its shape. */
interface SubscriptionFilter {
  readonly agents?: readonly string[];
  readonly performatives?: readonly string[];
  readonly conversation_id?: string;
}

interface AgentSubscription {
  readonly agents: ReadonlySet<string> | undefined;
  readonly performatives: ReadonlySet<Performative> | undefined;
  readonly conversationId: string | undefined;
}

/** Agents that asked for copies of other agents' messages. */
export class AgentSubscriptions {
  readonly #subscriptions = new Map<Agent, AgentSubscription[]>();

  get size(): number {
    return this.#subscriptions.size;
  }

  /** @returns whether it is new */
  add(agent: Agent, filterJson: string, resolveName: (name: string) => string): boolean {
    const before = this.#subscriptions.get(agent) ?? [];
    // An agent that was started again on another worker asks again for what it has.
    if (agent.subscriptions.has(filterJson)) return false;
    const filter = JSON.parse(filterJson) as SubscriptionFilter;
    const performatives = filter.performatives
      ?.map(normalizePerformative)
      .filter((performative) => performative !== undefined);
    const subscription: AgentSubscription = {
      agents: filter.agents && new Set(filter.agents.flatMap((name) => [name, resolveName(name)])),
      performatives: performatives && new Set(performatives),
      conversationId: filter.conversation_id,
    };
    this.#subscriptions.set(agent, [...before, subscription]);
    agent.subscriptions.add(filterJson);
    return true;
  }

  remove(agent: Agent): void {
    agent.subscriptions.clear();
    this.#subscriptions.delete(agent);
  }

  /** Who gets a copy: each agent once, and never of what it sent or received itself. */
  matching(message: Message): Agent[] {
    const agents: Agent[] = [];
    for (const [agent, subscriptions] of this.#subscriptions) {
      if (message.sender === agent.id || message.receiver === agent.id) continue;
      if (subscriptions.some((subscription) => matches(subscription, message))) agents.push(agent);
    }
    return agents;
  }
}

function matches(subscription: AgentSubscription, message: Message): boolean {
  const { agents, performatives, conversationId } = subscription;
  if (performatives && !performatives.has(message.performative)) return false;
  if (conversationId !== undefined && conversationId !== message.conversationId) return false;
  return agents === undefined || agents.has(message.sender) || agents.has(message.receiver);
}
