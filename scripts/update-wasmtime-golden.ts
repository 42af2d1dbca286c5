import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCorpus, readManifest } from '../test/wasm/corpus.js';

/**
 * Counts the corpus's fuel with wasmtime again and writes test/wasm/golden/wasmtime-fuel.json:
 *   npm run build && node dist/scripts/update-wasmtime-golden.js
 * Needs python3 with venv, and the network the first time.
 *
 * The version is pinned to one that counts a bulk operation as one instruction, as later ones
 * also charge for its size.
 */
const WASMTIME_VERSION = '36.0.0';
const VENV = 'test/wasm/.venv';
const GOLDEN = 'test/wasm/golden/wasmtime-fuel.json';

const run = (command: string, ...args: string[]): void => {
  execFileSync(command, args, { stdio: 'inherit' });
};

const modules = mkdtempSync(join(tmpdir(), 'caxton-corpus-'));
try {
  if (!existsSync(VENV)) run('python3', '-m', 'venv', VENV);
  run(`${VENV}/bin/pip`, 'install', '--quiet', `wasmtime==${WASMTIME_VERSION}`);
  for (const { name, bytes } of await compileCorpus()) {
    writeFileSync(join(modules, `${name}.wasm`), bytes);
  }
  const manifest = join(modules, 'manifest.json');
  writeFileSync(manifest, JSON.stringify(readManifest()));
  run(`${VENV}/bin/python`, 'scripts/wasmtime-golden.py', manifest, modules, GOLDEN);
} finally {
  rmSync(modules, { recursive: true });
}
