import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { packageFile } from '../../src/base/package-file.js';

/** The programs of `bench/assembly/kernels.ts` and how much work each does in one call. */
export const KERNELS: Readonly<Record<string, number>> = {
  arithmetic: 1_000_000,
  matrix: 8,
  sort: 20_000,
  hash: 100_000,
  json_scan: 20,
  sha256: 5_000,
  nbody: 20_000,
  sieve: 500_000,
  text: 200,
  recursion: 25,
  calls: 200_000,
  branches: 20_000,
  scattered: 500_000,
};

const FUEL = 2n ** 62n;
const FUEL_EXPORT = 'caxton:fuel';

type Run = (argument: number) => number;

/** All kernels as one module, compiled when it is older than its source. */
export function kernelModule(): Uint8Array<ArrayBuffer> {
  return compileAssembly('kernels');
}

/** A program of `bench/assembly`, compiled when it is older than its source. */
export function compileAssembly(name: string): Uint8Array<ArrayBuffer> {
  const source = packageFile('bench', 'assembly', `${name}.ts`);
  const folder = packageFile('dist', 'bench', 'wasm');
  const output = `${folder}/${name}.wasm`;
  const built = statSync(output, { throwIfNoEntry: false });
  if (built === undefined || built.mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(folder, { recursive: true });
    const partial = `${output}.${process.pid}`;
    const compiler = packageFile('node_modules', 'assemblyscript', 'bin', 'asc.js');
    const config = packageFile('agents', 'assemblyscript', 'asconfig.json');
    const args = [compiler, source, '--config', config, '-o', partial];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${source} does not compile:\n${stdout}${stderr}`);
    renameSync(partial, output);
  }
  return new Uint8Array(readFileSync(output));
}

/** The kernels of a module by name; in a metered one each call begins with plenty of fuel. */
export function instantiateKernels(bytes: Uint8Array<ArrayBuffer>): Record<string, Run> {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
  const fuel = exports[FUEL_EXPORT] as WebAssembly.Global | undefined;
  const runs = Object.keys(KERNELS).map((name): [string, Run] => {
    const run = exports[name] as Run;
    if (fuel === undefined) return [name, run];
    return [
      name,
      (argument) => {
        fuel.value = FUEL;
        return run(argument);
      },
    ];
  });
  return Object.fromEntries(runs);
}
