import { CaxtonError, type PlainError } from '../../base/errors.js';
import { newDeploymentId, newReloadId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Logger } from '../../base/log.js';
import type { Store } from '../../store/store.js';
import type { EventType } from '../event-types.js';
import type { EventBody } from '../streamed-event.js';
import { deploymentEventBody, deploymentEventType } from './deployment-events.js';
import { DeploymentRun, type EngineParts } from './engine.js';
import { DeploymentHistory, type DeploymentQuery } from './history.js';
import { canTurnBack, type DeploymentEvent } from './machine.js';
import type { DeploymentPlan } from './plan.js';
import { type Scheduler, systemScheduler } from './scheduler.js';
import { type DeploymentState, hasEnded, initialState } from './state.js';
import type { VersionControl } from './version-control.js';

export interface DeploymentsParts {
  readonly store: Store;
  readonly logger: Logger;
  readonly publish: (type: EventType, body: EventBody) => void;
  /**
   * The two versions of an agent, for one deployment; `resumed` is where it was before a restart,
   * and what conversations the new version has by it, it has from here on.
   * @throws CaxtonError AGENT_NOT_FOUND
   */
  readonly versionControlFor: (
    agentId: string,
    plan: DeploymentPlan,
    resumed: DeploymentState | undefined,
  ) => VersionControl;
  /** Told when a deployment has ended, and how is on disk. */
  readonly ended?: (state: DeploymentState) => void;
  /** Default: the machine's clock. */
  readonly scheduler?: Scheduler;
  /** Ended deployments that stay on record; default `LIMITS.deployments_kept`. */
  readonly kept?: number;
}

/** What a new deployment is made from; its module must be checked and stored already. */
export type DeploymentRequest = Omit<DeploymentPlan, 'deploymentId' | 'createdMs'>;

