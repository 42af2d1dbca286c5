import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RingConsumer } from '../src/ring/consumer.js';
import { createRing } from '../src/ring/layout.js';
import { RingProducer } from '../src/ring/producer.js';
import type { EchoStart } from './ring-echo.js';
import { makeRow, type Report, type RunOptions, ratePerSecond } from './row.js';

const CAPACITY_BYTES = 1024 * 1024;
const PAYLOAD_BYTES = 200;
/** Frames that one publish makes visible. */
const BATCH = 32;
/** Frames under way between the threads. */
const WINDOW = 1024;
const UNIT = 'million/s';

/** Rates of the ring alone: in one thread, and there and back between two. */
export async function run(report: Report, options: RunOptions): Promise<void> {
  const timeMs = options.smoke ? 20 : 1_000;
  report(makeRow('ring_push_pop', UNIT, (await pushPopRate(timeMs)) / 1e6));
  const rings = { requests: makeRing(), replies: makeRing() };
  const worker = new Worker(new URL('./ring-echo.js', import.meta.url), {
    workerData: rings satisfies EchoStart,
  });
  try {
    await once(worker, 'online');
    const posted = await postMessageRate(worker, timeMs);
    const rate = await roundTripRate(worker, rings, timeMs);
    report(makeRow('ring_round_trip', UNIT, rate / 1e6, posted / 1e6));
  } finally {
    await worker.terminate();
  }
}

/** One frame at a time: reserve, copy, commit, publish, read, release. */
function pushPopRate(timeMs: number): Promise<number> {
  const buffer = makeRing();
  const producer = new RingProducer(buffer);
  const consumer = new RingConsumer(buffer);
  const payload = new Uint8Array(PAYLOAD_BYTES).fill(1);
  let sum = 0;
  const frames = 10_000;
  return ratePerSecond(timeMs, frames, () => {
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
function postMessageRate(worker: Worker, timeMs: number): Promise<number> {
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const messages = 2_000;
  return ratePerSecond(timeMs, messages, () => {
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

async function roundTripRate(worker: Worker, rings: EchoStart, timeMs: number): Promise<number> {
  const producer = new RingProducer(rings.requests);
  const consumer = new RingConsumer(rings.replies);
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const frames = 20_000;
  worker.postMessage('ring');
  const perSecond = await ratePerSecond(timeMs, frames, () => {
    let sent = 0;
    for (let received = 0; received < frames; ) {
      if (sent < frames && sent - received < WINDOW) sent += send(producer, payload);
      while (consumer.next()) received++;
      consumer.release();
    }
  });
  producer.interrupt();
  return perSecond;
}

function send(producer: RingProducer, payload: Uint8Array): number {
  for (let i = 0; i < BATCH; i++) {
    const offset = producer.reserve(PAYLOAD_BYTES);
    producer.bytes.set(payload, offset);
    producer.commit(PAYLOAD_BYTES);
  }
  producer.publish();
  producer.wakeConsumer();
  return BATCH;
}

function makeRing(): SharedArrayBuffer {
  return createRing({ capacityBytes: CAPACITY_BYTES, generation: 0 });
}
