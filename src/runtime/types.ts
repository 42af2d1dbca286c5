import type { Caller } from '../base/caller.js';
import type { ErrorCode, PlainError } from '../base/errors.js';
import type { Envelope, Message } from '../fipa/message.js';

/** Lifecycle states of an agent, in the order of the API. */
export const AGENT_STATES = Object.freeze([
  'unloaded',
  'loaded',
  'running',
  'draining',
  'stopped',
  'failed',
] as const);
export type AgentState = (typeof AGENT_STATES)[number];

/** A deploy's config, checked and with every default filled in. */
export interface AgentConfig {
  readonly name: string;
  readonly version: string;
  readonly strategy: string;
  readonly memoryBytes: number;
  /** As the user wrote it, for answers: "50MB". */
  readonly memoryText: string;
  readonly fuelPerMessage: number;
  /** Thousandths of one core; 0 = no share set. */
  readonly cpuShareMillis: number;
  readonly maxMessageMs: number;
  readonly mailboxMessages: number;
  readonly instances: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
}

/** What is known of one agent at one moment. */
export interface AgentSnapshot {
  readonly agentId: string;
  readonly state: AgentState;
  readonly config: AgentConfig;
  readonly deploymentId: string;
  readonly deployedBy: string;
  readonly createdMs: number;
  readonly deployedMs: number;
  /** Why it is `failed`; absent otherwise. */
  readonly failure: PlainError | undefined;
  /** Own registrations and those of the config. */
  readonly capabilities: readonly string[];
  readonly worker: number | undefined;
  readonly instances: readonly InstanceSnapshot[];
  readonly mailboxMessages: number;
  readonly memoryBytes: number;
  readonly memoryPeakBytes: number;
  /** Share of one core over the last seconds, 0 to 1. */
  readonly cpuUsage: number;
  readonly cpuPeak: number;
  readonly messagesProcessed: number;
  readonly messagesFailed: number;
  readonly handlingTotalUs: number;
  /** From acceptance to the end of handling. */
  readonly latencyTotalUs: number;
  readonly fuelTotal: number;
  readonly lastFuel: number;
  readonly restarts: number;
  /** When the present run began; 0 when it isn't running. */
  readonly runningSinceMs: number;
}

/** One of the instances that run an agent. */
export interface InstanceSnapshot {
  readonly version: string;
  /** Undefined while it has no place. */
  readonly worker: number | undefined;
  /** Whether it takes messages now. */
  readonly ready: boolean;
  readonly mailboxMessages: number;
}

/** One kind of error within some period; times are milliseconds since the Unix epoch. */
export interface ErrorCount {
  readonly code: ErrorCode;
  readonly error: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface SendOptions {
  /** Answer only when the message is on disk. */
  readonly persist?: boolean;
  /** For `sendAndWait`: how long, in milliseconds. */
  readonly timeoutMs?: number;
  /** For `sendAndWait`: whether `agree` already counts as the answer. */
  readonly until?: 'first' | 'final';
  /** A repeated send under the same key by the same sender returns the first result. */
  readonly idempotencyKey?: string;
  /** For `sendAndWait`: ends the wait. */
  readonly caller?: Caller | undefined;
}

/** Takes the answer that a message was sent for. Called once, by one of its methods. */
export interface AnswerTaker {
  /**
   * The answer came.
   * @param asked the message that it answers
   * @param source where the binary form of the answer lies at `offset`, until the call returns
   */
  answered(asked: Envelope, source: Buffer, offset: number): void;
  /** None came in time, or none can come any more. */
  failed(error: unknown): void;
}

export interface SendResult {
  readonly messageId: string;
  /** In the mailbox, or accepted while the agent can't take it. */
  readonly status: 'delivered' | 'queued';
  readonly deliveredMs: number;
}

export interface WaitResult {
  readonly messageId: string;
  readonly status: 'replied';
  readonly deliveredMs: number;
  readonly reply: Message;
}

export interface LogLine {
  readonly timestampMs: number;
  readonly level: 'info' | 'error';
  readonly text: string;
}
