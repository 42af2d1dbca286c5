import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findWasmClang } from './wasm-clang.js';

/**
 * Compiles the C modules of the test corpus with clang and wasm-ld:
 *   node dist/scripts/build-wasm-corpus.js test/wasm/corpus/c
 * The modules are committed beside their sources, so the tests need no compiler.
 */

const COMMON_FLAGS = [
  '--target=wasm32',
  // Past the driver, which on its own -O2 runs whatever wasm-opt is in the PATH, as it is under npm.
  ...['-Xclang', '-O2'],
  '-nostdlib',
  '-fno-builtin',
  '-Wall',
  '-Werror',
  '-Wl,--no-entry',
  '-Wl,--strip-debug',
  '-Wl,-z,stack-size=16384',
];

const EXTRA_FLAGS: Readonly<Record<string, readonly string[]>> = {
  'dot-simd': ['-msimd128'],
  'move-bytes': ['-mbulk-memory'],
};

/** Names of the C modules, without their extension. */
export function corpusSources(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.c'))
    .map((name) => name.slice(0, -2))
    .sort();
}

/** Compiles every C source of `folder` into `outputFolder`. Throws when clang is missing or fails. */
export function buildCorpus(folder: string, outputFolder: string): void {
  const clang = findWasmClang();
  if ('missing' in clang) throw new Error(clang.missing);
  for (const name of corpusSources(folder)) {
    const flags = [...COMMON_FLAGS, ...(EXTRA_FLAGS[name] ?? [])];
    const paths = ['-o', join(outputFolder, `${name}.wasm`), join(folder, `${name}.c`)];
    execFileSync(clang.command, [...flags, ...paths], { stdio: ['ignore', 'inherit', 'inherit'] });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = resolve(process.argv[2] ?? 'test/wasm/corpus/c');
  buildCorpus(folder, folder);
}
