import { Api } from './api/api.js';
import type { Logger } from './base/log.js';
import { assertBindable } from './config/endpoint.js';
import type { Config } from './config/schema.js';
import { Runtime } from './runtime/runtime.js';
import { openStore } from './store/embedded-store.js';
import type { Store } from './store/store.js';
import { type GrpcServer, startGrpc } from './transport/grpc/server.js';
import { listenHttp } from './transport/listen.js';
import { registerRest } from './transport/rest/register.js';
import { loadUws } from './transport/uws-loader.js';
import { registerWebSocket } from './transport/ws/register.js';

export interface RunningServer {
  /** The ports that were bound, where port 0 asked for any. */
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly runtime: Runtime;
  /** Takes no more requests, lets what was accepted be handled, and writes everything out. */
  close(): Promise<void>;
}

/** What has been started so far; whatever is there is ended, in the order of `end`. */
interface Parts {
  store?: Store;
  runtime?: Runtime;
  http?: HttpService;
  grpc?: GrpcServer;
}

/**
 * Builds and starts everything: store, runtime, then the listeners, so that a client that can
 * connect finds the agents there.
 * @throws CaxtonError when the configuration can't be served: an address that needs tokens or is
 *   taken, a data directory that is locked or can't be written
 */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  assertBindable(config);
  const parts: Parts = {};
  try {
    parts.store = await openConfiguredStore(config, logger);
    const runtime = new Runtime(config, parts.store, logger);
    parts.runtime = runtime;
    await runtime.start();
    const api = new Api(runtime);
    const http = await startHttp(api, config, logger);
    parts.http = http;
    const grpc = await startGrpc({ api, host: config.grpc.host, port: config.grpc.port, logger });
    parts.grpc = grpc;
    return { httpPort: http.port, grpcPort: grpc.port, runtime, close: () => end(parts) };
  } catch (error) {
    await end(parts);
    throw error;
  }
}

// No new connections, then what was accepted is handled and callers that wait get their answers,
// then connections are closed, then everything is on disk.
async function end({ store, runtime, http, grpc }: Parts): Promise<void> {
  http?.stopListening();
  await Promise.all([grpc?.close(), runtime?.stop()]);
  http?.close();
  await store?.close();
}

function openConfiguredStore(config: Config, logger: Logger): Promise<Store> {
  return openStore({
    dir: config.data_dir,
    historyEnabled: config.history.enabled,
    historyMaxMessages: config.history.max_messages,
    historyMaxAgeMs: config.history.max_age_ms,
    deadLettersMax: config.limits.dead_letters,
    contentBytes: config.limits.content_bytes,
    logger,
  });
}

interface HttpService {
  readonly port: number;
  stopListening(): void;
  close(): void;
}

async function startHttp(api: Api, config: Config, logger: Logger): Promise<HttpService> {
  const uws = loadUws();
  const app = uws.App();
  const webSocket = registerWebSocket(app, { api, uws, logger });
  registerRest(app, { api, uws, logger });
  const listener = await listenHttp(uws, app, config.http.host, config.http.port);
  return {
    port: listener.port,
    stopListening: () => listener.stopListening(),
    close: () => {
      webSocket.close();
      listener.close();
    },
  };
}
