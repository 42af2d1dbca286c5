import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { RingConsumer } from '../../src/ring/consumer.js';
import { createRing } from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';
import type { RingThreadStart } from '../baselines/ring-thread.js';

const CAPACITY_BYTES = 1024 * 1024;
/** Frames that one publish makes visible. */
const BATCH = 32;

export function makeRing(): SharedArrayBuffer {
  return createRing({ capacityBytes: CAPACITY_BYTES, generation: 0 });
}

/** Frames there and back between this thread and another one, a number of them under way. */
export class RingRoundTrips {
  readonly worker: Worker;
  readonly #producer: RingProducer;
  readonly #consumer: RingConsumer;

  private constructor(worker: Worker, start: RingThreadStart) {
    this.worker = worker;
    this.#producer = new RingProducer(start.requests);
    this.#consumer = new RingConsumer(start.replies);
  }

  /** @param echo what each frame goes through on the other side; without it frames are copied */
  static async start(echo?: WebAssembly.Module): Promise<RingRoundTrips> {
    const workerData: RingThreadStart = {
      requests: makeRing(),
      replies: makeRing(),
      ...(echo !== undefined && { echo }),
    };
    const worker = new Worker(new URL('../baselines/ring-thread.js', import.meta.url), {
      workerData,
    });
    await once(worker, 'online');
    return new RingRoundTrips(worker, workerData);
  }

  /** @returns round trips in a second, measured without a turn of the event loop */
  measure(payload: Uint8Array, window: number, seconds: number): number {
    this.worker.postMessage('ring');
    const start = performance.now();
    const end = start + seconds * 1_000;
    let sent = 0;
    let received = 0;
    let sending = true;
    while (sending || received < sent) {
      if (sending && sent - received + BATCH <= window) {
        sent += this.#send(payload);
        sending = performance.now() < end;
      }
      while (this.#consumer.next()) received++;
      this.#consumer.release();
    }
    const perSecond = (received / (performance.now() - start)) * 1_000;
    this.#producer.interrupt();
    return perSecond;
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  #send(payload: Uint8Array): number {
    const producer = this.#producer;
    for (let i = 0; i < BATCH; i++) {
      const offset = producer.reserve(payload.length);
      producer.bytes.set(payload, offset);
      producer.commit(payload.length);
    }
    producer.publish();
    producer.wakeConsumer();
    return BATCH;
  }
}
