import type { PlainError } from '../base/errors.js';
import type { Message } from '../fipa/message.js';
import type { Performative } from '../fipa/performative.js';

/** An agent as it is kept: enough to bring it back after a restart. */
export interface AgentRecord {
  readonly agentId: string;
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the module as deployed, hexadecimal. */
  readonly moduleHash: string;
  readonly deploymentId: string;
  readonly deployedBy: string;
  readonly createdMs: number;
  readonly deployedMs: number;
  /** Whether the server starts it again: running agents are, stopped and failed ones stay so. */
  readonly desiredState: 'running' | 'stopped' | 'failed';
  /** The validated deploy config, as JSON. */
  readonly config: unknown;
  /** What it registered itself, also outside of its start; absent in older records. */
  readonly registrations?: {
    readonly capabilities: readonly string[];
    /** Filters as JSON text. */
    readonly subscriptions: readonly string[];
  };
}

export interface StoredModule {
  readonly original: Uint8Array;
  /** The cached result of metering, absent when it was made by another rewriter version. */
  readonly metered: Uint8Array | undefined;
  /** Facts of the metered module, as JSON, under the same version as `metered`. */
  readonly info: unknown;
}

export interface HistoryQuery {
  readonly conversationId?: string;
  /** Either end. */
  readonly agent?: string;
  readonly sender?: string;
  readonly receiver?: string;
  readonly performative?: Performative;
  /** Milliseconds since the Unix epoch, inclusive. */
  readonly sinceMs?: number;
  /** Milliseconds since the Unix epoch, exclusive. */
  readonly untilMs?: number;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  /** From the page before; opaque to callers. */
  readonly cursor?: string;
}

export interface HistoryPage {
  readonly messages: Message[];
  /** How many messages match in all, whatever the page. */
  readonly total: number;
  readonly nextCursor: string | undefined;
}

export interface DeadLetter {
  readonly message: Message;
  /** The agent that was to handle it. */
  readonly agentId: string;
  readonly error: PlainError;
  readonly failedMs: number;
}

export interface DeadLetterPage {
  readonly deadLetters: DeadLetter[];
  readonly total: number;
  readonly nextCursor: string | undefined;
}

/** A deployment as it is kept. */
export interface DeploymentRecord {
  readonly deploymentId: string;
  /** Where it stands, as JSON; what that says is for the runtime to read. */
  readonly state: unknown;
}

export interface StoredTask {
  /** What `put` was given. */
  readonly state: unknown;
  /** What `putData` was given; empty when it was dropped. */
  readonly data: string;
}

/** Tasks, and what is known of those who did them. Reads see what was committed. */
export interface TaskStore {
  /** What changes of a task, as JSON. */
  put(taskId: string, state: unknown): void;
  /** What doesn't change, and may be large. */
  putData(taskId: string, data: string): void;
  dropData(taskId: string): void;
  delete(taskId: string): void;
  /** In the order of their ids. */
  all(): StoredTask[];

  putRecord(participant: string, record: unknown): void;
  deleteRecord(participant: string): void;
  records(): Array<[participant: string, record: unknown]>;
}

/** A message that its agent has not handled, which was promised to survive a crash or a stop. */
export interface PendingMessage {
  /** They grow in the order in which messages are to be delivered. */
  readonly number: number;
  /** In how many starts of the server it was delivered again. */
  readonly starts: number;
  /** The binary message. */
  readonly bytes: Buffer;
}

/** Pending messages: kept beside the history, whatever becomes of them there. */
export interface PendingStore {
  /**
   * Keeps a message until `handled`, in place of what had its number.
   * @param promised it can't be refused any more
   * @throws CaxtonError UNAVAILABLE when too much waits for the disk already
   */
  put(message: PendingMessage, promised: boolean): void;
  /** The message of this number has been handled, or is a dead letter. Never refused. */
  handled(number: number): void;
  /** What was committed, by number. */
  all(): PendingMessage[];
}

