import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { createLogger, type LogLevel } from '../base/log.js';
import { releaseMemory } from '../base/release-memory.js';
import { VERSION } from '../base/version.js';
import { assertBindable, formatEndpoint } from '../config/endpoint.js';
import { type FlagSettings, loadConfig } from '../config/load-config.js';
import { SUPERVISED_VARIABLE } from '../config/read-environment.js';
import type { Config } from '../config/schema.js';
import { readTlsFiles } from '../config/tls-files.js';
import { type RunningServer, startServer } from '../server.js';
import { UsageError } from './failures.js';
import { READY } from './supervise.js';

/** Options of `caxton serve`; the config checks what they say. */
export interface ServeOptions {
  readonly http?: string;
  readonly grpc?: string;
  readonly data?: string;
  readonly workers?: number;
  readonly config?: string;
  readonly rateLimits: boolean;
  readonly logLevel?: string;
}

/**
 * Serves until SIGINT or SIGTERM; a second of them ends the process at once. What can't be ended in
 * time is left: the process then ends by the signal, with everything written out that could be.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const config = readConfig(options);
  // A write beyond the system's limit on files then fails as one to a full disk does.
  process.on('SIGXFSZ', () => undefined);
  const stop = stopSignal();
  const server = await startServer(config, createLogger({ level: config.log.level }));
  if (config.tokens.length === 0) {
    process.stderr.write(
      'warning: no tokens are configured: whoever reaches this machine’s loopback address may do everything. "caxton token create" makes one.\n',
    );
  }
  process.stdout.write(`${readyLine(config, server)}\n`);
  process.send?.(READY);
  await releaseMemory();
  const signal = await stop;
  const deadline = setTimeout(endBy, LIMITS.shutdown_max_ms, signal);
  await server.close();
  clearTimeout(deadline);
  // A thread that can't be ended would keep the process alive.
  setTimeout(endBy, LIMITS.worker_exit_ms, signal).unref();
}

// process.exit would wait for all threads: the signal itself, unhandled, doesn't.
function endBy(signal: NodeJS.Signals): void {
  process.stderr.write(`${signal}: something does not end; ending without it\n`);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function readConfig(options: ServeOptions): Config {
  try {
    const config = loadConfig({ file: options.config, env: process.env, flags: flags(options) });
    assertBindable(config);
    readTlsFiles(config);
    return config;
  } catch (error) {
    if (error instanceof CaxtonError) throw new UsageError(error.message);
    throw error;
  }
}

function flags(options: ServeOptions): FlagSettings {
  return {
    ...(options.http !== undefined && { http: options.http }),
    ...(options.grpc !== undefined && { grpc: options.grpc }),
    ...(options.data !== undefined && { data_dir: options.data }),
    ...(options.workers !== undefined && { workers: options.workers }),
    ...(!options.rateLimits && { rate_limits: { enabled: false } }),
    ...(options.logLevel !== undefined && { log: { level: options.logLevel as LogLevel } }),
  };
}

/**
 * Resolves with the first signal to stop, and tells of it. A supervisor that is gone is one too:
 * nobody would start or stop this server any more, and it would keep its port and its data.
 */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stopping = false;
    const received = (signal: NodeJS.Signals, number: number): void => {
      if (stopping) process.exit(128 + number);
      stopping = true;
      process.stderr.write(`${signal}: stopping; once more ends at once\n`);
      resolve(signal);
    };
    process.on('SIGINT', received);
    process.on('SIGTERM', received);
    // Other programs may have a channel to a server as well, and close it.
    if (process.env[SUPERVISED_VARIABLE] === undefined) return;
    process.on('disconnect', () => {
      if (stopping) return;
      stopping = true;
      process.stderr.write('the supervisor is gone: stopping\n');
      resolve('SIGTERM');
    });
    // It alone doesn't keep the process alive.
    process.channel?.unref();
  });
}

function readyLine(config: Config, server: RunningServer): string {
  const http = formatEndpoint({ host: config.http.host, port: server.httpPort });
  const grpc = formatEndpoint({ host: config.grpc.host, port: server.grpcPort });
  const s = config.tls.cert_file === undefined ? '' : 's';
  const workers = config.workers === 1 ? '1 worker' : `${config.workers} workers`;
  return [
    `caxton ${VERSION}`,
    `REST http${s}://${http}`,
    `gRPC ${grpc}`,
    `WebSocket ws${s}://${http}/ws`,
    `data ${config.data_dir}`,
    workers,
  ].join(' · ');
}
