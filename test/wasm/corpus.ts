import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabtInit from 'wabt';
import { packageRoot } from '../../scripts/package-root.js';

/**
 * The corpus of small modules and what to call in them. An i64 argument is written as a string.
 * `extra` is what the agent ABI charges for a call on top of the instructions that wasmtime
 * counts, worked out by hand for `extra_reason`.
 */
export interface CorpusCall {
  readonly call: string;
  readonly args: readonly (number | string)[];
  readonly extra?: number;
  readonly extra_reason?: string;
}

export type Manifest = Readonly<Record<string, { readonly calls: readonly CorpusCall[] }>>;

export interface CorpusModule {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly calls: readonly CorpusCall[];
}

const FEATURES = {
  simd: true,
  bulk_memory: true,
  reference_types: true,
  multi_value: true,
  sat_float_to_int: true,
  sign_extension: true,
  mutable_globals: true,
};

const wabt = await wabtInit();

/** Compiles WebAssembly text. `features` are wabt's, on top of the allowed ones. */
export function compileWat(
  text: string,
  name = 'module.wat',
  features: Readonly<Record<string, boolean>> = {},
): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat(name, text, { ...FEATURES, ...features });
  try {
    return Uint8Array.from(module.toBinary({ write_debug_names: true }).buffer);
  } finally {
    module.destroy();
  }
}

export const corpusFolder = join(packageRoot(import.meta.url), 'test/wasm/corpus');

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(corpusFolder, 'manifest.json'), 'utf8'));
}

/** All modules of the corpus; every source must be in the manifest, and the other way round. */
export async function compileCorpus(): Promise<CorpusModule[]> {
  const manifest = readManifest();
  const texts = readdirSync(corpusFolder).filter((file) => file.endsWith('.wat'));
  const sources = readdirSync(join(corpusFolder, 'c')).filter((file) => file.endsWith('.c'));
  const modules = [
    ...texts.map((file) => ({
      name: file.slice(0, -4),
      bytes: compileWat(readFileSync(join(corpusFolder, file), 'utf8'), file),
    })),
    ...sources.map((file) => ({ name: file.slice(0, -2), bytes: compiledC(file.slice(0, -2)) })),
  ];
  const names = modules.map(({ name }) => name).sort();
  const listed = Object.keys(manifest).sort();
  if (names.join() !== listed.join()) {
    throw new Error(`manifest and sources differ:\n${listed.join()}\n${names.join()}`);
  }
  return modules.map((module) => ({ ...module, calls: manifest[module.name]!.calls }));
}

/** A committed module that was built from C. */
export function compiledC(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(join(corpusFolder, 'c', `${name}.wasm`)));
}
