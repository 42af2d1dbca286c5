import { agentNotFound, CaxtonError } from '../base/errors.js';
import type { Agent } from './agent.js';
import { AgentRollout, type RolloutParts } from './agent-rollout.js';
import type { DeploymentPlan, VersionTarget } from './deploy/plan.js';
import type { DeploymentState } from './deploy/state.js';
import type { PlannedVersion, VersionChange, VersionSource } from './deploy/updates.js';
import type { VersionControl } from './deploy/version-control.js';
import type { AgentConfig } from './types.js';

/** Makes new versions of agents for deployments and hot reloads. */
export class Versions implements VersionSource {
  readonly #parts: RolloutParts;

  constructor(parts: RolloutParts) {
    this.#parts = parts;
  }

  currentVersion(agentId: string): string {
    return this.#get(agentId).identity.config.version;
  }

  plan(agentId: string, change: VersionChange): PlannedVersion {
    const agent = this.#get(agentId);
    if (agent.state !== 'running') {
      throw new CaxtonError(
        'CONFLICT',
        `Agent '${agent.id}' is ${agent.state}; start it before another version is deployed.`,
        { agent_id: agent.id, status: agent.state },
      );
    }
    const config: AgentConfig = {
      ...agent.identity.config,
      ...change.config,
      version: change.version,
    };
    return {
      oldInstances: agent.version.instances.length,
      newInstances: config.instances,
      prepare: () => this.#prepare(agent, change.wasm, config),
      discard: ({ moduleHash }) => this.#parts.modules.release(moduleHash),
    };
  }

  async #prepare(
    agent: Agent,
    wasm: Uint8Array | undefined,
    config: AgentConfig,
  ): Promise<VersionTarget> {
    const { modules } = this.#parts;
    if (wasm !== undefined) {
      const { hash } = await modules.add(wasm, config.memoryBytes);
      return { moduleHash: hash, config };
    }
    const { moduleHash } = agent.identity;
    modules.retain(moduleHash);
    try {
      // With another memory limit it is metered anew.
      await modules.get(moduleHash, config.memoryBytes);
    } catch (error) {
      modules.release(moduleHash);
      throw error;
    }
    return { moduleHash, config };
  }

  /**
   * The two versions of an agent, for one deployment.
   * @param resumed where it was, when the deployment was under way before this process
   * @throws CaxtonError AGENT_NOT_FOUND
   */
  controlFor(
    agentId: string,
    plan: DeploymentPlan,
    resumed: DeploymentState | undefined,
  ): VersionControl {
    return new AgentRollout(this.#parts, this.#get(agentId), plan, resumed);
  }

  #get(agentId: string): Agent {
    const agent = this.#parts.directory.find(agentId);
    if (agent === undefined) throw agentNotFound(agentId);
    return agent;
  }
}
