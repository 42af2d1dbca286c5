import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { packageFile } from '../../src/base/package-file.js';
import { meterModule } from '../../src/wasm/meter.js';
import type { Context } from '../harness/context.js';
import { instantiateKernels, KERNELS, kernelModule } from '../harness/kernels.js';
import { enlargeModule } from '../harness/large-module.js';
import { microseconds } from '../harness/rate.js';
import { geometricMean, median, neighbourRatios } from '../harness/statistics.js';
import { takeTurns } from '../harness/turns.js';

const LARGE_BYTES = 10_000_000;

/** What metering costs: kernels with and without it in one process, and the rewriter's own speed. */
export async function run(context: Context): Promise<void> {
  const bytes = kernelModule();
  const plain = instantiateKernels(bytes);
  const metered = instantiateKernels(meterModule(bytes).bytes as Uint8Array<ArrayBuffer>);
  const seconds = context.smoke ? 0.05 : 0.2;
  const slowdowns: number[][] = [];
  for (const [name, argument] of Object.entries(KERNELS)) {
    const [with_, without] = [metered[name]!, plain[name]!];
    assert.equal(with_(argument), without(argument), `${name} gives the same sum when metered`);
    const times = await takeTurns(context.rounds, {
      plain: () => microseconds(seconds, () => without(argument)),
      metered: () => microseconds(seconds, () => with_(argument)),
    });
    context.report({
      name: `metering_${name}`,
      unit: 'µs/call',
      better: 'lower',
      values: times.metered,
      baselines: times.plain,
      baselineIs: 'the same module, not metered',
    });
    slowdowns.push([...neighbourRatios(times.metered, times.plain)]);
  }
  summarize(context, slowdowns);
  rewriterSpeed(context);
}

/** @param slowdowns of each kernel, those of its neighbouring rounds */
function summarize(context: Context, slowdowns: readonly (readonly number[])[]): void {
  const medians = slowdowns.map(median);
  const common = { unit: '× unmetered', better: 'lower' } as const;
  const note = `of the ${medians.length} kernels`;
  context.report({ ...common, name: 'metering_mean', values: [geometricMean(medians)], note });
  context.report({ ...common, name: 'metering_worst', values: [Math.max(...medians)], note });
}

function rewriterSpeed(context: Context): void {
  const agent = new Uint8Array(readFileSync(packageFile('dist', 'agents', 'bidder.wasm')));
  const large = enlargeModule(agent, LARGE_BYTES);
  assert.ok(WebAssembly.validate(large), 'the large module is a valid one');
  const times: number[] = [];
  for (let round = 0; round <= context.rounds; round++) {
    const start = performance.now();
    meterModule(large);
    times.push(performance.now() - start);
  }
  const values = times.slice(1);
  const note = `a compiled agent, its functions repeated up to ${large.length} bytes`;
  context.report({ name: 'metering_large_module', unit: 'ms', better: 'lower', values, note });
  context.report({
    name: 'metering_rewriter',
    unit: 'MB/s',
    values: values.map((ms) => large.length / 1e3 / ms),
  });
}
