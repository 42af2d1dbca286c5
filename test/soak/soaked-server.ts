import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../../scripts/package-root.js';
import { ServeProcess } from '../cli/cli-process.js';
import type { InsideSample } from './inside-server.js';
import { type ProcessSample, sampleProcess } from './process-sample.js';

/** How a process of the server ended: by `kill -9`, or as SIGTERM asks. */
export type Ending = 'killed' | 'stopped';

const INSIDE = join(packageRoot(import.meta.url), 'dist/test/soak/inside-server.js');
/** Small, so that memory and disk come to rest within a soak. */
const SETTINGS = {
  CAXTON_HISTORY__MAX_MESSAGES: '60000',
  CAXTON_LIMITS__DEAD_LETTERS: '20000',
  CAXTON_DEPLOYMENTS__LINGER: '3s',
  CAXTON_PROTOCOLS__IDLE_TIMEOUT: '20s',
};
const WORKERS = 2;
const EXPECTED = [
  /^warning: no tokens are configured/,
  /^SIGTERM: stopping/,
  /"msg":"worker died; replacing it"/,
  /^$/,
];

/** `caxton serve` as a process that can be ended and started again, on the same folder. */
export class SoakedServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'caxton-soak-'));
  /** How each former process ended, oldest first. Its length is the number of the present one. */
  readonly endings: Ending[] = [];
  /** What a process wrote, or ended with, that is not expected of it. */
  readonly complaints: string[] = [];
  threadsEnded = 0;
  /** Set while a process is being ended or started. */
  changing = false;
  #serve: ServeProcess | undefined;
  #starting: Promise<unknown> = Promise.resolve();

  static async start(): Promise<SoakedServer> {
    const server = new SoakedServer();
    await server.#start();
    return server;
  }

  get epoch(): number {
    return this.endings.length;
  }

  get url(): string {
    return this.#running.url;
  }

  get wsUrl(): string {
    return `${this.url.replace('http', 'ws')}/ws`;
  }

  get grpcAddress(): string {
    return this.#running.grpcAddress;
  }

  get pid(): number {
    return this.#running.process.child.pid as number;
  }

  /** Resolves when a server is there to be asked. */
  async ready(): Promise<void> {
    await this.#starting;
  }

  /** Ends the process in the one way or the other and starts another. */
  restart(ending: Ending): Promise<void> {
    const ended = this.#running;
    this.changing = true;
    const again = async (): Promise<void> => {
      const { code } = await ended.process.signal(ending === 'killed' ? 'SIGKILL' : 'SIGTERM');
      this.endings.push(ending);
      this.#readComplaints(ended, ending, code);
      await this.#start();
      this.changing = false;
    };
    const started = again();
    this.#starting = started;
    return started;
  }

  async pause(milliseconds: number): Promise<void> {
    const { child } = this.#running.process;
    child.kill('SIGSTOP');
    await sleep(milliseconds);
    child.kill('SIGCONT');
  }

  async endThread(choice: number): Promise<void> {
    if (await this.#ask<boolean>(`end-thread ${choice}`)) this.threadsEnded += 1;
  }

  /** What is left after a collection of garbage. */
  inside(): Promise<InsideSample> {
    return this.#ask('sample');
  }

  outside(): ProcessSample {
    return sampleProcess(this.pid, join(this.folder, 'data'));
  }

  async close(): Promise<void> {
    const ended = this.#serve;
    if (ended !== undefined) {
      const { code } = await ended.process.signal('SIGTERM');
      this.#readComplaints(ended, 'stopped', code);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  get #running(): ServeProcess {
    if (this.#serve === undefined) throw new Error('the server is not started');
    return this.#serve;
  }

  get #socket(): string {
    return join(this.folder, `inside-${this.epoch}`);
  }

  async #start(): Promise<void> {
    const inside = pathToFileURL(INSIDE);
    inside.searchParams.set('socket', this.#socket);
    const env = { ...SETTINGS, NODE_OPTIONS: `--import=${inside.href}` };
    this.#serve = await ServeProcess.start(['--workers', String(WORKERS)], this.folder, { env });
  }

  async #ask<T>(line: string): Promise<T> {
    const socket = connect(this.#socket);
    socket.write(`${line}\n`);
    return JSON.parse(await text(socket)) as T;
  }

  #readComplaints(ended: ServeProcess, ending: Ending, code: number | null): void {
    const { stderr, stdout } = ended.process;
    const lines = [...stderr.split('\n'), ...stdout.split('\n').slice(1)];
    for (const line of lines) {
      if (!EXPECTED.some((expected) => expected.test(line))) this.complaints.push(line);
    }
    if (ending === 'stopped' && code !== 0) this.complaints.push(`SIGTERM: ended with ${code}`);
  }
}
