import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { RingConsumer } from '../../src/ring/consumer.js';
import { RingProducer } from '../../src/ring/producer.js';

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
const SPINS = 2_000;

const port = parentPort!;
const start = workerData as RingThreadStart;
const consumer = new RingConsumer(start.requests);
const producer = new RingProducer(start.replies);
const answer = start.echo === undefined ? copyFrame : throughModule(start.echo);

/** Writes the answer to the frame at hand where the reply ring wants it. */
function copyFrame(target: number): number {
  const { offset, length } = consumer;
  producer.bytes.set(consumer.bytes.subarray(offset, offset + length), target);
  return length;
}

function throughModule(module: WebAssembly.Module): (target: number) => number {
  const { exports } = new WebAssembly.Instance(module);
  const echo = exports.echo as (length: number) => number;
  const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
  const input = (exports.input as WebAssembly.Global).value as number;
  const output = (exports.output as WebAssembly.Global).value as number;
  return (target) => {
    const { offset, length } = consumer;
    memory.set(consumer.bytes.subarray(offset, offset + length), input);
    const answered = echo(length);
    producer.bytes.set(memory.subarray(output, output + answered), target);
    return answered;
  };
}

function answerFrames(): void {
  while (consumer.next()) {
    const target = producer.reserve(consumer.length);
    assert.ok(target >= 0, 'the asker keeps fewer frames under way than the rings hold');
    producer.commit(answer(target));
  }
  producer.publish();
  consumer.release();
}

// One message starts a stretch on the rings, which an interrupt ends; all others are sent back.
port.on('message', (message: unknown) => {
  if (message !== 'ring') return port.postMessage(message);
  do answerFrames();
  while (consumer.waitForFrames(Number.POSITIVE_INFINITY, SPINS));
});
