import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Api } from '../../api/api.js';
import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Logger } from '../../base/log.js';
import { Codecs } from './codec.js';
import { OpenStreams } from './open-streams.js';
import { addReflection, addServices, Health } from './services.js';

export interface GrpcOptions {
  readonly api: Api;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly logger: Logger;
}

export interface GrpcServer {
  /** The port that was bound. */
  readonly port: number;
  /** What the health service answers, and tells those that watch it. */
  setServing(serving: boolean): void;
  /** Takes no more calls, lets those under way finish for LIMITS.grpc_drain_ms, then ends them. */
  close(): Promise<void>;
}

/**
 * Serves the API over gRPC, with reflection and health.
 * @throws CaxtonError UNAVAILABLE when the address can't be bound
 */
export async function startGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { api, logger } = options;
  const server = new Server({
    'grpc.max_receive_message_length': LIMITS.request_body_bytes,
    'grpc.max_send_message_length': LIMITS.request_body_bytes,
    'grpc.max_concurrent_streams': LIMITS.grpc_concurrent_streams,
    'grpc.keepalive_time_ms': LIMITS.grpc_keepalive_ms,
    'grpc.keepalive_timeout_ms': LIMITS.grpc_keepalive_timeout_ms,
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
    close: () => {
      health.set(false);
      closed ??= drain(server, streams);
      return closed;
    },
  };
}

function bind(server: Server, { host, port }: GrpcOptions): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) {
        resolve(bound);
        return;
      }
      server.forceShutdown();
      reject(
        new CaxtonError(
          'UNAVAILABLE',
          `gRPC can't listen on ${address}: ${error.message}. End the other server, or choose another address with --grpc HOST:PORT.`,
          { field: 'grpc', host, port },
          error,
        ),
      );
    });
  });
}

function drain(server: Server, streams: OpenStreams): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), LIMITS.grpc_drain_ms);
    server.tryShutdown(() => {
      clearTimeout(timer);
      // Sessions of clients that don't heed the goodbye.
      server.forceShutdown();
      resolve();
    });
    streams.endAll();
  });
}
