import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Whether there is a channel for messages to the process. */
  readonly channel?: boolean;
}

/** The program in a process of its own, with what it prints as it comes. */
export class CliProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<CliResult>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], options: CliOptions = {}) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...plainEnvironment(), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe', ...(options.channel === true ? (['ipc'] as const) : [])],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.child.stdin?.on('error', () => {});
    this.child.stdin?.end(options.stdin ?? '');
    this.exited = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Waits for a text on stdout or stderr, or rejects with what was said when it ends before. */
  async says(text: string): Promise<void> {
    await eventually(`the program says ${JSON.stringify(text)}`, () => {
      if (this.stdout.includes(text) || this.stderr.includes(text)) return true;
      if (this.child.exitCode === null) return false;
      throw new Error(`ended with ${this.child.exitCode}: ${this.stdout}${this.stderr}`);
    });
  }

  signal(name: NodeJS.Signals): Promise<CliResult> {
    this.child.kill(name);
    return this.exited;
  }
}

// What the caller's shell sets for a server of its own has no place in a test.
function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('CAXTON_')),
  );
}

/** Runs one command to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return new CliProcess(args, options).exited;
}

/** A server started by `caxton serve` on free ports, with a folder of its own for data and files. */
export class ServeProcess {
  readonly process: CliProcess;
  readonly folder: string;
  readonly url: string;
  readonly grpcAddress: string;

  private constructor(process: CliProcess, folder: string) {
    this.process = process;
    this.folder = folder;
    this.url = /REST (\S+)/.exec(process.stdout)?.[1] ?? '';
    this.grpcAddress = /gRPC (\S+)/.exec(process.stdout)?.[1] ?? '';
  }

  /** @param folder of an earlier server, to start again on its data */
  static async start(
    args: readonly string[] = [],
    folder: string = mkdtempSync(join(tmpdir(), 'caxton-cli-')),
    options: CliOptions = {},
  ): Promise<ServeProcess> {
    const process = ServeProcess.spawn(folder, args, options);
    try {
      await process.says(' worker');
    } catch (error) {
      await process.signal('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
    return new ServeProcess(process, folder);
  }

  /** The same, which is not waited for. */
  static spawn(folder: string, args: readonly string[] = [], options: CliOptions = {}): CliProcess {
    return new CliProcess(
      [
        ...['serve', '--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--workers', '1'],
        ...['--data', join(folder, 'data'), '--log-level', 'error', '--no-rate-limits', ...args],
      ],
      options,
    );
  }

  /** Runs a client command against this server. */
  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return runCli(args, { ...options, env: { CAXTON_URL: this.url, ...options.env } });
  }

  /** Runs a client command that must succeed, and gives its answer. */
  async json<T>(args: readonly string[], options: CliOptions = {}): Promise<T> {
    const result = await this.run([...args, '--output', 'json'], options);
    if (result.code !== 0) throw new Error(`${args.join(' ')}: ${result.stderr}`);
    return JSON.parse(result.stdout) as T;
  }

  /** A client command that goes on until it is stopped. */
  spawn(args: readonly string[]): CliProcess {
    return new CliProcess(args, { env: { CAXTON_URL: this.url } });
  }

  /** A file of this server's folder. */
  file(name: string): string {
    return join(this.folder, name);
  }

  async close(): Promise<void> {
    if (this.process.child.exitCode === null) await this.process.signal('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
