import { spawnSync } from 'node:child_process';

/** A C compiler that makes WebAssembly, or why there is none. */
export type WasmClang = { readonly command: string } | { readonly missing: string };

/** With which C becomes an agent. */
export const WASM_CLANG_FLAGS = [
  '--target=wasm32',
  // The oldest base and what is used on top, so that a newer clang makes the same kind of module.
  ...['-mcpu=mvp', '-msimd128', '-mbulk-memory', '-msign-ext'],
  // Past the driver: on its own -O2 it runs whatever wasm-opt is in the PATH, as it is under npm,
  // and that one may not know the features.
  ...['-Xclang', '-O2'],
  ...['-std=c11', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-nostdlib'],
  ...['-Wl,--no-entry', '-Wl,--strip-all', '-Wl,-z,stack-size=16384'],
];

const CANDIDATES = ['clang', ...[21, 20, 19, 18, 17, 16, 15, 14].map((n) => `clang-${n}`)];

function output(command: string, args: readonly string[]): string | undefined {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  return run.status === 0 ? run.stdout : undefined;
}

/** Looks for a clang that has the wasm32 target and finds its linker, wasm-ld. */
export function findWasmClang(): WasmClang {
  let missing = 'clang is not installed';
  for (const command of CANDIDATES) {
    const targets = output(command, ['--print-targets']);
    if (targets === undefined) continue;
    if (!/\bwasm32\b/.test(targets)) {
      missing = `${command} was built without the wasm32 target`;
      continue;
    }
    const linker = output(command, ['-print-prog-name=wasm-ld'])?.trim() ?? 'wasm-ld';
    if (output(linker, ['--version']) !== undefined) return { command };
    missing = `${command} finds no wasm-ld: install lld`;
  }
  return { missing };
}
