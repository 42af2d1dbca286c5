import { monotonicUs, wallMs } from '../base/clock.js';
import { CaxtonError, type PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { decodeMessage } from '../fipa/binary.js';
import type { Store } from '../store/store.js';
import { FRAME_DELIVER, FRAME_HEADER_BYTES } from '../wire/frames.js';
import type { Agent, AgentVersion, Instance } from './agent.js';
import type { ConversationBirths } from './conversation-births.js';
import type { Delivery } from './delivery.js';
import type { DeploymentPlan, VersionTarget } from './deploy/plan.js';
import type { DeploymentState } from './deploy/state.js';
import type { VersionControl, VersionFigures } from './deploy/version-control.js';
import type { Directory } from './directory.js';
import type { Launcher } from './launcher.js';
import type { Modules } from './modules.js';
import type { Retirement } from './retirement.js';
import { TrialFigures } from './trial-figures.js';
import type { AgentConfig } from './types.js';

export interface RolloutParts {
  readonly births: ConversationBirths;
  readonly delivery: Delivery;
  readonly directory: Directory;
  readonly launcher: Launcher;
  readonly modules: Modules;
  readonly retirement: Retirement;
  readonly store: Store;
  /** The new version failed too often. */
  readonly failed: (agentId: string, error: PlainError) => void;
}

const HEALTH_WAIT_MS = 10_000;
const HEALTH_LOOK_MS = 20;
const NO_FIGURES: VersionFigures = Object.freeze({ messages: 0, failed: 0, latencyP99Ms: 0 });

/**
 * The two versions of an agent during one deployment. No message changes hands but in a rollback:
 * what the new version has not begun goes to the old one then, after all that it had begun.
 */
export class AgentRollout implements VersionControl {
  readonly #parts: RolloutParts;
  readonly #agent: Agent;
  readonly #plan: DeploymentPlan;
  readonly #old: AgentVersion;
  #next: AgentVersion | undefined;
  /** Of those that it had before a restart, the ones that aren't there yet. */
  readonly #missing = new Set<Instance>();
  #migrated: boolean;
  #over = false;
  /** What the new version had done when it became the agent's. */
  #final: VersionFigures = NO_FIGURES;

  /** @param resumed where it was, when the deployment was under way before this process */
  constructor(
    parts: RolloutParts,
    agent: Agent,
    plan: DeploymentPlan,
    resumed: DeploymentState | undefined,
  ) {
    this.#parts = parts;
    this.#agent = agent;
    this.#plan = plan;
    this.#old = agent.version;
    this.#migrated = resumed !== undefined;
    if (resumed === undefined || this.finished) return;
    // Of what runs the agent itself holds the module; of what shall run, this deployment does.
    parts.modules.retain(this.#target.moduleHash);
    if (resumed.status === 'in_progress') this.#recall(resumed);
  }

  /**
   * Gives the new version the conversations that it had, before its instances are there: what comes
   * in them meanwhile waits for those.
   */
  #recall({ shares = [], newInstances }: DeploymentState): void {
    if (shares.length === 0) return;
    this.#next = this.#newVersion(this.#target.config as AgentConfig);
    for (let i = 0; i < newInstances; i++) {
      const instance = this.#agent.newInstance(this.#next);
      // It may be in the middle of conversations.
      instance.hadMessage = true;
      this.#missing.add(instance);
    }
    for (const { percent, sinceMs } of shares) this.#agent.share(sinceMs, this.#next, percent);
  }

  get finished(): boolean {
    return this.#agent.identity.deploymentId === this.#plan.deploymentId;
  }

  get #target(): VersionTarget {
    const { target } = this.#plan;
    if (target === undefined) throw new Error('a deployment under way has no target');
    return target;
  }

  startNew(instances: number): Promise<void> {
    return this.#agent.exclusively(async () => {
      this.#checkRuns();
      const { modules } = this.#parts;
      const config = this.#target.config as AgentConfig;
      const prepared = await modules.get(this.#target.moduleHash, config.memoryBytes);
      this.#next ??= this.#newVersion(config);
      const next = this.#next;
      while (next.instances.length < instances || this.#missing.size > 0) {
        const [missing] = this.#missing;
        const instance = missing ?? this.#newInstance(next);
        const migration = this.#migrated
          ? undefined
          : { from: this.#plan.fromVersion, to: this.#plan.toVersion };
        try {
          await instance.exclusively(() =>
            this.#parts.launcher.installPatiently(instance, prepared, migration),
          );
        } catch (error) {
          // What waits for one that was missed goes to the old version in the rollback.
          if (missing === undefined) this.#agent.dropInstance(instance);
          throw error;
        }
        this.#migrated = true;
        this.#checkRuns();
        if (missing === undefined) this.#open(instance);
        else this.#parts.delivery.pump(instance);
        this.#missing.delete(instance);
      }
    });
  }

  /** One that takes no conversation before it is there. */
  #newInstance(version: AgentVersion): Instance {
    const instance = this.#agent.newInstance(version);
    instance.openedMs = Number.POSITIVE_INFINITY;
    return instance;
  }

  /** It takes conversations that begin from now on; the first of a version takes all it has. */
  #open(instance: Instance): void {
    const others = instance.version.instances.some((other) => other !== instance && other.isOpen);
    instance.openedMs = others ? wallMs() + 1 : Number.NEGATIVE_INFINITY;
    this.#parts.delivery.pump(instance);
  }

  #newVersion(config: AgentConfig): AgentVersion {
    const { identity } = this.#agent;
    const version = this.#agent.newVersion(
      {
        agentId: identity.agentId,
        config: { ...config, strategy: this.#plan.strategy },
        moduleHash: this.#target.moduleHash,
        deploymentId: this.#plan.deploymentId,
        deployedBy: this.#plan.createdBy,
        createdMs: identity.createdMs,
        deployedMs: wallMs(),
      },
      0,
    );
    version.trial = new TrialFigures();
    version.onGivenUp = (error) => this.#parts.failed(identity.agentId, error);
    return version;
  }

  #checkRuns(): void {
    const { state, id } = this.#agent;
    if (state === 'running' && !this.#over) return;
    throw new CaxtonError('CONFLICT', `Agent '${id}' is ${state}; a deployment needs it to run.`, {
      agent_id: id,
      status: state,
    });
  }

  async checkNew(): Promise<void> {
    const endMs = monotonicUs() / 1_000 + HEALTH_WAIT_MS;
    // One whose worker has just died comes back by itself.
    while (!this.#isHealthy()) {
      this.#checkRuns();
      if (monotonicUs() / 1_000 > endMs) {
        throw new CaxtonError(
          'DEPLOYMENT_FAILED',
          `An instance of version ${this.#plan.toVersion} does not take messages.`,
          { agent_id: this.#agent.id, version: this.#plan.toVersion },
        );
      }
      await sleep(HEALTH_LOOK_MS);
    }
  }

  #isHealthy(): boolean {
    const instances = this.#next?.instances ?? [];
    return instances.length > 0 && instances.every((instance) => instance.ready);
  }

  setShare(percent: number, sinceMs: number): void {
    const next = this.#next;
    if (next === undefined) return;
    this.#agent.share(sinceMs, next, percent);
    // Who is only tried out promises nothing: what asks for a capability may come to the other.
    this.#parts.directory.offer(percent === 100 ? next : this.#old);
  }

  async retireOld(instances: number): Promise<void> {
    // Those that were to end before come first, and some of them are gone already.
    const gone = this.#plan.oldInstances - this.#old.instances.length;
    for (const instance of this.#old.instances.slice(0, Math.max(instances - gone, 0))) {
      this.#parts.retirement.retire(instance);
    }
  }

  async finish(): Promise<void> {
    const next = this.#next as AgentVersion;
    this.#checkRuns();
    const { store, directory, retirement } = this.#parts;
    store.putAgent(this.#agent.toRecord(this.#agent.state, next));
    this.#agent.settle(wallMs(), next);
    next.onGivenUp = undefined;
    this.#final = this.figures();
    next.trial = undefined;
    directory.offer(next);
    // Nobody writes to an instance that no conversation leads to.
    retirement.retireVersion(this.#old);
    // A former version that fails too often takes nobody along.
    this.#old.onGivenUp = () => retirement.abandon(this.#old);
    this.#over = true;
    // What was handed over will be written, if the disk works at all: there is no way back.
    await store.durable().catch(() => undefined);
  }

  rollBack(): Promise<void> {
    this.#over = true;
    this.#parts.directory.offer(this.#old);
    return this.#agent.exclusively(async () => {
      const next = this.#next;
      if (next !== undefined) await this.#giveBack(next);
      else this.#parts.modules.release(this.#target.moduleHash);
      await this.#restoreOld();
    });
  }

  async #giveBack(next: AgentVersion): Promise<void> {
    const { launcher, modules } = this.#parts;
    const instances = [...next.instances];
    for (const instance of instances) instance.held = true;
    const graceMs = LIMITS.grace_period_default_s * 1_000;
    await Promise.race([
      Promise.all(instances.map((each) => launcher.idleRing(each))),
      sleep(graceMs),
    ]);
    // From here to the last frame in one turn: a message that comes meanwhile would overtake.
    this.#reopenOld();
    this.#agent.withdraw(next);
    for (const instance of instances) this.#handOver(instance);
    for (const instance of instances) this.#agent.dropInstance(instance);
    await Promise.all(
      instances.map((instance) => instance.exclusively(() => launcher.evict(instance, true))),
    );
    // One that was removed has taken along the modules of all its versions.
    if (!this.#agent.discarded) {
      this.#agent.dropVersion(next);
      modules.release(next.identity.moduleHash);
    }
    for (const instance of this.#old.instances) this.#parts.delivery.pump(instance);
  }

  #handOver(from: Instance): void {
    if (this.#old.instances.length === 0) return;
    for (const frame of from.mailbox.takeAll()) {
      if (frame[0] !== FRAME_DELIVER) continue;
      const { conversationId, priority } = decodeMessage(frame, FRAME_HEADER_BYTES, false);
      const bornMs = this.#parts.births.bornMs(conversationId);
      const to = this.#agent.instanceFor(conversationId, bornMs);
      to.hadMessage = true;
      to.mailbox.push(frame, priority);
    }
  }

  #reopenOld(): void {
    for (const instance of this.#old.instances) this.#parts.retirement.reopen(instance);
  }

  /** Instances that were retired and are gone already come back as new ones. */
  async #restoreOld(): Promise<void> {
    if (this.#agent.state !== 'running') return;
    this.#reopenOld();
    const { moduleHash, config } = this.#old.identity;
    while (this.#old.instances.length < this.#plan.oldInstances) {
      const prepared = await this.#parts.modules.get(moduleHash, config.memoryBytes);
      const instance = this.#newInstance(this.#old);
      try {
        await instance.exclusively(() => this.#parts.launcher.installPatiently(instance, prepared));
      } catch (error) {
        this.#agent.dropInstance(instance);
        throw error;
      }
      this.#open(instance);
    }
  }

  figures(): VersionFigures {
    const trial = this.#next?.trial;
    if (trial === undefined) return this.#final;
    return { messages: trial.messages, failed: trial.failed, latencyP99Ms: trial.latencyP99Ms };
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
