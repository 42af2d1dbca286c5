import { Api } from './api/api.js';
import { Audit } from './api/audit.js';
import { CaxtonError } from './base/errors.js';
import { LIMITS } from './base/limits.js';
import type { Logger } from './base/log.js';
import { type LogFile, openLogFile } from './base/log-file.js';
import { assertBindable } from './config/endpoint.js';
import type { Config } from './config/schema.js';
import { readTlsFiles, type TlsFiles } from './config/tls-files.js';
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
  auditFile?: LogFile;
  audit?: Audit;
  store?: Store;
  runtime?: Runtime;
  http?: HttpService;
  grpc?: GrpcServer;
}

/**
 * Builds and starts everything: store, runtime, then the listeners, so that a client that can
 * connect finds the agents there.
 * @throws CaxtonError when the configuration can't be served: an address that needs tokens or is
 *   taken, a data directory that is locked or can't be written, a file that can't be used
 */
export async function startServer(config: Config, logger: Logger): Promise<RunningServer> {
  assertBindable(config);
  const tls = readTlsFiles(config);
  if (tls !== undefined && tls.validUntilMs < Date.now()) {
    logger.warn(
      { file: tls.certFile },
      "the certificate of tls.cert_file has ended: clients won't take it",
    );
  }
  const parts: Parts = {};
  try {
    parts.audit = await openAudit(config, logger, parts);
    parts.store = await openConfiguredStore(config, logger);
    const runtime = new Runtime(config, parts.store, logger);
    parts.runtime = runtime;
    await runtime.start();
    const api = new Api(runtime, parts.audit);
    const http = await startHttp(api, config, logger, tls);
    parts.http = http;
    const { host, port } = config.grpc;
    const grpc = await startGrpc({ api, host, port, logger, tls });
    parts.grpc = grpc;
    return { httpPort: http.port, grpcPort: grpc.port, runtime, close: () => end(parts) };
  } catch (error) {
    await end(parts);
    throw error;
  }
}

/** Most that a stop waits for agents and connections, so that there is time to write out the rest. */
const STOP_SHARE = 4 / 5;

// Both ways that an agent is let finish, and the ends of threads, are bounded far below.
function enough(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, LIMITS.shutdown_max_ms * STOP_SHARE).unref();
  });
}

// No new connections, then what was accepted is handled and callers that wait get their answers,
// then connections are closed, then everything is on disk.
async function end({ audit, auditFile, store, runtime, http, grpc }: Parts): Promise<void> {
  http?.stopListening();
  const stopped = runtime?.stop();
  await Promise.race([Promise.all([grpc?.close(stopped), stopped]), enough()]);
  http?.close();
  await store?.close();
  audit?.close();
  await auditFile?.close();
}

/** Administration is told to a file of its own, or else to the log, where its level shows it. */
async function openAudit(config: Config, logger: Logger, parts: Parts): Promise<Audit> {
  const { file } = config.audit;
  if (file === undefined) {
    return new Audit(logger.isLevelEnabled('info') ? logger.child({ audit: true }) : undefined);
  }
  try {
    parts.auditFile = await openLogFile(file, (reason) => {
      logger.error({ file, reason }, 'the audit log can not be written');
    });
    return new Audit(parts.auditFile.logger);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `audit.file: ${file} can't be opened: ${reason}. Name another file, or leave audit.file out to have these lines in the log.`;
    throw new CaxtonError('INVALID_REQUEST', message, { field: 'audit.file', file }, error);
  }
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

async function startHttp(
  api: Api,
  config: Config,
  logger: Logger,
  tls: TlsFiles | undefined,
): Promise<HttpService> {
  const uws = loadUws();
  const app =
    tls === undefined
      ? uws.App()
      : uws.SSLApp({ key_file_name: tls.keyFile, cert_file_name: tls.certFile });
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
