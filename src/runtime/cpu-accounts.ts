import type { CpuShareGrant } from '../wire/control.js';
import type { Agent } from './agent.js';
import type { AgentConfig } from './types.js';

/** What all instances of an agent, of all its versions, pay into for their share of a core. */
export class CpuAccounts {
  readonly #accounts = new WeakMap<Agent, CpuShareGrant['account']>();

  /**
   * What an instance may take.
   * @param config of its version
   * @returns undefined = its share is not limited
   */
  grant(agent: Agent, { cpuShareMillis: millis }: AgentConfig): CpuShareGrant | undefined {
    if (millis === 0) return undefined;
    const account = this.#accounts.get(agent) ?? new BigInt64Array(new SharedArrayBuffer(8));
    this.#accounts.set(agent, account);
    return { millis, account };
  }
}
