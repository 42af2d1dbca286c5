import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packageRoot } from './package-root.js';
import { findWasmClang, WASM_CLANG_FLAGS } from './wasm-clang.js';

/*
 * Builds the agents under agents/ into one folder of .wasm files:
 *
 *   node dist/scripts/build-agents.js [--out FOLDER] [--force]
 *
 * What is newer than all of its sources stays, so that a build with nothing to do takes no time.
 */

const root = packageRoot(import.meta.url);
const ASSEMBLYSCRIPT_AGENTS = ['echo', 'counter', 'bidder'];

function newestMs(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((entry) => newestMs(join(path, entry))));
}

/** Whether the output is there and newer than this script and everything it is made from. */
function isFresh(output: string, sources: readonly string[]): boolean {
  const built = statSync(output, { throwIfNoEntry: false });
  if (built === undefined) return false;
  const own = ['scripts/build-agents.ts', 'package-lock.json'];
  return [...own, ...sources].every((source) => newestMs(join(root, source)) < built.mtimeMs);
}

/** Runs a compiler that writes beside the output and then moves it there, whole or not at all. */
function compile(command: string, args: readonly string[], output: string): void {
  const partial = `${output}.${process.pid}`;
  const run = spawnSync(command, [...args, '-o', partial], { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) {
    rmSync(partial, { force: true });
    const reason = run.error?.message ?? `${run.stdout}${run.stderr}`;
    throw new Error(`building ${relative(root, output)} failed:\n${reason}`);
  }
  renameSync(partial, output);
  console.log(`built ${relative(process.cwd(), output)} (${statSync(output).size} bytes)`);
}

function buildAssemblyScript(name: string, folder: string, force: boolean): void {
  const output = join(folder, `${name}.wasm`);
  const sources = [`agents/${name}/assembly`, 'agents/assemblyscript'];
  if (!force && isFresh(output, sources)) return;
  const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');
  const options = ['--config', 'agents/assemblyscript/asconfig.json'];
  compile(process.execPath, [compiler, `agents/${name}/assembly/index.ts`, ...options], output);
}

function buildC(folder: string, force: boolean): void {
  const output = join(folder, 'echo-c.wasm');
  if (!force && isFresh(output, ['agents/echo-c'])) return;
  const clang = findWasmClang();
  if ('missing' in clang) {
    // An output older than its source would pass for it.
    rmSync(output, { force: true });
    console.log(`skipped echo-c: ${clang.missing}`);
    return;
  }
  compile(clang.command, [...WASM_CLANG_FLAGS, 'agents/echo-c/echo.c'], output);
}

function main(): void {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, force: { type: 'boolean', default: false } },
  });
  const folder = resolve(values.out ?? join(root, 'dist/agents'));
  mkdirSync(folder, { recursive: true });
  for (const name of ASSEMBLYSCRIPT_AGENTS) buildAssemblyScript(name, folder, values.force);
  buildC(folder, values.force);
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
