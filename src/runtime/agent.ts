import type { ErrorCode, PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { WorkerChannel } from '../pool/worker-channel.js';
import type { AgentRecord } from '../store/store.js';
import { type Activity, AgentFigures } from './agent-figures.js';
import { LogTail } from './log-tail.js';
import { DispatchWindow, Mailbox } from './mailbox.js';
import { MissedCopies } from './missed-copies.js';
import { heaviest } from './rendezvous.js';
import { Traffic } from './traffic.js';
import type { TrialFigures } from './trial-figures.js';
import type { AgentConfig, AgentSnapshot, AgentState, InstanceSnapshot } from './types.js';

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
 * One agent on the main thread: who it is and in which state. What runs are instances of its
 * version; while a deployment is under way, and until old conversations are over, it has several
 * versions, and each conversation stays on the one that took it when it began.
 */
export class Agent {
  readonly figures: AgentFigures;
  readonly logs = new LogTail(LIMITS.log_lines_kept);
  readonly missedCopies = new MissedCopies(this.logs);
  /** What it offers to others: what `offering` does, kept so by the directory. */
  readonly capabilities: Set<string>;
  /** The version whose capabilities the agent has: the one that takes all new conversations, or most. */
  offering: AgentVersion;
  /** Filters that it subscribed with, as JSON text. */
  readonly subscriptions = new Set<string>();
  state: AgentState = 'unloaded';
  /** Removed for good; whatever is still under way for it comes to nothing. */
  discarded = false;
  failure: PlainError | undefined;
  runningSinceMs = 0;
  readonly #mailboxBytes: number;
  readonly #traffic: Traffic<AgentVersion>;
  /** All that have instances, the present one among them. */
  readonly #versions = new Set<AgentVersion>();
  #current: AgentVersion;
  /** The only instance, as long as there is but one: the usual case pays for no choice. */
  #only: Instance | undefined;
  #nextInstance = 1;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(identity: AgentIdentity, mailboxBytes: number, activity: Activity) {
    this.figures = new AgentFigures(this, activity);
    this.#mailboxBytes = mailboxBytes;
    this.capabilities = new Set(identity.config.capabilities);
    this.#current = new AgentVersion(this, identity);
    this.offering = this.#current;
    this.#traffic = new Traffic(this.#current);
    this.#versions.add(this.#current);
    for (let i = 0; i < identity.config.instances; i++) this.newInstance(this.#current);
  }

  /** Of the present version. */
  get identity(): AgentIdentity {
    return this.#current.identity;
  }

  get id(): string {
    return this.#current.identity.agentId;
  }

  get name(): string {
    return this.#current.identity.config.name;
  }

  get version(): AgentVersion {
    return this.#current;
  }

  get versions(): ReadonlySet<AgentVersion> {
    return this.#versions;
  }

  /** Instances of all versions. */
  get instances(): Instance[] {
    return [...this.#versions].flatMap((version) => version.instances);
  }

  get instanceCount(): number {
    return this.#only === undefined ? this.instances.length : 1;
  }

  /** Percent of new conversations that go to the version of a deployment. */
  get nextPercent(): number {
    return this.#traffic.percent;
  }

  /** Messages before the agent. */
  get queued(): number {
    if (this.#only !== undefined) return this.#only.mailbox.size;
    return this.instances.reduce((sum, instance) => sum + instance.mailbox.size, 0);
  }

  /** Linear memory of all instances. */
  get memoryBytes(): number {
    if (this.#only !== undefined) return this.#only.memoryBytes;
    return this.instances.reduce((sum, instance) => sum + instance.memoryBytes, 0);
  }

  /** The instance to which a conversation belongs, when there is no choice. */
  get only(): Instance | undefined {
    return this.#only;
  }

  /** @param bornMs when the conversation began, milliseconds since the Unix epoch */
  instanceFor(conversationId: string, bornMs: number): Instance {
    if (this.#only !== undefined) return this.#only;
    const version = this.#traffic.versionFor(conversationId, bornMs);
    return (
      version.instanceFor(conversationId, bornMs) ??
      this.#current.instanceFor(conversationId, bornMs) ??
      (this.instances[0] as Instance)
    );
  }

  /** A version beside the present one; it gets no conversations yet. */
  newVersion(identity: AgentIdentity, instances: number): AgentVersion {
    const version = new AgentVersion(this, identity);
    this.#versions.add(version);
    for (let i = 0; i < instances; i++) this.newInstance(version);
    return version;
  }

  newInstance(version: AgentVersion): Instance {
    const instance = new Instance(version, this.#nextInstance++, this.#mailboxBytes);
    version.instances.push(instance);
    this.choicesChanged();
    return instance;
  }

  /** So many percent of the conversations that begin after this millisecond go to `version`. */
  share(nowMs: number, version: AgentVersion, percent: number): void {
    this.#traffic.split(nowMs, version, percent);
    this.choicesChanged();
  }

  /** The version is the agent's from now on; others keep the conversations they have. */
  settle(nowMs: number, version: AgentVersion): void {
    this.#current = version;
    this.#traffic.settle(nowMs, version);
    this.choicesChanged();
  }

  /** The version has nothing more to say: its conversations belong to the present one. */
  withdraw(version: AgentVersion): void {
    this.#traffic.replace(version, this.#current);
    this.choicesChanged();
  }

  /** A version is gone, with all of its instances. */
  dropVersion(version: AgentVersion): void {
    this.#versions.delete(version);
    this.withdraw(version);
  }

  /** An instance is gone, or about to go: it gets no message any more. */
  dropInstance(instance: Instance): void {
    const { instances } = instance.version;
    const at = instances.indexOf(instance);
    if (at >= 0) instances.splice(at, 1);
    this.choicesChanged();
  }

  /** To be called after instances came, went or were closed. */
  choicesChanged(): void {
    const [first, ...others] = this.instances;
    const alone = others.length === 0 && this.#versions.size === 1 && this.#traffic.single;
    this.#only = alone ? first : undefined;
  }

  /**
   * Runs what makes or ends the agent's instances behind everything of the kind that was begun
   * before: a start waits for a stop.
   */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(act);
    this.#lastTurn = result.catch(() => undefined);
    return result;
  }

  /**
   * @param state the one that it is about to be in
   * @param version to come back on
   */
  toRecord(state: AgentState = this.state, version: AgentVersion = this.#current): AgentRecord {
    const { identity } = version;
    return {
      agentId: identity.agentId,
      name: identity.config.name,
      version: identity.config.version,
      moduleHash: identity.moduleHash,
      deploymentId: identity.deploymentId,
      deployedBy: identity.deployedBy,
      createdMs: identity.createdMs,
      deployedMs: identity.deployedMs,
      desiredState: state === 'stopped' || state === 'failed' ? state : 'running',
      config: identity.config,
      registrations: {
        capabilities: [...version.capabilities],
        subscriptions: [...this.subscriptions],
      },
    };
  }

  snapshot(): AgentSnapshot {
    const { identity, figures } = this;
    const placed = this.instances.filter((instance) => instance.channel !== undefined);
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
      worker: placed[0]?.channel?.index,
      instances: this.instances.map((instance) => instance.snapshot()),
      mailboxMessages: this.queued,
      memoryBytes: placed.reduce((sum, instance) => sum + instance.memoryBytes, 0),
      memoryPeakBytes: figures.memoryPeakBytes,
      cpuUsage: figures.cpuUsage,
      cpuPeak: figures.cpuPeak,
      messagesProcessed: figures.processed,
      messagesFailed: figures.failed,
      handlingTotalUs: figures.handlingTotalUs,
      latencyTotalUs: figures.latencyTotalUs,
      fuelTotal: figures.fuelTotal,
      lastFuel: figures.lastFuel,
      restarts: figures.restarts,
      runningSinceMs: this.runningSinceMs,
    };
  }
}

/** One version of an agent: a module and a config, and the instances that run it. */
export class AgentVersion {
  readonly agent: Agent;
  readonly identity: AgentIdentity;
  readonly instances: Instance[] = [];
  /** Those of its config and those that its instances registered. */
  readonly capabilities: Set<string>;
  /** Told instead of failing the agent when this version's instances trap too often. */
  onGivenUp: ((error: PlainError) => void) | undefined;
  /** What it has done, while a deployment watches it. */
  trial: TrialFigures | undefined;

  constructor(agent: Agent, identity: AgentIdentity) {
    this.agent = agent;
    this.identity = identity;
    this.capabilities = new Set(identity.config.capabilities);
  }

  get config(): AgentConfig {
    return this.identity.config;
  }

  /**
   * The same instance for all of a conversation (rendezvous hashing: when one comes or goes, only
   * the conversations move that belong to it).
   */
  instanceFor(conversationId: string, bornMs: number): Instance | undefined {
    const { instances } = this;
    return (
      heaviest(
        instances.filter((instance) => instance.had(bornMs)),
        conversationId,
      ) ??
      // Those that had it are gone.
      heaviest(
        instances.filter((instance) => instance.isOpen),
        conversationId,
      )
    );
  }
}

/** One instance: where it lives and what waits for it. The instance itself lives in a worker. */
export class Instance {
  readonly version: AgentVersion;
  /** Unique within the agent. */
  readonly number: number;
  readonly mailbox: Mailbox;
  readonly window = new DispatchWindow();
  /** Timers that are set: id → handle of the main thread's timer. */
  readonly timers = new Map<number, NodeJS.Timeout>();
  nextTimerId = 1;
  /** Conversations that began earlier are with others already; infinite = it takes none yet. */
  openedMs = Number.NEGATIVE_INFINITY;
  /** Conversations that began later go to others; infinitely long ago = it takes none at all. */
  closedMs = Number.POSITIVE_INFINITY;
  /** A message was put before it since it was started, or may have been. */
  hadMessage = false;
  /** When one was last, while it was not alone, milliseconds since the Unix epoch. */
  usedMs = 0;
  memoryBytes = 0;
  /** Where it lives; undefined while it has no place. */
  channel: WorkerChannel | undefined;
  slot = 0;
  /** It is there and takes messages. */
  ready = false;
  /** Frames came back: nothing new goes into the ring before all that are in it did. */
  settling = false;
  /** What waits is about to be given to another version: nothing goes into the ring any more. */
  held = false;
  /** Its CPU share is used up: nothing goes into the ring until this timer fires. */
  pause: NodeJS.Timeout | undefined;
  /** Sends of the message being handled that were refused. */
  refusedSends = 0;
  /** How far they were, which is the same for all. */
  refusedHops = 0;
  /** Those of them of which it gets no failure each, by error code. */
  readonly unreported = new Map<ErrorCode, number>();
  /** Called when the last frame in the ring is accounted for. */
  readonly idleListeners = new Set<() => void>();
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(version: AgentVersion, number: number, mailboxBytes: number) {
    this.version = version;
    this.number = number;
    this.mailbox = new Mailbox({
      messages: version.identity.config.mailboxMessages,
      bytes: mailboxBytes,
    });
  }

  get agent(): Agent {
    return this.version.agent;
  }

  /** Whether conversations that begin now may come to it. */
  get isOpen(): boolean {
    return this.openedMs !== Number.POSITIVE_INFINITY && this.closedMs === Number.POSITIVE_INFINITY;
  }

  /** Whether it took part when a conversation of this age began. */
  had(bornMs: number): boolean {
    return bornMs >= this.openedMs && bornMs <= this.closedMs;
  }

  get config(): AgentConfig {
    return this.version.identity.config;
  }

  /** Whether a frame may go into the ring at this moment. */
  get takesFrames(): boolean {
    return (
      this.ready &&
      !this.settling &&
      !this.held &&
      this.pause === undefined &&
      this.mailbox.inRing < this.windowFrames
    );
  }

  // With a CPU share one message at a time: the pause after it must hold back the next.
  private get windowFrames(): number {
    return this.config.cpuShareMillis > 0 ? 1 : this.window.frames;
  }

  /** Runs what makes or ends the instance behind everything of the kind that was begun before. */
  exclusively<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#lastTurn.then(act);
    this.#lastTurn = result.catch(() => undefined);
    return result;
  }

  /** Nothing of it is in a ring any more. */
  becameIdle(): void {
    this.settling = false;
    for (const tell of [...this.idleListeners]) tell();
  }

  clearTimers(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  snapshot(): InstanceSnapshot {
    return {
      version: this.config.version,
      worker: this.channel?.index,
      ready: this.ready,
      mailboxMessages: this.mailbox.size,
    };
  }
}
