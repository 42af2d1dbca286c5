import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type Logger } from '../../src/base/log.js';
import { type FlagSettings, loadConfig } from '../../src/config/load-config.js';
import { type RunningServer, startServer } from '../../src/server.js';

export interface TestServer {
  /** Such as http://127.0.0.1:40123, without a path. */
  readonly url: string;
  readonly wsUrl: string;
  /** HOST:PORT */
  readonly grpcAddress: string;
  readonly dataDir: string;
  readonly server: RunningServer;
  /** Stops the server and removes its data, unless the data folder was the test's own. */
  close(): Promise<void>;
}

/** Starts a whole server on free ports of the loopback with a data folder of its own. */
export async function startTestServer(
  overrides: FlagSettings = {},
  logger: Logger = createLogger({ level: 'error' }),
): Promise<TestServer> {
  const dataDir = overrides.data_dir ?? (await mkdtemp(join(tmpdir(), 'caxton-test-')));
  const removeData = async (): Promise<void> => {
    if (overrides.data_dir === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  const config = loadConfig({
    flags: {
      http: '127.0.0.1:0',
      grpc: '127.0.0.1:0',
      workers: 1,
      // A test asks more often than a client may; those of rate limits turn them on.
      rate_limits: { enabled: false },
      ...overrides,
      data_dir: dataDir,
    },
  });
  let server: RunningServer;
  try {
    server = await startServer(config, logger);
  } catch (error) {
    await removeData();
    throw error;
  }
  return {
    url: `http://127.0.0.1:${server.httpPort}`,
    wsUrl: `ws://127.0.0.1:${server.httpPort}/ws`,
    grpcAddress: `127.0.0.1:${server.grpcPort}`,
    dataDir,
    server,
    close: async () => {
      await server.close();
      await removeData();
    },
  };
}
