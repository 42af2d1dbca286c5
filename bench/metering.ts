import wabtInit from 'wabt';
import { meterModule } from '../src/wasm/meter.js';
import { KERNELS } from './kernels.js';
import { makeRow, type Report, type RunOptions, ratePerSecond } from './row.js';

const FUEL = 2n ** 62n;

/** What metering costs: kernels with and without it in one process, and the rewriter's own speed. */
export async function run(report: Report, options: RunOptions): Promise<void> {
  const timeMs = options.smoke ? 50 : 1_000;
  const wabt = await wabtInit();
  for (const [name, { wat, argument }] of Object.entries(KERNELS)) {
    const parsed = wabt.parseWat(name, wat);
    const bytes = new Uint8Array(parsed.toBinary({}).buffer);
    parsed.destroy();
    const plain = kernel(bytes);
    const metered = kernel(meterModule(bytes, {}).bytes);
    const plainRate = await ratePerSecond(timeMs, 1, () => plain(argument));
    const meteredRate = await ratePerSecond(timeMs, 1, () => metered(argument));
    // Time with metering over time without: 1.2 = a fifth slower.
    report(makeRow(`metering_${name}`, 'calls/s', meteredRate, plainRate));
  }
  report(await rewriterSpeed(wabt, timeMs));
}

function kernel(bytes: Uint8Array): (argument: number) => unknown {
  const { exports } = new WebAssembly.Instance(
    new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>),
  );
  const run = exports.run as (argument: number) => unknown;
  const fuel = exports['caxton:fuel'] as WebAssembly.Global | undefined;
  if (fuel === undefined) return run;
  return (argument) => {
    fuel.value = FUEL;
    return run(argument);
  };
}

// Many copies of one function make a module whose size is that of a large agent.
async function rewriterSpeed(wabt: Awaited<ReturnType<typeof wabtInit>>, timeMs: number) {
  const [, body] = /\(module([\s\S]*)\)\s*$/.exec(KERNELS.sieve.wat) as RegExpExecArray;
  const one = (body as string).replace('(memory 16)', '').replace('(export "run")', '');
  const parsed = wabt.parseWat('large', `(module (memory 16) ${one.repeat(4_000)})`);
  const bytes = new Uint8Array(parsed.toBinary({}).buffer);
  parsed.destroy();
  const perSecond = await ratePerSecond(timeMs, 1, () => meterModule(bytes, {}));
  return makeRow('metering_rewriter', 'MB/s', (perSecond * bytes.length) / 1e6);
}
