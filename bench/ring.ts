import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Bench } from 'tinybench';
import { RingConsumer } from '../src/ring/consumer.js';
import { createRing } from '../src/ring/layout.js';
import { RingProducer } from '../src/ring/producer.js';
import type { EchoStart } from './ring-echo.js';

interface Row {
  name: string;
  value: number;
  unit: string;
  baseline: number | null;
  ratio: number | null;
}

const CAPACITY_BYTES = 1024 * 1024;
const PAYLOAD_BYTES = 200;
/** Frames that one publish makes visible. */
const BATCH = 32;
/** Frames under way between the threads. */
const WINDOW = 1024;
const UNIT = 'million/s';

/** Rates of the ring alone: in one thread, and there and back between two. */
export async function run(report: (row: Row) => void, options: { smoke: boolean }): Promise<void> {
  const timeMs = options.smoke ? 20 : 1_000;
  report(row('ring_push_pop', await pushPopRate(timeMs)));
  const rings = { requests: makeRing(), replies: makeRing() };
  const worker = new Worker(new URL('./ring-echo.js', import.meta.url), {
    workerData: rings satisfies EchoStart,
  });
  try {
    await once(worker, 'online');
    const posted = await postMessageRate(worker, timeMs);
    report(row('ring_round_trip', await roundTripRate(worker, rings, timeMs), posted));
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
  return rate(timeMs, frames, () => {
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
  return rate(timeMs, messages, () => {
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
  const perSecond = await rate(timeMs, frames, () => {
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

/** Operations per second of a task that does `operations` each time it is called. */
async function rate(timeMs: number, operations: number, task: () => unknown): Promise<number> {
  const bench = new Bench({ time: timeMs, iterations: 3, warmupTime: timeMs / 4, throws: true });
  bench.add('task', task);
  await bench.run();
  const result = bench.tasks[0]!.result;
  assert.ok('period' in result, 'the benchmark came to its end');
  return (operations * 1_000) / result.period;
}

function makeRing(): SharedArrayBuffer {
  return createRing({ capacityBytes: CAPACITY_BYTES, generation: 0 });
}

function row(name: string, perSecond: number, baselinePerSecond?: number): Row {
  const value = perSecond / 1e6;
  const baseline = baselinePerSecond === undefined ? null : baselinePerSecond / 1e6;
  return { name, value, unit: UNIT, baseline, ratio: baseline === null ? null : value / baseline };
}
