import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { packageFile } from '../src/base/package-file.js';
import { prepareAgentModule } from '../src/wasm/prepare.js';
import { makeRow, type Report, type RunOptions, ratePerSecond } from './row.js';
import { SAMPLE_BODY } from './sample-message.js';

const BATCH = 1_000;
const FUEL = 10_000_000n;

/** One message through the echo agent: into its memory, the call, its answer out of its memory. */
export async function run(report: Report, options: RunOptions): Promise<void> {
  const timeMs = options.smoke ? 50 : 1_000;
  const original = new Uint8Array(readFileSync(packageFile('dist', 'agents', 'echo.wasm')));
  const { metered } = prepareAgentModule(original, { memoryMaxBytes: 64 * 65_536 });
  const plainRate = await rate(original, timeMs);
  const meteredRate = await rate(metered, timeMs);
  report(makeRow('agent_call', 'million/s', meteredRate / 1e6, plainRate / 1e6));
}

function rate(bytes: Uint8Array, timeMs: number): Promise<number> {
  const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
  let answered = 0;
  // Every import answers 0; only send_message is looked at.
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    imports[space] ??= {};
    imports[space][name] = () => {
      if (name === 'send_message') answered += 1;
      return 0;
    };
  }
  const { exports } = new WebAssembly.Instance(module, imports);
  const alloc = exports.caxton_alloc as (length: number) => number;
  const handle = exports.handle_message as (pointer: number, length: number) => number;
  const memory = exports.memory as WebAssembly.Memory;
  const fuel = exports['caxton:fuel'] as WebAssembly.Global | undefined;
  const message = new TextEncoder().encode(SAMPLE_BODY);
  return ratePerSecond(timeMs, BATCH, () => {
    for (let i = 0; i < BATCH; i++) {
      if (fuel !== undefined) fuel.value = FUEL;
      const pointer = alloc(message.length);
      new Uint8Array(memory.buffer).set(message, pointer);
      assert.equal(handle(pointer, message.length), 0);
    }
    assert.ok(answered >= BATCH);
  });
}
