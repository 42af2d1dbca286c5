import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import wabt from 'wabt';
import { packageRoot } from '../../scripts/package-root.js';
import { findWasmClang, WASM_CLANG_FLAGS } from '../../scripts/wasm-clang.js';

const root = packageRoot(import.meta.url);
const guestFolder = join(root, 'test/guests');

export type SampleAgent = 'echo' | 'counter' | 'bidder' | 'echo-c';

/** Features that the server allows in modules; anything else fails to compile here too. */
const FEATURES = Object.freeze({
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
  simd: true,
});

const compiled = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** The names of all guests: the files test/guests/NAME.wat. */
export function guestNames(): string[] {
  return readdirSync(guestFolder)
    .filter((file) => file.endsWith('.wat'))
    .map((file) => file.slice(0, -'.wat'.length))
    .sort();
}

/** A guest's text, each line `;;include NAME.wat` replaced by the file of test/guests/include. */
export function guestSource(name: string): string {
  const include = (_line: string, file: string): string =>
    readFileSync(join(guestFolder, 'include', file), 'utf8').replace(INCLUDE, include);
  return readFileSync(join(guestFolder, `${name}.wat`), 'utf8').replace(INCLUDE, include);
}

const INCLUDE = /^[ \t]*;;include (\S+)$/gm;

/** A guest of test/guests as WebAssembly; compiled once per process. */
export function guest(name: string): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = compiled.get(name);
  if (bytes === undefined) {
    bytes = compileWat(name, guestSource(name));
    compiled.set(name, bytes);
  }
  return bytes;
}

/** The names of the guests in C: the files test/guests/NAME.c. */
export function cGuestNames(): string[] {
  return readdirSync(guestFolder)
    .filter((file) => file.endsWith('.c'))
    .map((file) => file.slice(0, -'.c'.length))
    .sort();
}

/** A guest of test/guests in C as WebAssembly; needs the toolchain `wasm-clang`. */
export function cGuest(name: string): Uint8Array<ArrayBuffer> {
  const clang = findWasmClang();
  if ('missing' in clang) throw new Error(clang.missing);
  const folder = mkdtempSync(join(tmpdir(), 'caxton-guest-'));
  try {
    const output = join(folder, 'guest.wasm');
    const source = join(guestFolder, `${name}.c`);
    const run = spawnSync(clang.command, [...WASM_CLANG_FLAGS, source, '-o', output], {
      encoding: 'utf8',
    });
    if (run.status !== 0) throw new Error(`${name}.c: ${run.error?.message ?? run.stderr}`);
    return new Uint8Array(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** WebAssembly text as a module, for guests that are made up in a test. */
export async function compileWat(name: string, source: string): Promise<Uint8Array<ArrayBuffer>> {
  const { parseWat } = await wabt();
  const parsed = parseWat(`${name}.wat`, source, FEATURES);
  try {
    return new Uint8Array(parsed.toBinary({}).buffer);
  } finally {
    parsed.destroy();
  }
}

/** A sample agent of agents/, as the build made it. */
export function sampleAgent(name: SampleAgent): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(root, 'dist/agents', `${name}.wasm`)));
}
