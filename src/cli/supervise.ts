import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { monotonicMs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import { SUPERVISED_VARIABLE } from '../config/read-environment.js';
import { EXIT } from './exit-codes.js';

const PASSED_ON = ['SIGINT', 'SIGTERM'] as const;

/** How a server's process ended. */
interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ranMs: number;
  readonly wasReady: boolean;
}

/** What a supervised server sends when it takes requests. */
export const READY = 'ready';

/**
 * Runs this program as a child, without supervision, and starts it again when it dies. The child
 * stops by itself when this process is gone, since the channel between them ends.
 * @param args of the child, behind the program's name
 * @returns the exit code: the child's where it stopped as it was told, or is wrongly configured
 */
export async function supervise(args: readonly string[]): Promise<number> {
  const server = new SupervisedServer(args);
  let failedStartsMs: number[] = [];
  let delayMs: number = LIMITS.supervise_backoff_ms;
  for (;;) {
    const end = await server.run();
    if (server.stopping || end.code === EXIT.ok || end.code === EXIT.usage) return exitCodeOf(end);
    const nowMs = monotonicMs();
    if (!end.wasReady) failedStartsMs.push(nowMs);
    failedStartsMs = failedStartsMs.filter((at) => nowMs - at < LIMITS.supervise_stable_ms);
    if (failedStartsMs.length >= LIMITS.supervise_failed_starts) {
      tell(
        `${told(end)}; it did not start ${failedStartsMs.length} times within a minute, giving up`,
      );
      return exitCodeOf(end);
    }
    if (end.ranMs >= LIMITS.supervise_stable_ms) delayMs = LIMITS.supervise_backoff_ms;
    tell(`${told(end)}; starting it again in ${delayMs} ms`);
    await server.pause(delayMs);
    if (server.stopping) return EXIT.ok;
    delayMs = Math.min(delayMs * 2, LIMITS.supervise_backoff_max_ms);
  }
}

class SupervisedServer {
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #wake: () => void = () => undefined;
  /** A signal to stop has come. */
  stopping = false;

  constructor(args: readonly string[]) {
    this.#args = args;
    for (const name of PASSED_ON) {
      process.on(name, () => {
        this.stopping = true;
        this.#wake();
        this.#child?.kill(name);
      });
    }
  }

  run(): Promise<End> {
    const beganMs = monotonicMs();
    let wasReady = false;
    const program = [...process.execArgv, process.argv[1] as string];
    const child = spawn(process.execPath, [...program, ...this.#args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, [SUPERVISED_VARIABLE]: '1' },
      // A terminal's Ctrl-C comes here alone, and is passed on once.
      detached: process.platform !== 'win32',
    });
    this.#child = child;
    child.on('message', (message) => {
      if (message === READY) wasReady = true;
    });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        this.#child = undefined;
        resolve({ code, signal, ranMs: monotonicMs() - beganMs, wasReady });
      });
    });
  }

  /** Waits, unless a signal comes. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, ms);
    });
  }
}

/** As a shell has it: 128 and the number of the signal. */
function exitCodeOf({ code, signal }: End): number {
  return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
}

function told({ code, signal }: End): string {
  return signal === null ? `the server ended with code ${code}` : `the server ended by ${signal}`;
}

function tell(text: string): void {
  process.stderr.write(`supervise: ${text}\n`);
}
