import { Server, ServerCredentials, setLogger } from '@grpc/grpc-js';
import type { Api } from '../../api/api.js';
import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Logger } from '../../base/log.js';
import type { TlsFiles } from '../../config/tls-files.js';
import { Codecs } from './codec.js';
import { addReflection, Health } from './common-services.js';
import { OpenStreams } from './open-streams.js';
import { PartialMessages } from './partial-messages.js';
import { addServices } from './services.js';

export interface GrpcOptions {
  readonly api: Api;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly logger: Logger;
  /** undefined = no TLS. */
  readonly tls?: TlsFiles | undefined;
  /** LIMITS.grpc_keepalive_ms, unless told otherwise. */
  readonly keepaliveMs?: number;
  /** LIMITS.grpc_keepalive_timeout_ms, unless told otherwise. */
  readonly keepaliveTimeoutMs?: number;
}

export interface GrpcServer {
  /** The port that was bound. */
  readonly port: number;
  /** What the health service answers, and tells those that watch it. */
  setServing(serving: boolean): void;
  /**
   * Takes no more calls, lets those under way finish, and ends them LIMITS.grpc_drain_ms after they
   * could have been answered.
   * @param answered settles when whoever waits has been answered, or told that no answer comes
   */
  close(answered?: Promise<unknown>): Promise<void>;
}

/**
 * Serves the API over gRPC, with reflection and health.
 * @throws CaxtonError UNAVAILABLE when the address can't be bound
 */
export async function startGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { api, logger } = options;
  logThrough(logger);
  const partial = new PartialMessages({
    totalBytes: LIMITS.held_request_bytes,
    perConnectionBytes: LIMITS.held_request_bytes_per_caller,
    messageMs: LIMITS.grpc_message_ms,
  });
  const server = new Server({
    interceptors: [partial.interceptor],
    'grpc.max_receive_message_length': LIMITS.request_body_bytes,
    'grpc.max_send_message_length': LIMITS.request_body_bytes,
    'grpc.max_concurrent_streams': LIMITS.grpc_concurrent_streams,
    'grpc.keepalive_time_ms': options.keepaliveMs ?? LIMITS.grpc_keepalive_ms,
    'grpc.keepalive_timeout_ms': options.keepaliveTimeoutMs ?? LIMITS.grpc_keepalive_timeout_ms,
  });
  const streams = new OpenStreams();
  addServices(server, { api, codecs: new Codecs(), logger }, streams);
  addReflection(server, streams);
  const health = new Health(server, streams, api.runtime.state === 'ready');
  const port = await bind(server, options);
  let closed: Promise<void> | undefined;
  return {
    port,
    setServing: (serving) => health.set(serving),
    close: (answered = Promise.resolve()) => {
      health.set(false);
      closed ??= drain(server, streams, answered);
      return closed;
    },
  };
}

// The library would write on stderr itself, and of what a caller is told anyway.
function logThrough(logger: Logger): void {
  const write = (...parts: unknown[]): void => logger.debug({ grpc: parts.join(' ') }, 'gRPC');
  setLogger({ error: write, info: write, debug: write });
}

function bind(server: Server, { host, port, tls }: GrpcOptions): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentialsOf(tls), (error, bound) => {
      if (error === null) {
        resolve(bound);
        return;
      }
      server.forceShutdown();
      reject(
        new CaxtonError(
          'UNAVAILABLE',
          `gRPC can't listen on ${address}: the port is in use, or the address is not of this machine. End the other server, or choose another with --grpc HOST:PORT.`,
          { field: 'grpc', host, port },
          error,
        ),
      );
    });
  });
}

/** With authorities of client certificates, a client has to show one of theirs. */
function credentialsOf(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: tls.key, cert_chain: tls.cert };
  return ServerCredentials.createSsl(tls.ca ?? null, [pair], tls.ca !== undefined);
}

async function drain(
  server: Server,
  streams: OpenStreams,
  answered: Promise<unknown>,
): Promise<void> {
  const drained = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  streams.endAll();
  await answered.catch(() => undefined);
  const timer = setTimeout(() => server.forceShutdown(), LIMITS.grpc_drain_ms);
  await drained;
  clearTimeout(timer);
  // Sessions of clients that don't heed the goodbye.
  server.forceShutdown();
}
