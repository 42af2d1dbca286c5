import { wallUs } from '../base/clock.js';
import { type PlainError, toPlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { decodeMessage } from '../fipa/binary.js';
import type { Leftovers } from '../pool/leftovers.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import { FRAME_DELIVER, FRAME_HEADER_BYTES } from '../wire/frames.js';
import type { Agent, AgentVersion, Instance } from './agent.js';
import type { Agents } from './agents.js';
import type { Counters } from './counters.js';
import type { Delivery } from './delivery.js';
import type { Residents } from './residents.js';
import type { Router } from './router.js';
import type { Supervisor, SupervisorActions } from './supervisor.js';

export interface RecoveryParts {
  readonly agents: () => Agents;
  readonly counters: Counters;
  readonly delivery: Delivery;
  readonly logger: Logger;
  readonly residents: Residents;
  readonly router: Router;
  readonly supervisor: () => Supervisor;
}

// How often a restart looks whether the frames of the old instance have all come back.
const SETTLE_POLL_MS = 2;

/** Brings agents back: fresh instances for those that trapped, new places for a dead worker's. */
export class Recovery implements SupervisorActions {
  readonly #parts: RecoveryParts;
  /** Instances of dead workers, until the successor is there. */
  #homeless = new Set<Instance>();
  /** Why the watchdog is about to kill a worker; tells what its message in hand died of. */
  readonly #killReasons = new Map<WorkerChannel, PlainError>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /** The worker is about to be killed for what it does with the message in hand. */
  willKill(channel: WorkerChannel, reason: PlainError): void {
    this.#killReasons.set(channel, reason);
  }

  restart(instance: Instance): void {
    const { agent } = instance;
    void instance
      .exclusively(() => this.#restart(instance))
      .catch((error) => {
        this.#parts.logger.warn({ err: error, agent_id: agent.id }, 'agent could not be restarted');
        if (!isWanted(instance)) return;
        const reason = toPlainError(error);
        // Its worker died, or the store can't be read just now: none of that is the agent's fault.
        if (reason.code === 'UNAVAILABLE') this.#tryLater(instance);
        else this.#parts.supervisor().trapped(instance, reason);
      });
  }

  #tryLater(instance: Instance): void {
    setTimeout(() => this.restart(instance), LIMITS.restart_retry_ms).unref();
  }

  giveUp(version: AgentVersion, error: PlainError): void {
    const { agent } = version;
    if (!isAlive(agent)) return;
    if (version.onGivenUp !== undefined) {
      version.onGivenUp(error);
      return;
    }
    this.#parts.logger.warn({ agent_id: agent.id, error }, 'agent failed: too many traps');
    void this.#parts
      .agents()
      .giveUp(version, error)
      .catch((reason) => this.#parts.logger.error({ err: reason }, 'giving up an agent failed'));
  }

  async #restart(instance: Instance): Promise<void> {
    // It may be due twice: it trapped, and then its worker died.
    if (!isWanted(instance) || instance.ready) return;
    const { agent, channel } = instance;
    if (channel === undefined || channel.dead) {
      if (!this.#parts.agents().canBePlaced) {
        this.#homeless.add(instance);
        return;
      }
      await this.#parts.agents().relaunch(instance);
    } else {
      // Frames that are still in the ring come back first, or later ones would overtake them.
      while (instance.mailbox.inRing > 0 && !channel.dead) await sleep(SETTLE_POLL_MS);
      // With a dead worker it comes back like all others of that worker.
      if (!isWanted(instance) || channel.dead) return;
      const result = await channel.restart(instance.slot, wallUs());
      // It answered and died: the instance comes back like all others of that worker.
      if (instance.channel !== channel) return;
      instance.memoryBytes = result.memoryBytes;
      agent.figures.memory(agent.memoryBytes);
    }
    if (!isWanted(instance)) return;
    instance.ready = true;
    instance.settling = false;
    agent.figures.restarts += 1;
    this.#parts.counters.agentRestarts += 1;
    this.#parts.delivery.pump(instance);
  }

  workerDied(channel: WorkerChannel, leftovers: Leftovers): void {
    const { residents, counters } = this.#parts;
    counters.workerRestarts += 1;
    const bySlot = (frame: Buffer) => residents.at(channel, frame.readUInt32LE(4));
    const guilty = leftovers.inHand && bySlot(leftovers.inHand);
    const waiting = leftovers.waiting.map((frame) => [bySlot(frame), frame] as const);
    const orphans = residents.orphan(channel);
    for (const { mailbox } of orphans) {
      mailbox.inRing = 0;
      mailbox.inRingBytes = 0;
    }
    for (const [instance, frame] of waiting) instance?.mailbox.pushReturned(frame);
    const error = this.#killReasons.get(channel) ?? workerDiedError(channel);
    this.#killReasons.delete(channel);
    if (guilty !== undefined && leftovers.inHand !== undefined) {
      this.#failInHand(guilty, leftovers.inHand, error);
    }
    // The one that had the message in hand comes back by way of its supervisor.
    for (const instance of orphans) if (instance !== guilty) this.#homeless.add(instance);
    for (const instance of orphans) instance.becameIdle();
  }

  #failInHand(instance: Instance, frame: Buffer, error: PlainError): void {
    const { agent } = instance;
    agent.figures.lost();
    if (frame[0] === FRAME_DELIVER) {
      this.#parts.router.fail(agent, decodeMessage(frame, FRAME_HEADER_BYTES), error);
    }
    this.#parts.supervisor().trapped(instance, error);
  }

  workerReplaced(): void {
    const instances = this.#homeless;
    this.#homeless = new Set();
    for (const instance of instances) this.restart(instance);
  }
}

/** Whether it shall run: its agent does, and it was not ended meanwhile. */
function isWanted(instance: Instance): boolean {
  return isAlive(instance.agent) && instance.version.instances.includes(instance);
}

function isAlive(agent: Agent): boolean {
  return agent.state === 'running' || agent.state === 'draining';
}

function workerDiedError(channel: WorkerChannel): PlainError {
  return {
    code: 'MESSAGE_DELIVERY_FAILED',
    message: `Worker ${channel.index} died while the agent handled the message.`,
    details: { worker: channel.index },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
