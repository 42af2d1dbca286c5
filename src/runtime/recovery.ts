import { wallMs, wallUs } from '../base/clock.js';
import { type PlainError, toPlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { uint32At } from '../base/little-endian.js';
import type { Logger } from '../base/log.js';
import { decodeMessage } from '../fipa/binary.js';
import type { Leftovers } from '../pool/leftovers.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import { countDeath, FRAME_DELIVER, FRAME_HEADER_BYTES, frameMark } from '../wire/frames.js';
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
  /** How often a message is given to its agent in all, when workers die over it. */
  readonly deliveryTries: number;
  readonly logger: Logger;
  readonly residents: Residents;
  readonly router: Router;
  readonly supervisor: () => Supervisor;
}

/** What a worker is killed for. */
interface Kill {
  readonly sequence: number;
  readonly reason: PlainError;
}

// How often a restart looks whether the frames of the old instance have all come back.
const SETTLE_POLL_MS = 2;

/** Brings agents back: fresh instances for those that trapped, new places for a dead worker's. */
export class Recovery implements SupervisorActions {
  readonly #parts: RecoveryParts;
  /** Instances of dead workers, until the successor is there. */
  #homeless = new Set<Instance>();
  /** Workers that the watchdog is about to kill. */
  readonly #kills = new Map<WorkerChannel, Kill>();

  constructor(parts: RecoveryParts) {
    this.#parts = parts;
  }

  /**
   * The worker is about to be killed for what it does with a message.
   * @param sequence of the message's frame; 0 = what it does is no message
   */
  willKill(channel: WorkerChannel, sequence: number, reason: PlainError): void {
    this.#kills.set(channel, { sequence, reason });
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
    this.#parts.logger.warn({ agent_id: agent.id, error }, 'agent failed for good');
    void this.#parts
      .agents()
      .giveUp(version, error)
      .catch((reason) => this.#parts.logger.error({ err: reason }, 'giving up an agent failed'));
  }

  async #restart(instance: Instance): Promise<void> {
    const { agent, channel } = instance;
    // It may be due twice: it trapped, and then its worker died.
    if (instance.ready) return;
    // The agent's other instances are being started yet: it runs when they are there.
    if (agent.state === 'loaded') this.#tryLater(instance);
    if (!isWanted(instance)) return;
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
    this.#parts.supervisor().started(instance);
    instance.settling = false;
    agent.figures.restarts += 1;
    this.#parts.counters.agentRestarts += 1;
    this.#parts.delivery.pump(instance);
  }

  workerDied(channel: WorkerChannel, leftovers: Leftovers): void {
    const { residents, counters } = this.#parts;
    const supervisor = this.#parts.supervisor();
    counters.workerRestarts += 1;
    const bySlot = (slot: number) => residents.at(channel, slot);
    const kill = this.#kills.get(channel);
    this.#kills.delete(channel);
    const frames = leftovers.waiting.map((frame) => [bySlot(slotOf(frame)), frame] as const);
    const { inHand, slotInStep } = leftovers;
    const holder = inHand && bySlot(slotOf(inHand));
    const starting = slotInStep === undefined ? undefined : bySlot(slotInStep);
    const orphans = residents.orphan(channel);
    for (const { mailbox } of orphans) {
      mailbox.inRing = 0;
      mailbox.inRingBytes = 0;
    }
    // Its thread was ended for what another did, and it came to its turn in between.
    const bystander = kill !== undefined && inHand && kill.sequence !== sequenceOf(inHand);
    const guilty = bystander ? undefined : holder;
    let lost: PlainError | undefined;
    if (inHand !== undefined && holder !== undefined) {
      if (guilty !== undefined) lost = kill?.reason ?? this.#whyLost(guilty, inHand, channel);
      // First, so that it is tried again before all that waits behind it.
      if (lost === undefined) holder.mailbox.pushReturned(inHand);
    }
    for (const [instance, frame] of frames) instance?.mailbox.pushReturned(frame);
    // Whoever waits for the start hears of it, and tries again unless it is one time too many.
    if (starting !== undefined && kill === undefined) supervisor.workerDiedAtStart(starting);
    // The one that had the message in hand comes back by way of its supervisor, unless the server is
    // about to stop: then all have but a moment to handle what waits.
    const supervised = supervisor.stopped ? undefined : guilty;
    for (const instance of orphans) if (instance !== supervised) this.#homeless.add(instance);
    for (const instance of orphans) instance.becameIdle();
    // Last, and after the books are right: telling others of a failure may itself be refused.
    if (lost !== undefined && guilty !== undefined) this.#lose(guilty, inHand as Buffer, lost);
    if (kill !== undefined && guilty !== undefined) supervisor.trapped(guilty, kill.reason);
  }

  /**
   * What a worker died over can be handled once more: nothing of it was published.
   * @returns why it isn't, if the tries are over or there is nobody to try
   */
  #whyLost(instance: Instance, frame: Buffer, channel: WorkerChannel): PlainError | undefined {
    const { agent } = instance;
    const { deliveryTries, logger, supervisor } = this.#parts;
    const tries = countDeath(frame);
    const error = workerDiedError(channel, tries);
    supervisor().workerDied(instance, error);
    const isLost = tries >= deliveryTries || agent.state === 'failed';
    const what = nameOf(frame);
    logger.warn(
      { agent_id: agent.id, worker: channel.index, handled: what, tries, lost: isLost },
      'a worker died in the hands of an agent',
    );
    const text = `${what}: ${error.message}`;
    agent.logs.push({ timestampMs: wallMs(), level: 'error', text });
    return isLost ? error : undefined;
  }

  #lose({ agent }: Instance, frame: Buffer, error: PlainError): void {
    const { counters, router } = this.#parts;
    agent.figures.lost();
    if (frame[0] === FRAME_DELIVER) {
      const message = decodeMessage(frame, FRAME_HEADER_BYTES);
      router.fail(agent, message, error, frameMark(frame));
      return;
    }
    // A timer has no sender that could be told; its agent's log is where to look.
    counters.failure(error.code);
    agent.figures.error(error.code, error.message);
    const text = `a timer failed: ${error.message}`;
    agent.logs.push({ timestampMs: wallMs(), level: 'error', text });
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

function slotOf(frame: Buffer): number {
  return uint32At(frame, 4);
}

function sequenceOf(frame: Buffer): number {
  return uint32At(frame, 8);
}

function nameOf(frame: Buffer): string {
  if (frame[0] !== FRAME_DELIVER) return 'a timer';
  return decodeMessage(frame, FRAME_HEADER_BYTES, false).messageId;
}

function workerDiedError(channel: WorkerChannel, tries: number): PlainError {
  const times = tries === 1 ? '' : ` It was tried ${tries} times.`;
  return {
    code: 'MESSAGE_DELIVERY_FAILED',
    message: `Worker ${channel.index} died while the agent handled the message.${times}`,
    details: { worker: channel.index, tries },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
