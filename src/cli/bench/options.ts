import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Performative } from '@caxton/sdk';
import { LIMITS } from '../../base/limits.js';
import type { ServerAddress } from '../connection.js';
import { UsageError } from '../failures.js';
import type { Json } from '../option-values.js';
import { type BenchSettings, isGrpc, type Transport } from './settings.js';

/** What commander reads. */
export interface BenchOptions {
  readonly echoAgents?: number;
  readonly transport: Transport;
  readonly grpc?: string;
  readonly wait?: boolean;
  readonly persist?: boolean;
  readonly performative?: Performative;
  readonly payload?: number;
  readonly content?: Json;
  readonly connections: number;
  readonly inFlight: number;
  readonly threads: number;
  readonly rate?: number;
  readonly duration?: number;
  readonly count?: number;
  readonly warmup: number;
  readonly timeout: number;
  readonly failOnErrors?: boolean;
  readonly html?: string;
  readonly quiet?: boolean;
}

const DURATION_DEFAULT_MS = 10_000;
export const PAYLOAD_DEFAULT_BYTES = 100;
const GRPC_PORT = 50_051;
/** The quotes of a text. */
const PAYLOAD_MIN_BYTES = 2;

/**
 * The settings that the options make together.
 * @throws UsageError when some of them don't go together
 */
export function settingsOf(
  options: BenchOptions,
  agents: readonly string[],
  server: ServerAddress,
): BenchSettings {
  checkTogether(options, agents);
  const { transport, wait = true, timeout: timeout_ms } = options;
  const { connections, inFlight, threads } = options;
  return {
    server,
    grpc: options.grpc ?? `${new URL(server.url).hostname}:${GRPC_PORT}`,
    transport,
    message: {
      // Echo agents leave an inform unanswered, so that only what is measured happens.
      performative: options.performative ?? (wait ? 'request' : 'inform'),
      content: options.content ?? { value: text(options.payload ?? PAYLOAD_DEFAULT_BYTES) },
      wait,
      persist: options.persist === true,
      timeout_ms,
    },
    load: {
      ...{ connections, inFlight, threads },
      rate: options.rate,
      duration_ms: durationOf(options),
      warmup_ms: options.warmup,
      count: options.count,
    },
  };
}

function durationOf({ duration, count }: BenchOptions): number {
  return duration ?? (count === undefined ? DURATION_DEFAULT_MS : LIMITS.bench_duration_max_ms);
}

function checkTogether(options: BenchOptions, agents: readonly string[]): void {
  const { transport, connections, threads, inFlight, payload } = options;
  if (agents.length > 0 && options.echoAgents !== undefined) {
    throw new UsageError('--echo-agents is for a benchmark without agents of your own.');
  }
  if (threads > connections) {
    throw new UsageError(
      `--threads is ${threads} and --connections ${connections}: each thread needs a connection of its own.`,
    );
  }
  if (transport === 'rest' && inFlight > 1) {
    throw new UsageError(
      '--in-flight is for ws, grpc and grpc-stream: over REST a connection has one request under way. Raise --connections.',
    );
  }
  if (options.grpc !== undefined && !isGrpc(transport)) {
    throw new UsageError('--grpc needs --transport grpc or grpc-stream.');
  }
  if (payload !== undefined && payload < PAYLOAD_MIN_BYTES) {
    throw new UsageError('--payload must be 2 bytes at least: those of an empty text in quotes.');
  }
  if (options.html !== undefined) checkWritable(options.html);
}

/** Before the load, as it would be a pity afterwards. */
function checkWritable(file: string): void {
  const path = resolve(file);
  try {
    const isThere = statSync(path, { throwIfNoEntry: false });
    if (isThere?.isDirectory()) throw new Error('it is a folder');
    accessSync(isThere === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--html: ${file} can't be written: ${(error as Error).message}.`);
  }
}

/** A text that has so many bytes as JSON, with its quotes. */
function text(bytes: number): string {
  return 'caxton bench '.repeat(Math.ceil(bytes / 13)).slice(0, bytes - PAYLOAD_MIN_BYTES);
}
