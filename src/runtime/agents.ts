import { wallMs } from '../base/clock.js';
import {
  agentNotFound,
  CaxtonError,
  isUnavailable,
  type PlainError,
  toPlainError,
} from '../base/errors.js';
import { newAgentId, newDeploymentId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import type { Config } from '../config/schema.js';
import type { AgentRecord, Store } from '../store/store.js';
import type { Agent, AgentIdentity, AgentVersion, Instance } from './agent.js';
import type { AgentSubscriptions } from './agent-subscriptions.js';
import type { Delivery } from './delivery.js';
import type { Directory } from './directory.js';
import type { EventBus } from './events.js';
import type { Launcher } from './launcher.js';
import type { Lifecycle } from './lifecycle.js';
import { serverStopping } from './messages.js';
import type { CompiledModule, Modules } from './modules.js';
import { type Removal, Removals } from './removals.js';
import type { Residents } from './residents.js';
import { shutDown } from './shutdown.js';
import {
  deploymentFailed,
  nameTaken,
  removedMeanwhile,
  stoppedMeanwhile,
  tooManyAgents,
} from './start-errors.js';
import { storedAgent } from './stored-agent.js';
import type { AgentConfig, AgentSnapshot, AgentState, LogLine } from './types.js';

export interface AgentsParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly store: Store;
  readonly modules: Modules;
  readonly directory: Directory;
  readonly delivery: Delivery;
  readonly events: EventBus;
  readonly lifecycle: Lifecycle;
  readonly residents: Residents;
  readonly launcher: Launcher;
  readonly subscriptions: AgentSubscriptions;
  /** A deployment of the agent that is under way can't go on, because it runs no more. */
  readonly interrupted: (agent: Agent, reason: PlainError) => void;
  readonly removed: (agent: Agent) => void;
  readonly newAgent: (identity: AgentIdentity) => Agent;
}

// Enough to keep all workers busy with installing; more would only queue up.
const RESTORED_AT_ONCE = 64;

/** Deploying, stopping, starting and removing agents. */
export class Agents {
  readonly #parts: AgentsParts;
  /** Names of deploys on their way, so that two at once can't take the same. */
  readonly #reserved = new Set<string>();
  readonly #removals: Removals;
  #stopping = false;

  constructor(parts: AgentsParts) {
    this.#parts = parts;
    this.#removals = new Removals(parts.store);
  }

  find(agent: string): AgentSnapshot | undefined {
    return this.#parts.directory.find(agent)?.snapshot();
  }

  /** What else an agent is called, told cheaply enough to be asked for each message. */
  identify(agent: string): { readonly id: string; readonly name: string } | undefined {
    return this.#parts.directory.find(agent);
  }

  /** @throws CaxtonError AGENT_NOT_FOUND */
  get(agent: string): AgentSnapshot {
    return this.#get(agent).snapshot();
  }

  list(
    status: AgentState | undefined,
    offset: number,
    limit: number,
    wanted: (agentId: string) => boolean = () => true,
  ): { agents: AgentSnapshot[]; total: number } {
    const all = [...this.#parts.directory.agents()].filter(
      (agent) => (status === undefined || agent.state === status) && wanted(agent.id),
    );
    const page = all.slice(offset, offset + limit).map((agent) => agent.snapshot());
    return { agents: page, total: all.length };
  }

  logs(agent: string, count: number): LogLine[] {
    return this.#get(agent).logs.last(count);
  }

