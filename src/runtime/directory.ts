import { LIMITS } from '../base/limits.js';
import type { DirectoryChange } from '../wire/control.js';
import type { Agent, AgentVersion } from './agent.js';
import type { AgentState } from './types.js';

/** What agents offer under one name. */
export interface CapabilityEntry {
  readonly name: string;
  /** Those that providers registered as `name:1.2`. */
  readonly versions: readonly string[];
  readonly providerCount: number;
  /** The first of them, in the order in which they offered it. */
  readonly providers: ReadonlyArray<{
    readonly agentId: string;
    readonly name: string;
    readonly state: AgentState;
  }>;
}

export interface CapabilityPage {
  readonly capabilities: readonly CapabilityEntry[];
  readonly total: number;
}

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
  /** How many agents offer each version of a capability. */
  readonly #versions = new Map<string, Map<string, number>>();
  readonly #announce: (changes: readonly DirectoryChange[]) => void;
  /** Another number whenever an id or a name may stand for another agent than before. */
  edition = 0;

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
    this.edition += 1;
    this.#byId.set(agent.id, agent);
    this.#byName.set(agent.name, agent);
    for (const capability of agent.capabilities) this.#provide(agent, capability);
    this.#announce(changesFor(agent, true));
  }

  remove(agent: Agent): void {
    this.edition += 1;
    const wasThere = this.#byId.delete(agent.id);
    this.#remember(agent);
    if (this.#byName.get(agent.name) === agent) this.#byName.delete(agent.name);
    for (const capability of agent.capabilities) {
      this.#forget(agent, bareName(capability));
      // An agent may be removed twice, and its successor may offer the same.
      if (wasThere) this.#countVersion(capability, -1);
    }
    this.#announce(changesFor(agent, false));
  }

  #remember(agent: Agent): void {
    this.#formerNames.set(agent.id, agent.name);
    if (this.#formerNames.size <= LIMITS.former_agents) return;
    this.#formerNames.delete(this.#formerNames.keys().next().value as string);
  }

  /**
   * An instance of a version registers a capability, `name` or `name:1.2`.
   * @returns whether it is new
   */
  addCapability(version: AgentVersion, capability: string): boolean {
    if (version.capabilities.has(capability)) return false;
    version.capabilities.add(capability);
    if (version.agent.offering === version) this.offer(version);
    return true;
  }

  /** From now on an agent offers what this version of it does, and nothing else. */
  offer(version: AgentVersion): void {
    const { agent, capabilities } = version;
    agent.offering = version;
    const added = [...capabilities].filter((each) => !agent.capabilities.has(each));
    const removed = [...agent.capabilities].filter((each) => !capabilities.has(each));
    for (const each of added) agent.capabilities.add(each);
    for (const each of removed) agent.capabilities.delete(each);
    if (this.#byId.get(agent.id) !== agent) return;
    // Another version of a capability keeps its name on offer.
    const names = new Set([...capabilities].map(bareName));
    const gone = new Set(removed.map(bareName).filter((name) => !names.has(name)));
    for (const each of added) this.#provide(agent, each);
    for (const each of removed) this.#countVersion(each, -1);
    for (const name of gone) this.#forget(agent, name);
    const changes = [
      ...added.map((each) => capabilityChange(agent, each, true)),
      ...[...gone].map((name) => capabilityChange(agent, name, false)),
    ];
    if (changes.length > 0) this.#announce(changes);
  }

  #forget(agent: Agent, name: string): void {
    const providers = this.#providers.get(name);
    providers?.delete(agent);
    if (providers?.size === 0) this.#providers.delete(name);
  }

  #provide(agent: Agent, capability: string): void {
    const name = bareName(capability);
    const providers = this.#providers.get(name) ?? new Set<Agent>();
    providers.add(agent);
    this.#providers.set(name, providers);
    this.#countVersion(capability, 1);
  }

  #countVersion(capability: string, change: 1 | -1): void {
    const name = bareName(capability);
    if (name === capability) return;
    const version = capability.slice(name.length + 1);
    const counts = this.#versions.get(name) ?? new Map<string, number>();
    const count = (counts.get(version) ?? 0) + change;
    if (count > 0) counts.set(version, count);
    else counts.delete(version);
    if (counts.size > 0) this.#versions.set(name, counts);
    else this.#versions.delete(name);
  }

  /** The agents that offer a capability and run. */
  providers(capability: string): Agent[] {
    const providers = this.#providers.get(bareName(capability)) ?? [];
    return [...providers].filter((agent) => agent.state === 'running');
  }

  /**
   * The capabilities on offer, by the time since when there is a provider.
   * @param wanted whose offers count; default: everybody's
   */
  capabilities(
    offset: number,
    limit: number,
    wanted?: (agentId: string) => boolean,
  ): CapabilityPage {
    const offered = wanted === undefined ? [...this.#providers] : this.#offeredBy(wanted);
    const page = offered.slice(offset, offset + limit);
    return {
      total: offered.length,
      capabilities: page.map(([name, providers]) => ({
        name,
        versions: wanted === undefined ? this.#versionsOf(name) : versionsAmong(providers, name),
        providerCount: providers.size,
        providers: firstOf(providers, LIMITS.capability_providers_shown).map((agent) => ({
          agentId: agent.id,
          name: agent.name,
          state: agent.state,
        })),
      })),
    };
  }

  #offeredBy(wanted: (agentId: string) => boolean): Array<[string, Set<Agent>]> {
    return [...this.#providers]
      .map(([name, providers]): [string, Set<Agent>] => {
        return [name, new Set([...providers].filter((agent) => wanted(agent.id)))];
      })
      .filter(([, providers]) => providers.size > 0);
  }

  #versionsOf(name: string): string[] {
    return [...(this.#versions.get(name)?.keys() ?? [])].sort();
  }

  /** Everything, for a worker that starts. */
  everything(): DirectoryChange[] {
    return [...this.#byId.values()].flatMap((agent) => changesFor(agent, true));
  }
}

function firstOf<T>(items: Iterable<T>, count: number): T[] {
  const first: T[] = [];
  for (const item of items) {
    if (first.length === count) break;
    first.push(item);
  }
  return first;
}

function versionsAmong(providers: Iterable<Agent>, name: string): string[] {
  const versions = new Set<string>();
  for (const { capabilities } of providers) {
    for (const capability of capabilities) {
      if (capability.startsWith(`${name}:`)) versions.add(capability.slice(name.length + 1));
    }
  }
  return [...versions].sort();
}

/** A capability without the version that may follow it. */
function bareName(capability: string): string {
  const colon = capability.indexOf(':');
  return colon < 0 ? capability : capability.slice(0, colon);
}

function changesFor(agent: Agent, present: boolean): DirectoryChange[] {
  return [
    { change: 'agent', agentId: agent.id, name: agent.name, present },
    ...[...agent.capabilities].map((each) => capabilityChange(agent, each, present)),
  ];
}

function capabilityChange(agent: Agent, capability: string, present: boolean): DirectoryChange {
  return {
    change: 'capability',
    agentId: agent.id,
    capability: bareName(capability),
    present,
  };
}
