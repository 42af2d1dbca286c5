import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { RingConsumer } from '../../src/ring/consumer.js';
import { frameBytes } from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';
import { FrameStream, pause, Random } from './frame-stream.js';

/** What the thread does; see the function of the same name. */
export interface Job {
  readonly role:
    | 'produce'
    | 'consume'
    | 'echo'
    | 'stop-before-publish'
    | 'stop-before-release'
    | 'control'
    | 'run-out-of-time';
  readonly ring: SharedArrayBuffer;
  /** The way back, for `echo`. */
  readonly replies?: SharedArrayBuffer;
  readonly generation: number;
  readonly seed: number;
  readonly frames: number;
  readonly lookMs?: number;
}

/** What the thread posts. */
export type Report = 'doorbell' | 'done' | 'stopped' | 'waiting' | 'interrupted';

const port = parentPort!;
const report = (value: Report): void => port.postMessage(value);

function ring(producer: RingProducer): void {
  producer.wakeConsumer();
  if (producer.takeDoorbell()) report('doorbell');
}

/** Publishes the stream in sets of random size, each as large as there is room for. */
function produce(job: Job): void {
  const producer = new RingProducer(job.ring, job.generation);
  const stream = new FrameStream(job.seed, producer.maxPayloadBytes);
  const random = new Random(job.seed + 1);
  for (let i = 0; i < job.frames; i++) {
    stream.next();
    while (!stream.writeTo(producer)) {
      producer.publish();
      ring(producer);
      producer.waitForSpace(frameBytes(producer.maxPayloadBytes), Number.POSITIVE_INFINITY);
    }
    if (random.below(3) > 0) continue;
    producer.publish();
    ring(producer);
    pause(random);
  }
  producer.publish();
  ring(producer);
}

/** Checks the stream, and releases after a random number of frames. */
function consume(job: Job): void {
  const consumer = new RingConsumer(job.ring, job.generation);
  const stream = new FrameStream(job.seed, consumer.capacityBytes / 2 - 8);
  const random = new Random(job.seed + 2);
  for (let i = 0; i < job.frames; ) {
    while (consumer.next()) {
      stream.next();
      stream.assertEquals(consumer, i++);
      if (random.below(4) === 0) consumer.release();
      pause(random);
    }
    consumer.release();
    if (i < job.frames) consumer.waitForFrames(Number.POSITIVE_INFINITY, job.lookMs);
  }
}

/** Sends each frame back; sleeps after each, so that every one needs a wake-up. */
function echo(job: Job): void {
  const consumer = new RingConsumer(job.ring, job.generation);
  const producer = new RingProducer(job.replies!, job.generation);
  const random = new Random(job.seed + 3);
  for (let i = 0; i < job.frames; i++) {
    while (!consumer.next())
      consumer.waitForFrames(Number.POSITIVE_INFINITY, random.below(20) / 1_000);
    const { offset, length } = consumer;
    const space = frameBytes(length);
    while (!producer.fits(space)) producer.waitForSpace(space, Number.POSITIVE_INFINITY);
    assert.ok(producer.push(consumer.bytes.subarray(offset, offset + length)));
    consumer.release();
    ring(producer);
    pause(random);
  }
}

/** Leaves half a set committed and not published, and then never comes to an end. */
function stopBeforePublish(job: Job): void {
  const producer = new RingProducer(job.ring, job.generation);
  for (let i = 0; i < job.frames; i++) assert.ok(producer.push(Uint8Array.of(i)));
  for (let i = 0; i < 3; i++) {
    const offset = producer.reserve(1);
    producer.bytes[offset] = 100 + i;
    producer.commit(1);
  }
  report('stopped');
  sleepForever();
}

/** Releases the first half of the frames, reads the rest, and then never comes to an end. */
function stopBeforeRelease(job: Job): void {
  const consumer = new RingConsumer(job.ring, job.generation);
  for (let i = 0; i < job.frames; i++) {
    assert.ok(consumer.next());
    if (i < job.frames / 2) consumer.release();
  }
  report('stopped');
  sleepForever();
}

/** Waits without end for frames, of which there are none, and reports each interrupt. */
function control(job: Job): void {
  const consumer = new RingConsumer(job.ring, job.generation);
  report('waiting');
  for (let i = 0; i < job.frames; i++) {
    assert.equal(consumer.waitForFrames(Number.POSITIVE_INFINITY), false);
    report('interrupted');
  }
}

/** Waits on an empty ring, then on a full one, and is not helped. */
function runOutOfTime(job: Job): void {
  const consumer = new RingConsumer(job.ring, job.generation);
  const producer = new RingProducer(job.ring, job.generation);
  assert.equal(consumer.waitForFrames(1), false);
  while (producer.push(new Uint8Array(8)));
  assert.equal(producer.waitForSpace(frameBytes(0), 1), false);
  assert.equal(consumer.waitForFrames(Number.POSITIVE_INFINITY), true);
  const tooMuch = producer.capacityBytes + 8;
  assert.throws(() => producer.waitForSpace(tooMuch, 1), /more room than the ring can ever give/);
}

function sleepForever(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const ROLES: Record<Job['role'], (job: Job) => void> = {
  produce,
  consume,
  echo,
  'stop-before-publish': stopBeforePublish,
  'stop-before-release': stopBeforeRelease,
  control,
  'run-out-of-time': runOutOfTime,
};

const job = workerData as Job;
ROLES[job.role](job);
report('done');
