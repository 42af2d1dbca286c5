import assert from 'node:assert/strict';
import { RingConsumer } from '../../src/ring/consumer.js';
import { RingProducer } from '../../src/ring/producer.js';
import { compileAgent } from '../harness/agents.js';
import type { Context } from '../harness/context.js';
import { ratePerSecond } from '../harness/rate.js';
import { takeTurns } from '../harness/turns.js';
import { makeRing, RingRoundTrips } from '../load/ring-round-trips.js';

const PAYLOAD_BYTES = 200;
/** Frames under way between the threads. */
const WINDOW = 1024;
const UNIT = 'million/s';

/** Rates of the ring alone: in one thread, and there and back between two. */
export async function run(context: Context): Promise<void> {
  const seconds = context.smoke ? 0.05 : 0.5;
  const payload = new Uint8Array(PAYLOAD_BYTES).fill(1);
  const copying = await RingRoundTrips.start();
  const echo = new WebAssembly.Module(await compileAgent('raw-echo'));
  const calling = await RingRoundTrips.start(echo);
  try {
    const rates = await takeTurns(context.rounds, {
      push_pop: async () => (await pushPopRate(seconds)) / 1e6,
      posted: async () => (await postedRate(copying, payload, seconds)) / 1e6,
      copying: () => copying.measure(payload, WINDOW, seconds) / 1e6,
      calling: () => calling.measure(payload, WINDOW, seconds) / 1e6,
    });
    context.report({ name: 'ring_push_pop', unit: UNIT, values: rates.push_pop });
    context.report({
      name: 'ring_round_trip',
      unit: UNIT,
      values: rates.copying,
      baselines: rates.posted,
      baselineIs: 'postMessage there and back',
    });
    context.report({
      name: 'ring_wasm_round_trip',
      unit: UNIT,
      values: rates.calling,
      baselines: rates.copying,
      baselineIs: 'the same without a WebAssembly echo on the other side',
    });
  } finally {
    await copying.stop();
    await calling.stop();
  }
}

/** One frame at a time: reserve, copy, commit, publish, read, release. */
function pushPopRate(seconds: number): Promise<number> {
  const buffer = makeRing();
  const producer = new RingProducer(buffer);
  const consumer = new RingConsumer(buffer);
  const payload = new Uint8Array(PAYLOAD_BYTES).fill(1);
  let sum = 0;
  const frames = 10_000;
  return ratePerSecond(seconds, frames, () => {
    for (let i = 0; i < frames; i++) {
      producer.push(payload);
      consumer.next();
      sum += consumer.bytes[consumer.offset]!;
      consumer.release();
    }
    assert.ok(sum > 0);
  });
}

/** Posts with many under way at a time, which is the best that a port can do. */
function postedRate(
  { worker }: RingRoundTrips,
  payload: Uint8Array,
  seconds: number,
): Promise<number> {
  const messages = 2_000;
  return ratePerSecond(seconds, messages, () => {
    return new Promise<void>((resolve) => {
      let received = 0;
      let sent = 0;
      const post = (): void => {
        worker.postMessage(payload);
        sent++;
      };
      worker.on('message', function take() {
        received++;
        if (sent < messages) post();
        if (received < messages) return;
        worker.off('message', take);
        resolve();
      });
      while (sent < WINDOW) post();
    });
  });
}
