import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';
import { packageRoot } from '../../scripts/package-root.js';

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
