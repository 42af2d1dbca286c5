import { resolve } from 'node:path';
import { packageFile } from '../../src/base/package-file.js';
import type { WindowResult } from '../load/window.js';
import { type Started, start } from './child.js';
import { makeFolder, removeFolder } from './leftovers.js';

export interface ServerOptions {
  readonly workers?: number;
  /** Settings as variables of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The folder of the store, which the caller removes; without it the server has one of its own. */
  readonly data?: string;
  /** Flags of Node.js. */
  readonly nodeFlags?: readonly string[];
}

let profileFlags: readonly string[] = [];

/** Makes every server write a profile of each of its threads into the folder when it ends. */
export function profileServers(folder: string): void {
  profileFlags = ['--cpu-prof', `--cpu-prof-dir=${resolve(folder)}`];
}

interface AgentCounts {
  readonly processed: number;
  readonly failed: number;
}

const READY = /REST http:\/\/127\.0\.0\.1:(\d+) .*gRPC 127\.0\.0\.1:(\d+)/;
const SETTLE_MS = 30_000;
const POLL_MS = 30;
// Agents of the benchmarks take as much as a client may have under way.
const MAILBOX_MESSAGES = 100_000;
// Agents that send each other messages without end are what some of them measure.
const ENDLESS = { CAXTON_LIMITS__HOPS: '0' };

/**
 * `caxton serve` in a process of its own, as users run it: history, limits and metrics are on. Only
 * rates are not limited, as all load comes from one address, nor how long agents talk.
 */
export class CaxtonServer {
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly pid: number;
  readonly #started: Started;
  readonly #ownFolder: string | undefined;

  private constructor(started: Started, ownFolder: string | undefined) {
    this.#started = started;
    this.#ownFolder = ownFolder;
    this.pid = started.pid;
    this.httpPort = Number(started.ready[1]);
    this.grpcPort = Number(started.ready[2]);
  }

  static async start(options: ServerOptions = {}): Promise<CaxtonServer> {
    const folder = options.data ?? makeFolder();
    const args = [
      ...profileFlags,
      ...(options.nodeFlags ?? []),
      packageFile('dist', 'src', 'cli', 'main.js'),
      'serve',
      '--http=127.0.0.1:0',
      '--grpc=127.0.0.1:0',
      `--data=${folder}`,
      '--log-level=error',
      '--no-rate-limits',
      ...(options.workers === undefined ? [] : [`--workers=${options.workers}`]),
    ];
    const started = await start(process.execPath, args, READY, {
      ...ENDLESS,
      ...options.env,
    });
    return new CaxtonServer(started, options.data === undefined ? folder : undefined);
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.httpPort}${path}`;
  }

  async stop(): Promise<void> {
    await this.#started.stop();
    if (this.#ownFolder !== undefined) removeFolder(this.#ownFolder);
  }

  /** @throws when the answer isn't one of success */
  async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url(path), {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} failed: ${text}`);
    return JSON.parse(text) as Answer;
  }

  async deploy(name: string, wasm: Uint8Array, config: object = {}): Promise<void> {
    await this.call('POST', '/api/v1/agents', {
      wasm_module: Buffer.from(wasm).toString('base64'),
      config: { name, resources: { mailbox: MAILBOX_MESSAGES }, ...config },
    });
  }

  async counts(agent: string): Promise<AgentCounts> {
    const { metrics } = await this.call<{
      metrics: { messages_processed: number; messages_failed: number };
    }>('GET', `/api/v1/agents/${agent}`);
    return { processed: metrics.messages_processed, failed: metrics.messages_failed };
  }

  /** Messages that all agents together have handled. */
  async processed(): Promise<number> {
    return this.counter('caxton_messages_processed_total');
  }

  /** A figure of the server's metrics. */
  async counter(name: string): Promise<number> {
    const text = await (await fetch(this.url('/metrics'))).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    if (line === undefined) throw new Error(`/metrics has no ${name}`);
    return Number(line.slice(name.length));
  }

  /**
   * Waits until agents have nothing more to do.
   * @returns how many messages they have handled
   */
  async settled(): Promise<number> {
    let last = -1;
    await this.#until(async () => {
      const former = last;
      last = await this.processed();
      return last === former && (await this.counter('caxton_mailbox_messages')) === 0;
    });
    return last;
  }

  /** Waits until the history's writer has nothing more to do. */
  async written(): Promise<void> {
    await this.#until(async () => (await this.counter('caxton_store_pending_records')) === 0);
  }

  /**
   * Runs a load and makes sure that agents really handled what it counts as done.
   * @param load gives how many messages were sent and answered with success
   * @param underWay how many more may have been sent and not counted
   */
  async verified(load: () => Promise<number>, underWay: number): Promise<void> {
    const before = await this.settled();
    const deadBefore = await this.counter('caxton_dead_letters_total');
    const sent = await load();
    await this.#until(async () => (await this.processed()) >= before + sent);
    const handled = (await this.settled()) - before;
    const dead = (await this.counter('caxton_dead_letters_total')) - deadBefore;
    if (handled < sent || handled > sent + underWay || dead > 0) {
      throw new Error(
        `${sent} messages were answered, agents handled ${handled} and ${dead} failed`,
      );
    }
  }

  /** The same for a load that tells of its own rate. @returns the rate */
  async verifiedWindow(load: () => Promise<WindowResult>, underWay = 0): Promise<number> {
    let perSecond = 0;
    await this.verified(async () => {
      const result = await load();
      perSecond = result.perSecond;
      return result.total;
    }, underWay);
    return perSecond;
  }

  async #until(reached: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + SETTLE_MS;
    while (!(await reached())) {
      if (performance.now() > end) throw new Error('the agents did not handle what they were sent');
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
