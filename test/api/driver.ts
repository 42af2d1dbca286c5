import type { ErrorDetails } from '../../src/base/errors.js';
import type { TestServer } from '../support/server.js';

/** Answers in the shape of the API's JSON, whatever the transport. */

export interface AgentAnswer {
  readonly agent_id: string;
  readonly name: string;
  readonly status: string;
  readonly version: string;
}

export interface MessageAnswer {
  readonly message_id: string;
  readonly performative: string;
  readonly sender: string;
  readonly receiver: string;
  readonly content?: unknown;
  readonly conversation_id?: string;
  readonly reply_with?: string;
  readonly in_reply_to?: string;
  readonly timestamp: string;
}

export interface SendAnswer {
  readonly message_id: string;
  readonly status: string;
  readonly delivered_at: string;
}

export interface WaitAnswer extends SendAnswer {
  readonly reply: MessageAnswer;
}

export interface MessagesPage {
  readonly messages: readonly MessageAnswer[];
  readonly total: number;
  readonly next_cursor?: string;
}

export interface DeadLettersPage {
  readonly dead_letters: ReadonlyArray<{
    readonly message_id: string;
    readonly agent_id: string;
    readonly error: { readonly code: string; readonly message: string };
    readonly message: MessageAnswer;
  }>;
  readonly total: number;
}

/** Names and types as in the JSON of REST. */
export interface MessageFields {
  readonly performative?: string;
  readonly receiver?: string;
  readonly sender?: string;
  readonly content?: unknown;
  readonly conversation_id?: string;
  readonly reply_with?: string;
  readonly in_reply_to?: string;
}

export interface SendOptionsFields {
  readonly timeout_ms?: number;
  readonly persist?: boolean;
  readonly priority?: number;
  readonly idempotency_key?: string;
}

export interface WaitFields {
  readonly timeout_ms?: number;
  readonly until?: 'first' | 'final';
}

/**
 * One transport as a client uses it. A refused call rejects with `ApiFailure`. The shared suite is
 * written against this and nothing else.
 */
export interface ApiDriver {
  deploy(module: Uint8Array<ArrayBuffer>, config: object): Promise<AgentAnswer>;
  listAgents(query: { status?: string; limit?: number; offset?: number }): Promise<{
    readonly agents: ReadonlyArray<{ readonly agent_id: string; readonly name: string }>;
    readonly total: number;
  }>;
  getAgent(agent: string): Promise<AgentAnswer>;
  stopAgent(agent: string): Promise<{ readonly agent_id: string; readonly status: string }>;
  startAgent(agent: string): Promise<{ readonly agent_id: string; readonly status: string }>;
  removeAgent(agent: string): Promise<{ readonly agent_id: string }>;
  send(message: MessageFields, options?: SendOptionsFields): Promise<SendAnswer>;
  sendAndWait(message: MessageFields, wait?: WaitFields): Promise<WaitAnswer>;
  history(query: {
    conversation_id?: string;
    sender?: string;
    order?: 'asc' | 'desc';
    limit?: number;
    cursor?: string;
  }): Promise<MessagesPage>;
  deadLetters(query: { agent?: string }): Promise<DeadLettersPage>;
  retryDeadLetter(messageId: string): Promise<SendAnswer>;
  close(): Promise<void>;
}

/** Connects to a server, with a token or without. */
export type MakeDriver = (server: TestServer, token?: string) => Promise<ApiDriver>;

/** An error answer of any transport. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly details: ErrorDetails;
  readonly traceId: string;

  constructor(code: string, message: string, details: ErrorDetails, traceId: string) {
    super(message);
    this.code = code;
    this.details = details;
    this.traceId = traceId;
  }
}
