import { wallUs } from '../base/clock.js';
import { CaxtonError, type PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { decodeMessage } from '../fipa/binary.js';
import { leastLoaded } from '../pool/placement.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import type { Store } from '../store/store.js';
import { FRAME_DELIVER, FRAME_HEADER_BYTES } from '../wire/frames.js';
import type { Agent } from './agent.js';
import type { AgentSubscriptions } from './agent-subscriptions.js';
import type { Delivery } from './delivery.js';
import type { CompiledModule } from './modules.js';
import type { Residents } from './residents.js';
import type { Router } from './router.js';
import type { Supervisor } from './supervisor.js';

export interface LauncherParts {
  readonly store: Store;
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

/** Whether something was missing that will be back: a worker, or the store. */
function isUnavailable(error: unknown): boolean {
  return error instanceof CaxtonError && error.code === 'UNAVAILABLE';
}

/** Brings instances onto workers and takes them off again. */
export class Launcher {
  readonly #parts: LauncherParts;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
  }

  /**
   * As `install`, but a worker that dies meanwhile, which is no fault of the agent, is waited for.
   * @throws CaxtonError why it can't start
   */
  async installPatiently(agent: Agent, prepared: CompiledModule): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.install(agent, prepared);
        return;
      } catch (error) {
        if (!isUnavailable(error) || attempt === INSTALL_ATTEMPTS) throw error;
      }
      await sleep(LIMITS.worker_restart_backoff_ms * attempt);
    }
  }

  /** Puts an instance onto the least loaded worker. @throws CaxtonError why it can't start */
  async install(agent: Agent, prepared: CompiledModule): Promise<void> {
    const { residents, store } = this.#parts;
    const alive = this.#parts.channels().filter((candidate) => !candidate.dead);
    const channel = leastLoaded(
      alive.map((candidate) => ({
        index: candidate.index,
        agents: residents.count(candidate),
        inFlight: candidate.inFlight,
        channel: candidate,
      })),
    )?.channel;
    if (channel === undefined) throw new CaxtonError('UNAVAILABLE', 'No worker is there yet.');
    const { config } = agent.identity;
    const slot = channel.newSlot();
    residents.add(channel, slot, agent);
    try {
      const data = await store.agentData(agent.id);
      const result = await channel.install({
        slot,
        agentId: agent.id,
        name: agent.name,
        module: prepared.module,
        hasStart: prepared.hasStart,
        fuelPerMessage: config.fuelPerMessage,
        memoryMaxBytes: config.memoryBytes,
        cpuShareMillis: config.cpuShareMillis,
        environment: config.environment,
        data,
        nextTimerId: agent.nextTimerId,
        timestampUs: wallUs(),
      });
      agent.figures.memory(result.memoryBytes);
      this.#parts.spawned(result.durationUs);
    } catch (error) {
      residents.remove(agent);
      throw error;
    }
    agent.ready = true;
  }

  /** Whether there is a worker that an instance can be put onto now. */
  get hasWorker(): boolean {
    return this.#parts.channels().some((channel) => !channel.dead);
  }

  /** Ends the instance; what still waits is failed to its senders. */
  async evict(agent: Agent, shutdown: boolean): Promise<void> {
    const { residents, supervisor, subscriptions, delivery } = this.#parts;
    const { channel, slot } = agent;
    agent.ready = false;
    supervisor.forget(agent);
    clearTimeout(agent.pause);
    agent.pause = undefined;
    agent.clearTimers();
    delivery.forget(agent);
    if (channel !== undefined && !channel.dead) {
      await channel.remove(slot, shutdown, wallUs()).catch(() => undefined);
      // What was in the ring behind the removal comes back before it is failed with the rest.
      await this.idleRing(agent);
    }
    residents.remove(agent);
    supervisor.forget(agent);
    // Its last call may have set timers and subscribed once more.
    agent.clearTimers();
    subscriptions.remove(agent);
    this.failWaiting(agent, {
      code: 'UNAVAILABLE',
      message: `Agent '${agent.id}' was stopped before it could handle the message.`,
      details: { agent_id: agent.id },
    });
  }

  /** Resolves when nothing waits for the agent any more, at the latest after the given time. */
  async idle(agent: Agent, withinMs: number): Promise<void> {
    if (agent.mailbox.size === 0 || withinMs === 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        agent.idleListeners.delete(look);
        resolve();
      };
      const look = (): void => {
        if (agent.mailbox.size === 0) end();
      };
      const timer = setTimeout(end, withinMs).unref();
      agent.idleListeners.add(look);
    });
  }

  /** Resolves when nothing of the agent is in its worker's ring any more. */
  async idleRing(agent: Agent): Promise<void> {
    if (agent.mailbox.inRing === 0) return;
    // Ends in any case: every frame is answered, or its worker dies and all are taken back.
    await new Promise<void>((resolve) => {
      const end = (): void => {
        agent.idleListeners.delete(end);
        resolve();
      };
      agent.idleListeners.add(end);
    });
  }

  /** Everything that waits in the agent's mailbox fails. */
  failWaiting(agent: Agent, error: PlainError): void {
    for (const frame of agent.mailbox.takeAll()) {
      if (frame[0] !== FRAME_DELIVER) continue;
      this.#parts.router.fail(agent, decodeMessage(frame, FRAME_HEADER_BYTES), error);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
