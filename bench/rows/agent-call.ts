import assert from 'node:assert/strict';
import { prepareAgentModule } from '../../src/wasm/prepare.js';
import { echoAgent } from '../harness/agents.js';
import type { Context } from '../harness/context.js';
import { ratePerSecond } from '../harness/rate.js';
import { SAMPLE_BODY } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';

const BATCH = 1_000;
const FUEL = 10_000_000n;

/** One message through the echo agent: into its memory, the call, its answer out of its memory. */
export async function run(context: Context): Promise<void> {
  const seconds = context.smoke ? 0.05 : 0.3;
  const original = echoAgent();
  const { metered } = prepareAgentModule(original, { memoryMaxBytes: 64 * 65_536 });
  const rates = await takeTurns(context.rounds, {
    plain: async () => (await rate(original, seconds)) / 1e6,
    metered: async () => (await rate(metered, seconds)) / 1e6,
  });
  context.report({
    name: 'agent_call',
    unit: 'million/s',
    values: rates.metered,
    baselines: rates.plain,
    baselineIs: 'the same agent, not metered',
  });
}

function rate(bytes: Uint8Array, seconds: number): Promise<number> {
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
  return ratePerSecond(seconds, BATCH, () => {
    for (let i = 0; i < BATCH; i++) {
      if (fuel !== undefined) fuel.value = FUEL;
      const pointer = alloc(message.length);
      new Uint8Array(memory.buffer).set(message, pointer);
      assert.equal(handle(pointer, message.length), 0);
    }
    assert.ok(answered >= BATCH);
  });
}
