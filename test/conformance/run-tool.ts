import { spawn } from 'node:child_process';

export interface ToolOptions {
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** After so many seconds it is ended, and the run fails. */
  readonly seconds: number;
}

export interface ToolResult {
  readonly code: number | null;
  /** What it wrote to stdout and stderr, without colours. */
  readonly text: string;
}

const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Runs a program of a suite to its end. Rejects when it can't be started or takes too long. */
export function runTool(
  program: string,
  args: readonly string[],
  { folder, env = {}, seconds }: ToolOptions,
): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, seconds * 1_000);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
    }
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      if (late) reject(new Error(`${program} took more than ${seconds} s:\n${text}`));
      else resolve({ code, text: text.replace(COLOUR, '') });
    });
  });
}