  /**
   * Checks, meters, compiles, stores and starts an agent.
   * @throws CaxtonError AGENT_ALREADY_EXISTS, INVALID_WASM, RESOURCE_LIMIT_EXCEEDED,
   * DEPLOYMENT_FAILED, UNAVAILABLE
   */
  async deploy(wasm: Uint8Array, config: AgentConfig, deployedBy: string): Promise<AgentSnapshot> {
    const { directory, modules, store, lifecycle } = this.#parts;
    if (this.#stopping) throw serverStopping();
    this.#checkNameFree(config.name);
    if (directory.size + this.#reserved.size >= this.#parts.config.limits.agents) {
      throw tooManyAgents(this.#parts.config.limits.agents);
    }
    this.#reserved.add(config.name);
    const added = await modules
      .add(wasm, config.memoryBytes)
      .finally(() => this.#reserved.delete(config.name));
    if (this.#stopping) {
      modules.release(added.hash);
      throw serverStopping();
    }
    const nowMs = wallMs();
    const agent = this.#parts.newAgent({
      agentId: newAgentId(),
      config,
      moduleHash: added.hash,
      deploymentId: newDeploymentId(),
      deployedBy,
      createdMs: nowMs,
      deployedMs: nowMs,
    });
    directory.add(agent);
    lifecycle.load(agent);
    try {
      await this.#launch(agent, added.prepared);
      await store.durable();
    } catch (error) {
      await this.#takeBack(agent, toPlainError(error));
      throw deploymentFailed(error, agent);
    }
    this.#parts.events.publish('agent.deployed', {
      agent_id: agent.id,
      name: config.name,
      version: config.version,
      deployment_id: agent.identity.deploymentId,
    });
    return agent.snapshot();
  }

  /** A deploy that failed leaves nothing behind, so that it can be tried again. */
  async #takeBack(agent: Agent, reason: PlainError): Promise<void> {
    const { directory, lifecycle } = this.#parts;
    directory.remove(agent);
    const ran = agent.instances.some((instance) => instance.channel !== undefined);
    // Removed while it was started, it is unloaded already.
    if (agent.state !== 'unloaded') {
      lifecycle.change(agent, 'failed', reason);
      lifecycle.unload(agent);
    }
    if (ran) await agent.exclusively(() => this.#evict(agent, true));
    this.#failWaiting(agent, reason);
    this.#discard(agent);
  }

  #checkNameFree(name: string): void {
    const { directory } = this.#parts;
    if (!this.#reserved.has(name) && directory.find(name) === undefined) return;
    throw nameTaken(name, directory.find(name)?.id);
  }

  /**
   * Stops an agent: what waits for it is handled within the grace period (or failed at once when
   * it shall not drain), then it is shut down.
   * @throws CaxtonError AGENT_NOT_FOUND, CONFLICT
   */
  stop(
    name: string,
    gracePeriodS: number,
    drain: boolean,
  ): { agent: AgentSnapshot; estimatedCompletionMs: number } {
    const agent = this.#get(name);
    this.#parts.lifecycle.change(agent, 'draining');
    this.#parts.interrupted(agent, stoppedMeanwhile(agent));
    const graceMs = gracePeriodS * 1_000;
    void this.#drainAndStop(agent, drain ? graceMs : 0).catch((error) =>
      this.#parts.logger.error({ err: error, agent_id: agent.id }, 'agent could not be stopped'),
    );
    const estimatedMs = drain && agent.queued > 0 ? graceMs : 0;
    return { agent: agent.snapshot(), estimatedCompletionMs: wallMs() + estimatedMs };
  }

  async #drainAndStop(agent: Agent, graceMs: number): Promise<void> {
    const { launcher, lifecycle } = this.#parts;
    await Promise.all(agent.instances.map((instance) => launcher.idle(instance, graceMs)));
    await agent.exclusively(async () => {
      if (agent.state !== 'draining') return;
      await this.#evict(agent, true);
      // The agent may have failed, or have been removed, while it was shut down.
      if ((agent.state as AgentState) === 'draining') lifecycle.change(agent, 'stopped');
      // While one instance shut down, others that had ended already were sent messages.
      for (const instance of agent.instances) launcher.failStopped(instance);
    });
  }

  /** @throws CaxtonError AGENT_NOT_FOUND, CONFLICT, DEPLOYMENT_FAILED */
  async start(name: string): Promise<AgentSnapshot> {
    const agent = this.#get(name);
    if (agent.state === 'running') {
      throw new CaxtonError('CONFLICT', `Agent '${agent.id}' is running already.`, {
        agent_id: agent.id,
        status: agent.state,
      });
    }
    this.#parts.lifecycle.change(agent, 'loaded');
    try {
      const { moduleHash, config } = agent.identity;
      await this.#launch(agent, await this.#parts.modules.get(moduleHash, config.memoryBytes));
    } catch (error) {
      if (agent.state !== 'unloaded') {
        const reason = toPlainError(error);
        this.#parts.lifecycle.change(agent, isUnavailable(error) ? 'stopped' : 'failed', reason);
      }
      this.#failWaiting(agent, toPlainError(error));
      throw deploymentFailed(error, agent);
    }
    // It runs: that this is not on disk yet is no reason to start it once more.
    await this.#parts.store.durable().catch((error) => {
      this.#parts.logger.warn({ err: error, agent_id: agent.id }, 'a start is not on disk yet');
    });
    return agent.snapshot();
  }

  /**
   * Where the disk fails the agent is gone all the same, and a repeated call waits for the disk.
   * @throws CaxtonError AGENT_NOT_FOUND, UNAVAILABLE
   */
  async remove(name: string): Promise<Removal> {
    const { directory, events } = this.#parts;
    if (this.#stopping) throw serverStopping();
    const known = directory.find(name) !== undefined;
    const former = known ? undefined : await this.#removals.again(name);
    if (former !== undefined) return former;
    const agent = this.#get(name);
    const shutdown = agent.state === 'running' || agent.state === 'draining';
    directory.remove(agent);
    this.#parts.lifecycle.unload(agent);
    this.#parts.removed(agent);
    const gone = agent.exclusively(async () => {
      await this.#evict(agent, shutdown);
      this.#discard(agent);
    });
    await this.#removals.track(gone);
    events.publish('agent.removed', { agent_id: agent.id, name: agent.name });
    return this.#removals.removed(agent);
  }

  /**
   * Brings back the agents of the store. Those that can't start become `failed`; where something
   * was missing that is no fault of theirs they stay `loaded`, and it is tried again.
   * @param known called when all are known and none runs yet, so that no message is on its way
   */
  async restore(known: () => Promise<void>): Promise<void> {
    const records = this.#parts.store.agents();
    // All first: the filters and messages of one may name another.
    const agents = records.map((record) => this.#recreate(record));
    await known();
    for (let from = 0; from < records.length; from += RESTORED_AT_ONCE) {
      const group = records.slice(from, from + RESTORED_AT_ONCE);
      await Promise.all(
        group.map((record, index) => this.#restoreOne(agents[from + index] as Agent, record)),
      );
    }
  }

  #recreate(record: AgentRecord): Agent {
    const agent = storedAgent(record, this.#parts.newAgent);
    // It may be in the middle of conversations.
    for (const instance of agent.instances) instance.hadMessage = true;
    this.#parts.directory.add(agent);
    this.#parts.lifecycle.load(agent);
    this.#parts.modules.retain(record.moduleHash);
    return agent;
  }

  async #restoreOne(agent: Agent, record: AgentRecord): Promise<void> {
    if (record.desiredState === 'running') {
      await this.#bringBack(agent, record.registrations?.subscriptions ?? []);
    } else {
      this.#parts.lifecycle.change(agent, record.desiredState);
    }
  }

  /** @param filters of the subscriptions that it had */
  async #bringBack(agent: Agent, filters: readonly string[]): Promise<void> {
    const { modules, lifecycle, logger, subscriptions } = this.#parts;
    const { moduleHash, config } = agent.identity;
    try {
      const prepared = await modules.get(moduleHash, config.memoryBytes);
      for (const filter of filters) subscriptions.add(agent, filter);
      await this.#launch(agent, prepared);
    } catch (error) {
      if (agent.state !== 'loaded' || this.#stopping) return;
      logger.error({ err: error, agent_id: agent.id }, 'agent could not be brought back');
      // No worker, or a disk that takes no writes: none of that is the agent's fault.
      if (isUnavailable(error)) {
        const again = () => void (this.#stopping || this.#bringBack(agent, filters));
        setTimeout(again, LIMITS.restart_retry_ms).unref();
        return;
      }
      lifecycle.change(agent, 'failed', toPlainError(error));
      this.#failWaiting(agent, toPlainError(error));
    }
  }

  /** Whether there is a worker that an agent can be put onto now. */
  get canBePlaced(): boolean {
    return this.#parts.launcher.hasWorker;
  }

  /** Puts an instance whose worker died onto another, or onto that one's successor. */
  async relaunch(instance: Instance): Promise<void> {
    const { moduleHash, config } = instance.version.identity;
    const prepared = await this.#parts.modules.get(moduleHash, config.memoryBytes);
    await this.#parts.launcher.install(instance, prepared);
  }

  async #launch(agent: Agent, prepared: CompiledModule): Promise<void> {
    await agent.exclusively(async () => {
      if (agent.state === 'unloaded') throw removedMeanwhile(agent);
      // A rollback that found the agent stopped left it at that.
      const { version } = agent;
      while (version.instances.length < version.config.instances) agent.newInstance(version);
      try {
        // After a restart there may be those of a deployment beside them, which brings them itself.
        for (const instance of version.instances) {
          await instance.exclusively(() =>
            this.#parts.launcher.installPatiently(instance, prepared),
          );
        }
        if ((agent.state as AgentState) === 'unloaded') throw removedMeanwhile(agent);
      } catch (error) {
        // One alone, or the others without it, would be half an agent.
        if (agent.instances.length > 1) await this.#evict(agent, false);
        for (const instance of agent.instances) this.#parts.launcher.abandon(instance);
        throw error;
      }
      this.#parts.lifecycle.change(agent, 'running');
    });
    for (const instance of agent.instances) this.#parts.delivery.pump(instance);
  }

  async #evict(agent: Agent, shutdown: boolean): Promise<void> {
    await Promise.all(
      agent.instances.map((instance) =>
        instance.exclusively(() => this.#parts.launcher.evict(instance, shutdown)),
      ),
    );
  }

  #failWaiting(agent: Agent, error: PlainError): void {
    for (const instance of agent.instances) this.#parts.launcher.failWaiting(instance, error);
  }

  /** The server stops: see `shutDown`. */
  async shutDownAll(withinMs: number): Promise<void> {
    this.#stopping = true;
    const { directory, launcher } = this.#parts;
    await shutDown([...directory.agents()], launcher, this.#removals.underWay, withinMs);
  }

  /** A version failed for good: until somebody starts the agent again it takes no message. */
  async giveUp({ agent }: AgentVersion, error: PlainError): Promise<void> {
    this.#parts.lifecycle.change(agent, 'failed', error);
    this.#parts.interrupted(agent, error);
    await agent.exclusively(() => this.#evict(agent, false));
  }

  #discard(agent: Agent): void {
    const { directory, modules, store, residents } = this.#parts;
    if (agent.discarded) return;
    agent.discarded = true;
    agent.figures.discard();
    directory.remove(agent);
    for (const instance of agent.instances) residents.remove(instance);
    store.deleteAgent(agent.id);
    for (const version of agent.versions) modules.release(version.identity.moduleHash);
  }

  #get(name: string): Agent {
    const agent = this.#parts.directory.find(name);
    if (agent === undefined) throw agentNotFound(name);
    return agent;
  }
}
