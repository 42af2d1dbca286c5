import { compileAgent } from '../harness/agents.js';
import { RingRoundTrips } from './ring-round-trips.js';
import { answerParent } from './window.js';

/** Round trips over the raw ring through a WebAssembly echo, in a process of its own. */
export interface RingClientInput {
  readonly payloadBytes: number;
  readonly window: number;
  readonly seconds: number;
}

await answerParent(async (input: RingClientInput) => {
  const wasm = await compileAgent('raw-echo');
  const ring = await RingRoundTrips.start(new WebAssembly.Module(wasm));
  const payload = new Uint8Array(input.payloadBytes).fill(1);
  ring.measure(payload, input.window, input.seconds / 4);
  const perSecond = ring.measure(payload, input.window, input.seconds);
  await ring.stop();
  return { perSecond };
});
