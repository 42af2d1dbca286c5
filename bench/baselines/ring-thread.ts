import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { RingConsumer } from '../../src/ring/consumer.js';
import { RingProducer } from '../../src/ring/producer.js';
import { rawEcho } from '../harness/raw-echo.js';

/**
 * The other thread of the ring benchmarks: sends every frame, and every posted message, back. With
 * a module each of them goes through its memory and its function on the way.
 */
export interface RingThreadStart {
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
  readonly echo?: WebAssembly.Module;
}

// Looks at the ring before it sleeps: about as long as a sleep and a wake-up take.
const LOOK_MS = 0.05;

const port = parentPort!;
const start = workerData as RingThreadStart;
const consumer = new RingConsumer(start.requests);
const producer = new RingProducer(start.replies);
const echo = start.echo === undefined ? (bytes: Uint8Array) => bytes : rawEcho(start.echo);

function answerFrames(): void {
  while (consumer.next()) {
    const { offset, length } = consumer;
    const answer = echo(consumer.bytes.subarray(offset, offset + length));
    const target = producer.reserve(answer.length);
    assert.ok(target >= 0, 'the asker keeps fewer frames under way than the rings hold');
    producer.bytes.set(answer, target);
    producer.commit(answer.length);
  }
  producer.publish();
  consumer.release();
}

// One message starts a stretch on the rings, which an interrupt ends; all others are sent back.
port.on('message', (message: unknown) => {
  if (message !== 'ring') return port.postMessage(echo(message as Uint8Array).slice());
  do answerFrames();
  while (consumer.waitForFrames(Number.POSITIVE_INFINITY, LOOK_MS));
});
