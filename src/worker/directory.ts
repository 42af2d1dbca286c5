import type { DirectoryChange } from '../wire/control.js';

/**
 * A replica of who exists and who offers what. It lags behind the main thread's by a control
 * message; it only serves to count a broadcast's receivers, delivery is the main thread's.
 */
export class Directory {
  /** Ids and names to ids. */
  readonly #ids = new Map<string, string>();
  /** Capability without a version → ids of its providers. */
  readonly #providers = new Map<string, Set<string>>();

  apply(changes: readonly DirectoryChange[]): void {
    for (const change of changes) {
      if (change.change === 'agent') this.#applyAgent(change.agentId, change.name, change.present);
      else this.#applyCapability(change.agentId, change.capability, change.present);
    }
  }

  /** How many different agents these ids and names stand for. */
  countAgents(idsOrNames: readonly string[]): number {
    const found = new Set<string>();
    for (const name of idsOrNames) {
      const id = this.#ids.get(name);
      if (id !== undefined) found.add(id);
    }
    return found.size;
  }

  /** How many agents but `exceptId` offer a capability, in whatever version. */
  countProviders(capability: string, exceptId: string): number {
    const ids = this.#providers.get(bareName(capability));
    if (ids === undefined) return 0;
    return ids.has(exceptId) ? ids.size - 1 : ids.size;
  }

  #applyAgent(agentId: string, name: string, present: boolean): void {
    if (present) {
      this.#ids.set(agentId, agentId);
      this.#ids.set(name, agentId);
      return;
    }
    this.#ids.delete(agentId);
    // The name may have gone to another agent before this one's end is heard of.
    if (this.#ids.get(name) === agentId) this.#ids.delete(name);
  }

  #applyCapability(agentId: string, capability: string, present: boolean): void {
    const name = bareName(capability);
    const ids = this.#providers.get(name) ?? new Set<string>();
    if (present) ids.add(agentId);
    else ids.delete(agentId);
    if (ids.size > 0) this.#providers.set(name, ids);
    else this.#providers.delete(name);
  }
}

/** `x:1.2` → `x`. */
function bareName(capability: string): string {
  const colon = capability.indexOf(':');
  return colon < 0 ? capability : capability.slice(0, colon);
}
