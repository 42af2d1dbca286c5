import type { Performative } from '@caxton/sdk';
import type { ServerAddress } from '../connection.js';

export const TRANSPORTS = Object.freeze(['rest', 'ws', 'grpc', 'grpc-stream'] as const);
export type Transport = (typeof TRANSPORTS)[number];

export const isGrpc = (transport: Transport): boolean => transport.startsWith('grpc');

/** What is sent, and how. It crosses to the threads as it is. */
export interface MessageSettings {
  readonly performative: Performative;
  /** In a box: a content may be `null`. */
  readonly content: { readonly value: unknown };
  /** Whether each message waits for the agent's reply, or only until the server accepted it. */
  readonly wait: boolean;
  /** Whether it is answered only when it is on disk. */
  readonly persist: boolean;
  /** Most that one may take until it counts as failed. */
  readonly timeout_ms: number;
}

/** How much is sent. */
export interface LoadSettings {
  readonly connections: number;
  /** Messages that may be under way on each connection. */
  readonly inFlight: number;
  readonly threads: number;
  /** Messages in a second, by a fixed schedule; undefined = the next one when one is answered. */
  readonly rate: number | undefined;
  readonly duration_ms: number;
  /** Before it, at the same load, and not counted. */
  readonly warmup_ms: number;
  /** Ends after so many messages that count. */
  readonly count: number | undefined;
}

export interface BenchSettings {
  readonly server: ServerAddress;
  /** Where gRPC is served: `host:port`. */
  readonly grpc: string;
  readonly transport: Transport;
  readonly message: MessageSettings;
  readonly load: LoadSettings;
}

/** The part of a load that one thread has. */
export interface ThreadInput {
  readonly settings: BenchSettings;
  /** Agents, who get messages in turns. */
  readonly receivers: readonly string[];
  /** Its place among the threads, from 0. */
  readonly index: number;
  readonly connections: number;
  readonly count: number | undefined;
}

/** The message to a receiver, as the API takes it. */
export function messageTo(receiver: string, { performative, content }: MessageSettings) {
  return { performative, receiver, content: content.value };
}