/** Deployments and hot reloads of all agents: one engine for every strategy, and their history. */
export class Deployments {
  readonly #parts: DeploymentsParts;
  readonly #scheduler: Scheduler;
  readonly #engineParts: EngineParts;
  readonly #history: DeploymentHistory;
  /** Those that have not ended, and those whose end isn't kept yet, by id. */
  readonly #runs = new Map<string, DeploymentRun>();
  /** Between `restore` and `resume`. */
  #interrupted: Array<{
    readonly state: DeploymentState;
    /** Absent when the agent is gone. */
    readonly control: VersionControl | undefined;
  }> = [];

  constructor(parts: DeploymentsParts) {
    this.#parts = parts;
    this.#scheduler = parts.scheduler ?? systemScheduler;
    this.#history = new DeploymentHistory(parts.store, parts.kept ?? LIMITS.deployments_kept);
    this.#engineParts = {
      scheduler: this.#scheduler,
      logger: parts.logger,
      save: (state) => this.#history.save(state),
      changed: (before, after) => this.#publish(before, after),
      ended: (state) => {
        this.#runs.delete(state.plan.deploymentId);
        parts.ended?.(state);
      },
    };
  }

  /**
   * Begins a deployment. It is on disk when this resolves, and goes on by itself.
   * @throws CaxtonError CONFLICT while another deployment of the agent runs,
   *   RESOURCE_LIMIT_EXCEEDED when too many run at all, UNAVAILABLE
   */
  async create(request: DeploymentRequest): Promise<DeploymentState> {
    this.checkFree(request.agentId);
    const plan: DeploymentPlan = {
      ...request,
      deploymentId: request.kind === 'reload' ? newReloadId() : newDeploymentId(),
      createdMs: this.#scheduler.nowMs(),
    };
    const state = initialState(plan);
    const control = this.#parts.versionControlFor(plan.agentId, plan, undefined);
    this.#history.save(state);
    const run = this.#add(state, control);
    this.#publish(undefined, state);
    run.deliver({ type: 'begin' });
    await this.#parts.store.durable();
    return state;
  }

  /**
   * Whether an agent may be deployed to now; to be asked before the work that a request takes.
   * @throws CaxtonError CONFLICT, RESOURCE_LIMIT_EXCEEDED
   */
  checkFree(agentId: string): void {
    const running = this.running(agentId);
    if (running !== undefined) {
      const { deploymentId } = running.plan;
      throw new CaxtonError(
        'CONFLICT',
        `Deployment '${deploymentId}' of agent '${agentId}' is ${running.status}; wait for its end, or roll it back.`,
        { agent_id: agentId, deployment_id: deploymentId, status: running.status },
      );
    }
    if (this.#runs.size < LIMITS.deployments_running) return;
    throw new CaxtonError(
      'RESOURCE_LIMIT_EXCEEDED',
      `${LIMITS.deployments_running} deployments run already; wait until one has ended.`,
      { resource: 'deployments_running', limit: LIMITS.deployments_running },
    );
  }

  /** How many have not ended. */
  get underWay(): number {
    return this.#runs.size;
  }

  /** The deployment of an agent that has not ended. */
  running(agentId: string): DeploymentState | undefined {
    return this.#runOf(agentId)?.state;
  }

  /** @throws CaxtonError NOT_FOUND */
  async get(deploymentId: string): Promise<DeploymentState> {
    const running = this.#runs.get(deploymentId)?.state;
    const found = running ?? (await this.#history.find(deploymentId));
    if (found === undefined) throw notFound(deploymentId);
    return found;
  }

  /** Newest first. */
  async list(query: DeploymentQuery): Promise<{ deployments: DeploymentState[]; total: number }> {
    const { deploymentIds, total } = this.#history.page(query);
    const stored = await this.#history.read(deploymentIds);
    const byId = new Map(stored.map((state) => [state.plan.deploymentId, state]));
    const deployments = deploymentIds.flatMap(
      (id) => this.#runs.get(id)?.state ?? byId.get(id) ?? [],
    );
    return { deployments, total };
  }

  /**
   * Gives the old version everything back. One that is rolling back already goes on doing so.
   * @returns the state, and when the new version's instances are gone at the latest
   * @throws CaxtonError NOT_FOUND, CONFLICT when it has ended or is past its last step
   */
  async rollBack(
    deploymentId: string,
    reason: string,
  ): Promise<{ state: DeploymentState; estimatedCompletionMs: number }> {
    const run = this.#runs.get(deploymentId);
    if (run === undefined) throw tooLate(await this.get(deploymentId));
    if (run.state.status !== 'rolling_back' && !canTurnBack(run.state)) throw tooLate(run.state);
    const drainMs = run.state.newInstances > 0 ? LIMITS.grace_period_default_s * 1_000 : 0;
    run.deliver({ type: 'roll_back', reason });
    const { state } = run;
    await this.#parts.store.durable();
    return { state, estimatedCompletionMs: state.changedMs + drainMs };
  }

  /** The new version of an agent was given up, because it failed too often. */
  versionFailed(agentId: string, error: PlainError): void {
    this.#runOf(agentId)?.deliver({ type: 'unhealthy', error });
  }

  agentRemoved(agentId: string): void {
    this.#runOf(agentId)?.deliver({ type: 'agent_removed' });
  }

  /**
   * Reads what the last stop or crash interrupted, and gives versions the conversations that they
   * had. To be called once, when all agents are known and before a message is routed.
   * @returns where those deployments were
   */
  restore(): DeploymentState[] {
    const states = this.#history.load();
    this.#interrupted = states.map((state) => ({ state, control: this.#controlOf(state) }));
    return states;
  }

  /**
   * Goes on with what `restore` found; docs/deployments.md says how. To be called once, when agents
   * run again on their stored versions.
   */
  resume(): void {
    for (const { state, control } of this.#interrupted.splice(0)) {
      const event: DeploymentEvent =
        control === undefined
          ? { type: 'agent_removed' }
          : { type: 'resume', finished: control.finished };
      this.#add(state, control ?? NO_VERSIONS).deliver(event);
    }
  }

  /** The server stops: everything stays where it is, for `resume`. */
  stop(): void {
    for (const run of this.#runs.values()) run.stop();
    this.#runs.clear();
  }

  #controlOf(state: DeploymentState): VersionControl | undefined {
    const { plan } = state;
    try {
      return this.#parts.versionControlFor(plan.agentId, plan, state);
    } catch (error) {
      const { deploymentId, agentId } = plan;
      this.#parts.logger.warn(
        { err: error, deployment_id: deploymentId, agent_id: agentId },
        'a deployment can’t go on: its agent is gone',
      );
      return undefined;
    }
  }

  #add(state: DeploymentState, control: VersionControl): DeploymentRun {
    const run = new DeploymentRun(state, control, this.#engineParts);
    this.#runs.set(state.plan.deploymentId, run);
    return run;
  }

  #runOf(agentId: string): DeploymentRun | undefined {
    for (const run of this.#runs.values()) {
      if (run.state.plan.agentId === agentId && !hasEnded(run.state)) return run;
    }
    return undefined;
  }

  #publish(before: DeploymentState | undefined, after: DeploymentState): void {
    const type = deploymentEventType(before, after);
    if (type !== undefined) this.#parts.publish(type, deploymentEventBody(after));
  }
}

const nothing = async (): Promise<void> => undefined;

/** For a deployment whose agent is gone. */
const NO_VERSIONS: VersionControl = Object.freeze({
  finished: false,
  startNew: nothing,
  checkNew: nothing,
  setShare: () => undefined,
  retireOld: nothing,
  finish: nothing,
  rollBack: nothing,
  figures: () => ({ messages: 0, failed: 0, latencyP99Ms: 0 }),
});

function notFound(deploymentId: string): CaxtonError {
  return new CaxtonError('NOT_FOUND', `There is no deployment '${deploymentId}'.`, {
    deployment_id: deploymentId,
  });
}

function tooLate({ plan, status }: DeploymentState): CaxtonError {
  const { deploymentId, fromVersion } = plan;
  const why = status === 'in_progress' ? 'is being completed' : `is ${status}`;
  return new CaxtonError(
    'CONFLICT',
    `Deployment '${deploymentId}' ${why} and can't be rolled back any more; deploy version ${fromVersion} again instead.`,
    { deployment_id: deploymentId, status },
  );
}
