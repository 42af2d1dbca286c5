import { wallUs } from '../base/clock.js';
import { CaxtonError, fromPlainError, isUnavailable, type PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { decodeMessage } from '../fipa/binary.js';
import { leastLoaded } from '../pool/placement.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import type { Migration } from '../wire/control.js';
import { FRAME_DELIVER, FRAME_HEADER_BYTES, frameMark } from '../wire/frames.js';
import type { Agent, Instance } from './agent.js';
import type { AgentSubscriptions } from './agent-subscriptions.js';
import { CpuAccounts } from './cpu-accounts.js';
import type { DataReplicas } from './data-replicas.js';
import type { Delivery } from './delivery.js';
import type { CompiledModule } from './modules.js';
import type { Residents } from './residents.js';
import type { Router } from './router.js';
import type { Supervisor } from './supervisor.js';

export interface LauncherParts {
  readonly replicas: DataReplicas;
  readonly delivery: Delivery;
  readonly residents: Residents;
  readonly router: Router;
  readonly subscriptions: AgentSubscriptions;
  readonly supervisor: Supervisor;
  readonly channels: () => readonly WorkerChannel[];
  /** Told how long an instance took from its module to its readiness, in microseconds. */
  readonly spawned: (durationUs: number) => void;
}

const INSTALL_ATTEMPTS = 5;

/** Brings instances onto workers and takes them off again. */
export class Launcher {
  readonly #parts: LauncherParts;
  readonly #cpuAccounts = new CpuAccounts();

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  /**
   * As `install`, but a worker that dies meanwhile, which is no fault of the agent, is waited for.
   * @throws CaxtonError why it can't start
   */
  async installPatiently(
    instance: Instance,
    prepared: CompiledModule,
    migration?: Migration,
  ): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.install(instance, prepared, migration);
        return;
      } catch (error) {
        if (!isUnavailable(error) || attempt === INSTALL_ATTEMPTS) throw error;
      }
      await sleep(LIMITS.worker_restart_backoff_ms * attempt);
    }
  }

  /**
   * Puts an instance onto a worker.
   * @param migration between which versions stored data is to be rewritten first
   * @throws CaxtonError why it can't start
   */
  async install(
    instance: Instance,
    prepared: CompiledModule,
    migration?: Migration,
  ): Promise<void> {
    const { residents, replicas } = this.#parts;
    const { agent, config } = instance;
    const channel = this.#place(agent);
    const slot = channel.newSlot();
    residents.add(channel, slot, instance);
    try {
      const data = await replicas.join(instance);
      const result = await channel.install({
        slot,
        agentId: agent.id,
        name: agent.name,
        module: prepared.module,
        hasStart: prepared.hasStart,
        fuelPerMessage: config.fuelPerMessage,
        memoryMaxBytes: config.memoryBytes,
        cpuShare: this.#cpuAccounts.grant(agent, config),
        environment: config.environment,
        data,
        sharesData: agent.only === undefined,
        migration,
        nextTimerId: instance.nextTimerId,
        timestampUs: wallUs(),
      });
      // The worker answered, but died before the answer was taken.
      if (instance.channel !== channel) throw new CaxtonError('UNAVAILABLE', 'The worker died.');
      instance.memoryBytes = result.memoryBytes;
      agent.figures.memory(agent.memoryBytes);
      this.#parts.spawned(result.durationUs);
    } catch (error) {
      residents.remove(instance);
      const reason = this.#parts.supervisor.condemned(instance);
      throw reason === undefined ? error : fromPlainError(reason);
    }
    instance.ready = true;
    this.#parts.supervisor.started(instance);
  }

  // Where the fewest instances of the agent are, and of those workers the least loaded.
  #place(agent: Agent): WorkerChannel {
    const { residents } = this.#parts;
    const alive = this.#parts.channels().filter((candidate) => !candidate.dead);
    const own = new Map(alive.map((channel) => [channel, residents.countOf(agent, channel)]));
    const fewest = Math.min(...own.values());
    const channel = leastLoaded(
      alive
        .filter((candidate) => own.get(candidate) === fewest)
        .map((candidate) => ({
          index: candidate.index,
          agents: residents.count(candidate),
          inFlight: candidate.inFlight,
          channel: candidate,
        })),
    )?.channel;
    if (channel === undefined) throw new CaxtonError('UNAVAILABLE', 'No worker is there yet.');
    return channel;
  }

  /** Whether there is a worker that an instance can be put onto now. */
  get hasWorker(): boolean {
    return this.#parts.channels().some((channel) => !channel.dead);
  }

  /** It could not be started: what an attempt may have left behind goes. */
  abandon(instance: Instance): void {
    const { supervisor, subscriptions, delivery } = this.#parts;
    const { agent } = instance;
    supervisor.forget(instance);
    delivery.forget(instance);
    instance.clearTimers();
    if (agent.instances.every((other) => other.channel === undefined)) subscriptions.remove(agent);
  }

  /** Ends the instance; what still waits is failed to its senders. */
  async evict(instance: Instance, shutdown: boolean): Promise<void> {
    const { residents, supervisor, delivery } = this.#parts;
    const { channel, slot } = instance;
    instance.ready = false;
    supervisor.forget(instance);
    clearTimeout(instance.pause);
    instance.pause = undefined;
    instance.clearTimers();
    delivery.forget(instance);
    if (channel !== undefined && !channel.dead) {
      await channel.remove(slot, shutdown, wallUs()).catch(() => undefined);
      // What was in the ring behind the removal comes back before it is failed with the rest.
      await this.idleRing(instance);
    }
    residents.remove(instance);
    // Its last call may have set timers and subscribed once more.
    this.abandon(instance);
    this.failStopped(instance);
  }

  /** Everything that waits in the instance's mailbox fails, since its agent was stopped. */
  failStopped(instance: Instance): void {
    const { id } = instance.agent;
    this.failWaiting(instance, {
      code: 'UNAVAILABLE',
      message: `Agent '${id}' was stopped before it could handle the message.`,
      details: { agent_id: id },
    });
  }

  /** Resolves when nothing waits for the instance any more, at the latest after the given time. */
  async idle(instance: Instance, withinMs: number): Promise<void> {
    if (instance.mailbox.size === 0 || withinMs === 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        instance.idleListeners.delete(look);
        resolve();
      };
      const look = (): void => {
        if (instance.mailbox.size === 0) end();
      };
      const timer = setTimeout(end, withinMs).unref();
      instance.idleListeners.add(look);
    });
  }

  /** Resolves when nothing of the instance is in its worker's ring any more. */
  async idleRing(instance: Instance): Promise<void> {
    if (instance.mailbox.inRing === 0) return;
    // Ends in any case: every frame is answered, or its worker dies and all are taken back.
    await new Promise<void>((resolve) => {
      const end = (): void => {
        instance.idleListeners.delete(end);
        resolve();
      };
      instance.idleListeners.add(end);
    });
  }

  /** Everything that waits in the instance's mailbox fails. */
  failWaiting(instance: Instance, error: PlainError): void {
    for (const frame of instance.mailbox.takeAll()) {
      if (frame[0] !== FRAME_DELIVER) continue;
      const message = decodeMessage(frame, FRAME_HEADER_BYTES);
      this.#parts.router.fail(instance.agent, message, error, frameMark(frame));
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
