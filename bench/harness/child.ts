import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { keepTrack } from './leftovers.js';

const STOP_MS = 20_000;
/** What a server says on each run. */
const EXPECTED = /^(warning: no tokens are configured|SIG\w+: stopping|\[\d+\] .* \[INF\])/;

export interface Started {
  readonly pid: number;
  /** What the line that told of its being ready matched. */
  readonly ready: RegExpExecArray;
  stop(): Promise<void>;
}

/** The path of a script of the benchmarks, relative to `bench/`, as it was built. */
export function benchScript(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Starts a program and waits for the line, of either stream, by which it tells that it is ready. */
export function start(
  command: string,
  args: readonly string[],
  ready: RegExp,
  env: NodeJS.ProcessEnv = {},
): Promise<Started> {
  const child = launch(command, args, env);
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    let isReady = false;
    const take = (line: string, isError: boolean): void => {
      if (isReady) {
        if (isError && !EXPECTED.test(line)) process.stderr.write(`${line}\n`);
        return;
      }
      lines.push(line);
      const match = ready.exec(line);
      if (match === null) return;
      isReady = true;
      resolve({ pid: child.pid as number, ready: match, stop: () => stop(child) });
    };
    createInterface({ input: child.stdout! }).on('line', (line) => take(line, false));
    createInterface({ input: child.stderr! }).on('line', (line) => take(line, true));
    child.once('close', () => {
      const said = [[command, ...args].join(' '), 'ended before it was ready:', ...lines];
      if (!isReady) reject(new Error(said.join('\n')));
    });
  });
}

/** Runs a script of the benchmarks to its end; its standard output is one JSON value. */
export async function runScript<Result>(path: string, input: unknown): Promise<Result> {
  const out = await runProgram(process.execPath, [benchScript(path), JSON.stringify(input)]);
  return JSON.parse(out) as Result;
}

/**
 * Runs a program to its end and gives its standard output.
 * @param interruptAfterMs when it is told to end, as by Ctrl-C, if it hasn't by then
 */
export async function runProgram(
  command: string,
  args: readonly string[],
  interruptAfterMs?: number,
): Promise<string> {
  const child = launch(command, args, {});
  const timer =
    interruptAfterMs === undefined
      ? undefined
      : setTimeout(() => child.kill('SIGINT'), interruptAfterMs);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  const [code] = await once(child, 'close');
  clearTimeout(timer);
  const text = Buffer.concat(out).toString('utf8');
  if (code === 0) return text;
  throw new Error(`${command} ${args[0] ?? ''} failed:\n${text}${Buffer.concat(err).toString()}`);
}

function launch(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...ownEnvironment(), ...env },
  });
  keepTrack(child);
  child.on('error', (error) => process.stderr.write(`${command}: ${error.message}\n`));
  return child;
}

/** Without the settings of a server that whoever runs this has. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('CAXTON_')),
  );
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}
