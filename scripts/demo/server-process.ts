import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
// The demo asks again and again how things stand, more often than one client may.
const QUIET = ['--log-level', 'error', '--no-rate-limits'];
const START_LIMIT_MS = 15_000;
const STOP_LIMIT_MS = 10_000;

/** A server in a process of its own, as `caxton serve` starts it, with a folder that goes with it. */
export class ServerProcess {
  /** The line that the server printed when it was ready. */
  readonly readyLine: string;
  readonly url: string;
  readonly webSocketUrl: string;
  readonly grpcAddress: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string, readyLine: string) {
    this.#child = child;
    this.#folder = folder;
    this.readyLine = readyLine;
    this.url = part(readyLine, /REST (\S+)/);
    this.webSocketUrl = part(readyLine, /WebSocket (\S+)/);
    this.grpcAddress = part(readyLine, /gRPC (\S+)/);
  }

  /** Starts a server on free ports. Rejects with what it said when it does not come up. */
  static async start(): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'caxton-demo-'));
    const ports = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0'];
    const child = spawn(
      process.execPath,
      [CLI, 'serve', ...ports, '--data', folder, '--workers', '2', ...QUIET],
      { stdio: ['ignore', 'pipe', 'pipe'], env: ownEnvironment() },
    );
    try {
      return new ServerProcess(child, folder, await firstLine(child));
    } catch (error) {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Stops the server as an operator would, and removes its folder. @returns its exit code */
  async stop(): Promise<number | null> {
    try {
      if (this.#child.exitCode !== null) return this.#child.exitCode;
      const exited = new Promise<number | null>((resolve) => {
        this.#child.once('exit', (code) => resolve(code));
      });
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      this.#child.kill('SIGTERM');
      return await exited.finally(() => clearTimeout(timer));
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }
}

// Settings of the caller's own server would change what is shown.
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('CAXTON_')),
  );
}

function part(line: string, pattern: RegExp): string {
  const found = pattern.exec(line)?.[1];
  if (found === undefined) throw new Error(`the server's first line lacks ${pattern}: ${line}`);
  return found;
}

function firstLine(child: ChildProcess): Promise<string> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`the server ${what}: ${said.trim()}`));
    const timer = setTimeout(() => fail('was not ready in time'), START_LIMIT_MS);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.once('line', (line) => {
      clearTimeout(timer);
      resolve(line);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}
