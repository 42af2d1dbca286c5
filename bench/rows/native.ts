import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { packageFile } from '../../src/base/package-file.js';
import { meterModule } from '../../src/wasm/meter.js';
import { runProgram } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { instantiateKernels, KERNELS, kernelModule } from '../harness/kernels.js';
import { microseconds } from '../harness/rate.js';
import { geometricMean, median, neighbourRatios } from '../harness/statistics.js';
import { takeTurns } from '../harness/turns.js';

const SCRIPT = packageFile('native-bench', 'run.sh');

interface NativeLine {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly sum?: number;
}

/** The C++ ring and agent, and the kernels of the metering rows compiled by g++. */
export async function run(context: Context): Promise<void> {
  for (const tool of ['make', 'g++']) {
    if (spawnSync(tool, ['--version']).status === 0) continue;
    process.stderr.write(`native baselines skipped: ${tool} is not installed\n`);
    return;
  }
  for (const { name, value, unit } of await native(context.smoke ? ['--smoke'] : [])) {
    context.report({ name, unit, values: [value] });
  }
  await kernels(context);
}

async function kernels(context: Context): Promise<void> {
  const metered = instantiateKernels(meterModule(kernelModule()).bytes as Uint8Array<ArrayBuffer>);
  const seconds = context.smoke ? 0.02 : 0.1;
  const ratios: number[] = [];
  for (const [name, argument] of Object.entries(KERNELS)) {
    const ours = metered[name]!;
    const sum = ours(argument);
    const times = await takeTurns(context.rounds, {
      native: async () => {
        const [line] = await native(['--kernel', name, String(argument), String(seconds)]);
        assert.equal(line?.sum, sum, `${name} gives the same sum natively`);
        return line?.value as number;
      },
      metered: () => microseconds(seconds, () => ours(argument)),
    });
    context.report({
      name: `native_kernel_${name}`,
      unit: 'µs/call',
      better: 'lower',
      values: times.metered,
      baselines: times.native,
      baselineIs: 'the same program in C++, by g++ -O3',
    });
    ratios.push(median(neighbourRatios(times.metered, times.native)));
  }
  context.report({
    name: 'native_kernel_mean',
    unit: '× native',
    better: 'lower',
    values: [geometricMean(ratios)],
    note: 'metered WebAssembly over C++, of all kernels',
  });
}

async function native(args: readonly string[]): Promise<NativeLine[]> {
  const out = await runProgram('sh', [SCRIPT, ...args]);
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as NativeLine);
}
