import type { PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import type { AgentRecord } from '../store/store.js';
import { AgentFigures } from './agent-figures.js';
import { LogTail } from './log-tail.js';
import { DispatchWindow, Mailbox } from './mailbox.js';
import type { AgentConfig, AgentSnapshot, AgentState } from './types.js';

export interface AgentIdentity {
  readonly agentId: string;
  readonly config: AgentConfig;
  readonly moduleHash: string;
  readonly deploymentId: string;
  readonly deployedBy: string;
  readonly createdMs: number;
  readonly deployedMs: number;
}

/**
 * One agent on the main thread: who it is, in which state, where its instance lives and what waits
 * for it. The instance itself lives in a worker.
 */
export class Agent {
  readonly identity: AgentIdentity;
  readonly mailbox: Mailbox;
  readonly window = new DispatchWindow();
  readonly figures = new AgentFigures();
  readonly logs = new LogTail(LIMITS.log_lines_kept);
  readonly capabilities: Set<string>;
  /** Timers that are set: id → handle of the main thread's timer. */
  readonly timers = new Map<number, NodeJS.Timeout>();
  nextTimerId = 1;
  state: AgentState = 'loaded';
  /** Removed for good; whatever is still under way for it comes to nothing. */
  discarded = false;
  failure: PlainError | undefined;
  /** Where the instance lives; undefined while it has none. */
  channel: WorkerChannel | undefined;
  slot = 0;
  /** The instance is there and takes messages. */
  ready = false;
  /** Frames came back: nothing new goes into the ring before all that are in it did. */
  settling = false;
  /** Its CPU share is used up: nothing goes into the ring until this timer fires. */
  pause: NodeJS.Timeout | undefined;
  runningSinceMs = 0;
  /** Sends of the message being handled that were refused. */
  refusedSends = 0;
  /** Called when the last frame in the ring is accounted for. */
  readonly idleListeners = new Set<() => void>();
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(identity: AgentIdentity, mailboxBytes: number) {
    this.identity = identity;
    this.mailbox = new Mailbox({
      messages: identity.config.mailboxMessages,
      bytes: mailboxBytes,
    });
    this.capabilities = new Set(identity.config.capabilities);
  }

  get id(): string {
    return this.identity.agentId;
  }

  get name(): string {
    return this.identity.config.name;
  }

  /** Whether a frame may go into the ring at this moment. */
  get takesFrames(): boolean {
    return (
      this.ready &&
      !this.settling &&
      this.pause === undefined &&
      this.mailbox.inRing < this.windowFrames
    );
  }

  // With a CPU share one message at a time: the pause after it must hold back the next.
  private get windowFrames(): number {
    return this.identity.config.cpuShareMillis > 0 ? 1 : this.window.frames;
  }

  /**
   * Runs what makes or ends the agent's instance behind everything of the kind that was begun
   * before: a stop waits for a restart under way, a start for a stop.
   */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(act);
    this.#lastTurn = result.catch(() => undefined);
    return result;
  }

  /** Nothing of the agent is in a ring any more. */
  becameIdle(): void {
    this.settling = false;
    for (const tell of [...this.idleListeners]) tell();
  }

  clearTimers(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  toRecord(): AgentRecord {
    const { identity } = this;
    const stays = this.state === 'stopped' || this.state === 'failed';
    return {
      agentId: identity.agentId,
      name: identity.config.name,
      version: identity.config.version,
      moduleHash: identity.moduleHash,
      deploymentId: identity.deploymentId,
      deployedBy: identity.deployedBy,
      createdMs: identity.createdMs,
      deployedMs: identity.deployedMs,
      desiredState: stays ? (this.state as 'stopped' | 'failed') : 'running',
      config: identity.config,
    };
  }

  snapshot(): AgentSnapshot {
    const { identity, figures } = this;
    return {
      agentId: identity.agentId,
      state: this.state,
      config: identity.config,
      deploymentId: identity.deploymentId,
      deployedBy: identity.deployedBy,
      createdMs: identity.createdMs,
      deployedMs: identity.deployedMs,
      failure: this.failure,
      capabilities: [...this.capabilities],
      worker: this.channel?.index,
      mailboxMessages: this.mailbox.size,
      memoryBytes: this.channel === undefined ? 0 : figures.memoryBytes,
      memoryPeakBytes: figures.memoryPeakBytes,
      cpuUsage: figures.cpuUsage,
      cpuPeak: figures.cpuPeak,
      messagesProcessed: figures.processed,
      messagesFailed: figures.failed,
      handlingTotalUs: figures.handlingTotalUs,
      fuelTotal: figures.fuelTotal,
      lastFuel: figures.lastFuel,
      restarts: figures.restarts,
      runningSinceMs: this.runningSinceMs,
      errors: figures.errors(),
    };
  }
}
