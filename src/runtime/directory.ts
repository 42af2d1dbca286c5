import { LIMITS } from '../base/limits.js';
import type { DirectoryChange } from '../wire/control.js';
import type { Agent } from './agent.js';

/**
 * Who exists, under which name, and who provides what. Each change is handed on, so that the
 * workers' replicas can answer broadcast_message without asking.
 */
export class Directory {
  readonly #byId = new Map<string, Agent>();
  readonly #byName = new Map<string, Agent>();
  /** Of agents that were removed: what they sent is still on its way, or is asked for. */
  readonly #formerNames = new Map<string, string>();
  readonly #providers = new Map<string, Set<Agent>>();
  readonly #announce: (changes: readonly DirectoryChange[]) => void;

  constructor(announce: (changes: readonly DirectoryChange[]) => void) {
    this.#announce = announce;
  }

  get size(): number {
    return this.#byId.size;
  }

  agents(): IterableIterator<Agent> {
    return this.#byId.values();
  }

  /** By id or by name. */
  find(agent: string): Agent | undefined {
    return this.#byId.get(agent) ?? this.#byName.get(agent);
  }

  /** The name of an agent by its id, also of one that was removed, as far as is remembered. */
  nameOf(agentId: string): string | undefined {
    return this.#byId.get(agentId)?.name ?? this.#formerNames.get(agentId);
  }

  hasName(name: string): boolean {
    return this.#byName.has(name);
  }

  add(agent: Agent): void {
    this.#byId.set(agent.id, agent);
    this.#byName.set(agent.name, agent);
    for (const capability of agent.capabilities) this.#provide(agent, capability);
    this.#announce(changesFor(agent, true));
  }

  remove(agent: Agent): void {
    this.#byId.delete(agent.id);
    this.#remember(agent);
    if (this.#byName.get(agent.name) === agent) this.#byName.delete(agent.name);
    for (const capability of agent.capabilities) {
      const providers = this.#providers.get(bareName(capability));
      providers?.delete(agent);
      if (providers?.size === 0) this.#providers.delete(bareName(capability));
    }
    this.#announce(changesFor(agent, false));
  }

  #remember(agent: Agent): void {
    this.#formerNames.set(agent.id, agent.name);
    if (this.#formerNames.size <= LIMITS.former_agents) return;
    this.#formerNames.delete(this.#formerNames.keys().next().value as string);
  }

  /** An agent registers a capability, `name` or `name:1.2`. */
  addCapability(agent: Agent, capability: string): void {
    if (agent.capabilities.has(capability)) return;
    agent.capabilities.add(capability);
    if (this.#byId.get(agent.id) !== agent) return;
    this.#provide(agent, capability);
    this.#announce([
      { change: 'capability', agentId: agent.id, capability: bareName(capability), present: true },
    ]);
  }

  #provide(agent: Agent, capability: string): void {
    const name = bareName(capability);
    const providers = this.#providers.get(name) ?? new Set<Agent>();
    providers.add(agent);
    this.#providers.set(name, providers);
  }

  /** The agents that offer a capability and run. */
  providers(capability: string): Agent[] {
    const providers = this.#providers.get(bareName(capability)) ?? [];
    return [...providers].filter((agent) => agent.state === 'running');
  }

  /** Everything, for a worker that starts. */
  everything(): DirectoryChange[] {
    return [...this.#byId.values()].flatMap((agent) => changesFor(agent, true));
  }
}

/** A capability without the version that may follow it. */
function bareName(capability: string): string {
  const colon = capability.indexOf(':');
  return colon < 0 ? capability : capability.slice(0, colon);
}

function changesFor(agent: Agent, present: boolean): DirectoryChange[] {
  return [
    { change: 'agent', agentId: agent.id, name: agent.name, present },
    ...[...agent.capabilities].map(
      (capability): DirectoryChange => ({
        change: 'capability',
        agentId: agent.id,
        capability: bareName(capability),
        present,
      }),
    ),
  ];
}
