import type { AgentConfig } from '../types.js';
import type { Deployments } from './deployments.js';
import { nextVersion } from './next-version.js';
import type { StrategyPlan, VersionTarget } from './plan.js';
import type { DeploymentState } from './state.js';
import { type StrategyInput, toStrategyPlan } from './strategy-plan.js';

/** What a new version of an agent differs in. */
export interface VersionChange {
  /** Absent: the module stays as it is. */
  readonly wasm: Uint8Array | undefined;
  readonly version: string;
  /** Parts of the agent's config that change. */
  readonly config: Partial<AgentConfig> | undefined;
}

/** A new version of an agent that could be deployed: its config is checked, its module is not. */
export interface PlannedVersion {
  readonly oldInstances: number;
  readonly newInstances: number;
  /**
   * Checks, meters and keeps the module.
   * @throws CaxtonError INVALID_WASM, RESOURCE_LIMIT_EXCEEDED
   */
  prepare(): Promise<VersionTarget>;
  /** Lets go what `prepare` kept, because nothing came of it. */
  discard(target: VersionTarget): void;
}

/** How the runtime makes new versions of its agents. */
export interface VersionSource {
  /** The version that an agent runs on. @throws CaxtonError AGENT_NOT_FOUND */
  currentVersion(agentId: string): string;
  /** @throws CaxtonError CONFLICT when the agent doesn't run, INVALID_REQUEST naming the field */
  plan(agentId: string, change: VersionChange): PlannedVersion;
}

export interface UpdateRequest {
  readonly agentId: string;
  readonly kind: StrategyPlan['kind'];
  readonly wasm?: Uint8Array | undefined;
  /** Default: the present one with its minor number raised. */
  readonly version?: string | undefined;
  readonly config?: Partial<AgentConfig> | undefined;
  readonly strategy: StrategyInput;
  /** What stands before the names of the strategy's fields in errors. */
  readonly strategyPath: string;
  readonly createdBy: string;
}

/** From a request for another version of an agent to the deployment that brings it. */
export class Updates {
  readonly #deployments: Deployments;
  readonly #source: VersionSource;

  constructor(deployments: Deployments, source: VersionSource) {
    this.#deployments = deployments;
    this.#source = source;
  }

  /**
   * Checks everything that can be checked at once, then the module, then begins.
   * @throws CaxtonError AGENT_NOT_FOUND, INVALID_REQUEST, INVALID_WASM, RESOURCE_LIMIT_EXCEEDED,
   *   CONFLICT while another deployment of the agent runs; nothing has changed then
   */
  async begin(request: UpdateRequest): Promise<DeploymentState> {
    const { agentId, kind, wasm, config, createdBy } = request;
    const fromVersion = this.#source.currentVersion(agentId);
    const toVersion = request.version ?? nextVersion(fromVersion);
    const planned = this.#source.plan(agentId, { wasm, version: toVersion, config });
    const { oldInstances, newInstances } = planned;
    const strategy = toStrategyPlan(kind, request.strategy, newInstances, request.strategyPath);
    this.#deployments.checkFree(agentId);
    const target = await planned.prepare();
    try {
      return await this.#deployments.create({
        ...strategy,
        ...{ agentId, fromVersion, toVersion, oldInstances, newInstances, target, createdBy },
      });
    } catch (error) {
      // Once it has begun the module belongs to the deployment, whatever this call's fate.
      if (this.#deployments.running(agentId)?.plan.target !== target) planned.discard(target);
      throw error;
    }
  }
}