export interface StoreStats {
  /** Records handed over and not yet written. */
  readonly pendingRecords: number;
  readonly pendingBytes: number;
  readonly historyMessages: number;
  readonly deadLetters: number;
  readonly diskBytes: number;
}

/**
 * Where everything durable is kept. Writes are handed to a writer thread in the order of the calls
 * and committed in groups, off the message path; a call that returns nothing is not yet durable,
 * `durable()` says when all handed over before it is. Reads see what was committed.
 */
export interface Store {
  /**
   * Hands over one message in its binary form (src/fipa/binary.ts); the bytes are copied.
   * @param pending under which number it is pending too; 0 = it isn't
   * @returns false when the writer is so far behind that nothing more can be taken
   */
  appendMessage(
    bytes: Buffer,
    offset: number,
    length: number,
    view?: DataView,
    pending?: number,
  ): boolean;
  /** Whether there is room for `count` messages of so many bytes each now. */
  hasRoom(length: number, count?: number): boolean;
  /**
   * Whether the writer keeps up with what it is handed, messages or not: a record of so many bytes
   * has room now. Whoever produces data that is never refused asks here before.
   */
  keepsUp(length: number): boolean;
  /** Most bytes of messages that there can ever be room for at once. */
  readonly roomBytesMax: number;
  /** Why nothing can be written at the moment; undefined while the disk takes what it is given. */
  readonly trouble: string | undefined;
  /** Resolves when all that was handed over before is on disk. @throws CaxtonError UNAVAILABLE */
  durable(): Promise<void>;

  readonly pending: PendingStore;

  putAgent(record: AgentRecord): void;
  /** Removes the agent and its data. Its messages stay in the history. */
  deleteAgent(agentId: string): void;
  agents(): AgentRecord[];

  putModule(hash: string, original: Uint8Array): void;
  putMetered(hash: string, version: string, metered: Uint8Array, info: unknown): void;
  module(hash: string, version: string): StoredModule | undefined;
  /** Of all modules that are kept. */
  moduleHashes(): string[];
  /** Drops a module that no agent refers to. */
  deleteModule(hash: string): void;

  /** Never refused, for it was promised to the agent: `keepsUp` is what holds agents back. */
  putAgentData(agentId: string, key: Uint8Array, value: Uint8Array): void;
  deleteAgentData(agentId: string, key: Uint8Array): void;
  /** Waits until earlier writes are visible, then reads. */
  agentData(agentId: string): Promise<Array<[Uint8Array, Uint8Array]>>;

  history(query: HistoryQuery): Promise<HistoryPage>;
  message(messageId: string): Promise<Message | undefined>;
  /**
   * Shows the messages of the history from this millisecond on, newest first and without their
   * content, until `take` returns false.
   */
  walkHistory(sinceMs: number, take: (message: Message) => boolean): Promise<void>;

  /** `bytes` holds the binary message. */
  putDeadLetter(bytes: Buffer, agentId: string, error: PlainError, failedMs: number): void;
  deadLetters(query: {
    readonly agent?: string;
    readonly limit: number;
    readonly cursor?: string;
  }): Promise<DeadLetterPage>;
  deadLetter(messageId: string): Promise<DeadLetter | undefined>;
  deleteDeadLetter(messageId: string): void;

  /** Takes the place of what was kept of the same deployment. */
  putDeployment(record: DeploymentRecord): void;
  deleteDeployment(deploymentId: string): void;
  /** All of them, in no particular order. */
  deployments(): DeploymentRecord[];
  /** Waits until earlier writes are visible, then reads those of them that are there. */
  deploymentsOf(deploymentIds: readonly string[]): Promise<DeploymentRecord[]>;
  readonly tasks: TaskStore;

  stats(): StoreStats;
  /** Writes out everything and releases the files. */
  close(): Promise<void>;
}
