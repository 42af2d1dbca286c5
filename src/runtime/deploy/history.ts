import type { Store } from '../../store/store.js';
import { type DeploymentState, type DeploymentStatus, hasEnded } from './state.js';

export interface DeploymentQuery {
  readonly agentId?: string | undefined;
  readonly status?: DeploymentStatus | undefined;
  readonly offset: number;
  readonly limit: number;
}

interface Entry {
  readonly agentId: string;
  status: DeploymentStatus;
}

/**
 * Deployments on record, running and ended, oldest first. Their states lie in the store; here is
 * only what a list is filtered by. Of the ended ones the newest so many are kept.
 */
export class DeploymentHistory {
  readonly #store: Store;
  readonly #kept: number;
  /** By id, in the order in which they were created. */
  readonly #entries = new Map<string, Entry>();
  #ended = 0;

  constructor(store: Store, kept: number) {
    this.#store = store;
    this.#kept = kept;
  }

  /** Reads what an earlier run of the server left. @returns those that have not ended */
  load(): DeploymentState[] {
    const states = this.#store
      .deployments()
      .map(({ state }) => state as DeploymentState)
      .sort((a, b) => a.plan.createdMs - b.plan.createdMs || compareIds(a, b));
    for (const state of states) this.#note(state);
    this.#dropOldest();
    return states.filter((state) => !hasEnded(state));
  }

  /** @throws CaxtonError UNAVAILABLE when the store takes nothing now; nothing is changed then */
  save(state: DeploymentState): void {
    // Who can start no more instances needs no module and no environment on record.
    const kept = hasEnded(state) ? { ...state, plan: { ...state.plan, target: undefined } } : state;
    this.#store.putDeployment({ deploymentId: state.plan.deploymentId, state: kept });
    this.#note(state);
    this.#dropOldest();
  }

  async find(deploymentId: string): Promise<DeploymentState | undefined> {
    if (!this.#entries.has(deploymentId)) return undefined;
    return (await this.read([deploymentId]))[0];
  }

  async read(deploymentIds: readonly string[]): Promise<DeploymentState[]> {
    const records = await this.#store.deploymentsOf(deploymentIds);
    return records.map(({ state }) => state as DeploymentState);
  }

  /** Ids of one page, newest first, and how many match in all. */
  page(query: DeploymentQuery): { readonly deploymentIds: string[]; readonly total: number } {
    const matching = [...this.#entries]
      .filter(
        ([, entry]) =>
          (query.agentId === undefined || entry.agentId === query.agentId) &&
          (query.status === undefined || entry.status === query.status),
      )
      .map(([id]) => id)
      .reverse();
    const { offset, limit } = query;
    return { deploymentIds: matching.slice(offset, offset + limit), total: matching.length };
  }

  #note(state: DeploymentState): void {
    const { deploymentId, agentId } = state.plan;
    const entry = this.#entries.get(deploymentId);
    const endedBefore = entry !== undefined && hasEnded(entry);
    if (entry) entry.status = state.status;
    else this.#entries.set(deploymentId, { agentId, status: state.status });
    if (hasEnded(state) && !endedBefore) this.#ended += 1;
  }

  #dropOldest(): void {
    if (this.#ended <= this.#kept) return;
    for (const [id, entry] of this.#entries) {
      if (!hasEnded(entry)) continue;
      this.#store.deleteDeployment(id);
      this.#entries.delete(id);
      this.#ended -= 1;
      if (this.#ended <= this.#kept) return;
    }
  }
}

// Without their prefixes, which tell deployments from hot reloads, ids sort by time.
function compareIds(a: DeploymentState, b: DeploymentState): number {
  const [one, other] = [a, b].map(({ plan }) => plan.deploymentId.split('_').at(-1)!);
  return one! < other! ? -1 : 1;
}
