import { agentIdsOf } from './event-agents.js';
import type { EventType } from './event-types.js';
import type { NameOf } from './message-criteria.js';
import { SetMap } from './set-map.js';
import type { EventBody, StreamedEvent } from './streamed-event.js';

/** Which events a subscription wants. */
export interface EventCriteria {
  readonly types: ReadonlySet<EventType>;
  /** Ids or names of agents that an event must be about; undefined = no matter. */
  readonly agents: ReadonlySet<string> | undefined;
}

interface Entry<Value> {
  readonly value: Value;
  /** The last event that came across it: one that names both ends is found twice. */
  sequence: number;
}

class TypeEntries<Value> {
  readonly any = new Set<Entry<Value>>();
  readonly byAgent = new SetMap<string, Entry<Value>>();
}

/** Who wants which events, by type and by the agent that an event is about. */
export class EventIndex<Value> {
  readonly #byType = new Map<EventType, TypeEntries<Value>>();
  readonly #nameOf: NameOf;

  constructor(nameOf: NameOf) {
    this.#nameOf = nameOf;
  }

  /** Whether anybody wants events of this type. */
  wants(type: EventType): boolean {
    return this.#byType.has(type);
  }

  /** @returns what takes the entry out again */
  add({ types, agents }: EventCriteria, value: Value): () => void {
    const entry: Entry<Value> = { value, sequence: 0 };
    for (const type of types) {
      const entries = this.#byType.get(type) ?? new TypeEntries<Value>();
      this.#byType.set(type, entries);
      if (agents === undefined) entries.any.add(entry);
      for (const agent of agents ?? []) entries.byAgent.add(agent, entry);
    }
    return () => {
      for (const type of types) this.#remove(type, agents, entry);
    };
  }

  /** Visits each value that wants the event, once. */
  match(event: StreamedEvent, visit: (value: Value) => void): void {
    const entries = this.#byType.get(event.type as EventType);
    if (entries === undefined) return;
    for (const entry of entries.any) visit(entry.value);
    if (entries.byAgent.size === 0) return;
    for (const agent of agentsOf(event.type, event.body, this.#nameOf)) {
      for (const entry of entries.byAgent.get(agent) ?? []) {
        if (entry.sequence === event.sequence) continue;
        entry.sequence = event.sequence;
        visit(entry.value);
      }
    }
  }

  #remove(type: EventType, agents: ReadonlySet<string> | undefined, entry: Entry<Value>): void {
    const entries = this.#byType.get(type);
    if (entries === undefined) return;
    entries.any.delete(entry);
    for (const agent of agents ?? []) entries.byAgent.delete(agent, entry);
    if (entries.any.size === 0 && entries.byAgent.size === 0) this.#byType.delete(type);
  }
}

export function matchesEvent(
  { types, agents }: EventCriteria,
  event: StreamedEvent,
  nameOf: NameOf,
): boolean {
  if (!types.has(event.type as EventType)) return false;
  if (agents === undefined) return true;
  return agentsOf(event.type, event.body, nameOf).some((agent) => agents.has(agent));
}

/** Ids and names of those that an event is about. */
function agentsOf(type: string, body: EventBody, nameOf: NameOf): string[] {
  return agentIdsOf(type, body).flatMap((id) => {
    const name = nameOf(id);
    return name === undefined ? [id] : [id, name];
  });
}
