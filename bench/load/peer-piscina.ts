import assert from 'node:assert/strict';
import { Piscina } from 'piscina';
import { benchScript } from '../harness/child.js';
import { SAMPLE_BODY } from '../harness/sample-message.js';
import { answerParent, keepUnderWay, type WindowTimes } from './window.js';

/** One `piscina.run` for each message, to a thread that hands it to a WebAssembly echo. */
export interface PiscinaInput extends WindowTimes {
  readonly inFlight: number;
}

await answerParent(async (input: PiscinaInput) => {
  const pool = new Piscina({
    filename: benchScript('baselines/piscina-thread.js'),
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: input.inFlight,
    maxQueue: input.inFlight,
  });
  const message = new TextEncoder().encode(SAMPLE_BODY);
  const first = (await pool.run(message)) as Uint8Array;
  assert.equal(new TextDecoder().decode(first), SAMPLE_BODY);
  const result = await keepUnderWay(input, input.inFlight, (ended) => {
    void pool.run(message).then(() => ended());
  });
  await pool.destroy();
  return result;
});
