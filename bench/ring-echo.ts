import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { RingConsumer } from '../src/ring/consumer.js';
import { RingProducer } from '../src/ring/producer.js';

/** The other thread of the ring benchmarks: sends every frame, and every posted message, back. */
export interface EchoStart {
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
}

// Looks at the ring before it sleeps: about as long as a sleep and a wake-up take.
const SPINS = 2_000;

function echoFrames(consumer: RingConsumer, producer: RingProducer): void {
  while (consumer.next()) {
    const { offset, length } = consumer;
    const target = producer.reserve(length);
    assert.ok(target >= 0, 'the asker keeps fewer frames under way than the rings hold');
    producer.bytes.set(consumer.bytes.subarray(offset, offset + length), target);
    producer.commit(length);
  }
  producer.publish();
  consumer.release();
}

const port = parentPort!;
const { requests, replies } = workerData as EchoStart;
const consumer = new RingConsumer(requests);
const producer = new RingProducer(replies);

// One message starts a stretch on the rings, which an interrupt ends; all others are sent back.
port.on('message', (message: unknown) => {
  if (message !== 'ring') return port.postMessage(message);
  do echoFrames(consumer, producer);
  while (consumer.waitForFrames(Number.POSITIVE_INFINITY, SPINS));
});
