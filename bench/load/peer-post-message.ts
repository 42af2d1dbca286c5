import { compileAgent } from '../harness/agents.js';
import { SAMPLE_BODY } from '../harness/sample-message.js';
import { RingRoundTrips } from './ring-round-trips.js';
import { answerParent, keepUnderWay, type WindowTimes } from './window.js';

/** Messages by `postMessage` to a thread that hands them to a WebAssembly echo, and back. */
export interface PostMessageInput extends WindowTimes {
  readonly inFlight: number;
}

await answerParent(async (input: PostMessageInput) => {
  const echo = new WebAssembly.Module(await compileAgent('raw-echo'));
  const { worker } = await RingRoundTrips.start(echo);
  const message = new TextEncoder().encode(SAMPLE_BODY);
  const waiting: Array<() => void> = [];
  worker.on('message', () => waiting.shift()?.());
  const result = await keepUnderWay(input, input.inFlight, (ended) => {
    waiting.push(ended);
    worker.postMessage(message);
  });
  await worker.terminate();
  return result;
});
