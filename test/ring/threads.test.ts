import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { RingConsumer } from '../../src/ring/consumer.js';
import { createRing } from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';
import { FrameStream, Random } from './frame-stream.js';
import type { Job, Report } from './ring-thread.js';

const GENERATION = 11;
// A lost wake-up shows as a test that doesn't end; far above what any of these takes.
const OPTIONS = { timeout: 30_000 };
const NEAR_WRAP = 2 ** 32 - 4096;

function makeRing(capacityBytes: number, startPosition = NEAR_WRAP): SharedArrayBuffer {
  return createRing({ capacityBytes, generation: GENERATION, startPosition });
}

function newSeed(t: TestContext): number {
  const seed = Number(process.env.RING_SEED ?? Math.floor(Math.random() * 2 ** 30));
  t.diagnostic(`RING_SEED=${seed}`);
  return seed;
}

class Thread {
  readonly worker: Worker;
  /** Resolves when the thread has ended by itself, rejects when it failed. */
  readonly ended: Promise<void>;
  doorbells = 0;
  failure: unknown;
  private readonly reports: Report[] = [];
  private wakeReader: () => void = () => {};

  constructor(t: TestContext, job: Omit<Job, 'generation'>) {
    const workerData: Job = { ...job, generation: GENERATION };
    this.worker = new Worker(new URL('./ring-thread.js', import.meta.url), { workerData });
    this.worker.on('message', (report: Report) => {
      if (report === 'doorbell') this.doorbells++;
      this.reports.push(report);
      this.wakeReader();
    });
    this.ended = once(this.worker, 'exit').then(() => {});
    this.ended.catch((error: unknown) => {
      this.failure = error;
    });
    t.after(() => this.worker.terminate());
  }

  /** The next report of the thread, or a rejection if it fails before. */
  async report(): Promise<Report> {
    while (this.reports.length === 0) {
      const came = new Promise<void>((resolve) => {
        this.wakeReader = resolve;
      });
      await Promise.race([came, this.ended.then(() => this.assertReported())]);
    }
    return this.reports.shift()!;
  }

  private assertReported(): void {
    assert.ok(this.reports.length > 0, 'the thread ended without a report');
  }
}

/** Reads the stream on the main thread: armed, and rung by the producer thread. */
async function consumeArmed(
  thread: Thread,
  job: Pick<Job, 'ring' | 'seed' | 'frames'>,
): Promise<void> {
  const consumer = new RingConsumer(job.ring, GENERATION);
  const stream = new FrameStream(job.seed, consumer.capacityBytes / 2 - 8);
  const random = new Random(job.seed + 4);
  let count = 0;
  for (;;) {
    while (consumer.next()) {
      stream.next();
      stream.assertEquals(consumer, count++);
      if (random.below(4) === 0) consumer.release();
    }
    consumer.release();
    if (count === job.frames) return;
    if (consumer.arm()) assert.equal(await thread.report(), 'doorbell');
  }
}

for (const capacityBytes of [64, 1024, 65_536]) {
  for (const lookMs of [0, 0.02]) {
    test(
      `two threads pass a stream through ${capacityBytes} bytes, looked at for ${lookMs} ms`,
      OPTIONS,
      async (t) => {
        const job = { ring: makeRing(capacityBytes), seed: newSeed(t), frames: 4_000, lookMs };
        const consumer = new Thread(t, { ...job, role: 'consume' });
        const producer = new Thread(t, { ...job, role: 'produce' });
        await Promise.all([producer.ended, consumer.ended]);
        assert.equal(await producer.report(), 'done');
        assert.equal(await consumer.report(), 'done');
        assert.equal(new RingProducer(job.ring).freeBytes(), capacityBytes);
      },
    );
  }

  test(
    `an event loop reads a thread's stream through ${capacityBytes} bytes by doorbells`,
    OPTIONS,
    async (t) => {
      const job = { ring: makeRing(capacityBytes), seed: newSeed(t), frames: 4_000 };
      const thread = new Thread(t, { ...job, role: 'produce' });
      await consumeArmed(thread, job);
      await thread.ended;
    },
  );
}

test('a thread reads what an event loop writes', OPTIONS, async (t) => {
  const job = { ring: makeRing(512), seed: newSeed(t), frames: 4_000 };
  const thread = new Thread(t, { ...job, role: 'consume' });
  const producer = new RingProducer(job.ring, GENERATION);
  const stream = new FrameStream(job.seed, producer.maxPayloadBytes);
  const random = new Random(job.seed + 5);
  for (let i = 0; i < job.frames; i++) {
    stream.next();
    while (!stream.writeTo(producer)) {
      producer.publish();
      producer.wakeConsumer();
      await new Promise((resolve) => setImmediate(resolve));
      assert.ifError(thread.failure);
      t.signal.throwIfAborted();
    }
    if (random.below(3) > 0) continue;
    producer.publish();
    producer.wakeConsumer();
  }
  producer.publish();
  producer.wakeConsumer();
  await thread.ended;
  assert.equal(await thread.report(), 'done');
});

test('no wake-up is lost when both sides sleep at every frame', OPTIONS, async (t) => {
  // One frame under way at a time and rings that hold two: every frame finds a sleeper, or one
  // that is about to sleep.
  const there = makeRing(64);
  const back = makeRing(64);
  const job = { seed: newSeed(t), frames: 20_000 };
  const first = new Thread(t, { ...job, role: 'echo', ring: there, replies: back });
  const second = new Thread(t, { ...job, role: 'echo', ring: back, replies: there });
  // The ball comes back at the end, and nobody waits for it.
  const producer = new RingProducer(there, GENERATION);
  assert.ok(producer.push(Uint8Array.of(42)));
  producer.wakeConsumer();
  await Promise.all([first.ended, second.ended]);
  const consumer = new RingConsumer(there, GENERATION);
  assert.ok(consumer.next());
  assert.equal(consumer.bytes[consumer.offset], 42);
  assert.equal(consumer.next(), false);
});

test('no doorbell is lost when an event loop sleeps at every frame', OPTIONS, async (t) => {
  const there = makeRing(64);
  const back = makeRing(64);
  const frames = 5_000;
  const thread = new Thread(t, {
    seed: newSeed(t),
    frames,
    role: 'echo',
    ring: there,
    replies: back,
  });
  const producer = new RingProducer(there, GENERATION);
  const consumer = new RingConsumer(back, GENERATION);
  let arms = 0;
  for (let i = 0; i < frames; i++) {
    assert.ok(producer.push(Uint8Array.of(i)));
    producer.wakeConsumer();
    while (!consumer.next()) {
      if (!consumer.arm()) continue;
      arms++;
      assert.equal(await thread.report(), 'doorbell');
    }
    assert.equal(consumer.bytes[consumer.offset], i & 255);
    consumer.release();
  }
  await thread.ended;
  assert.ok(thread.doorbells >= arms && thread.doorbells <= frames);
});

test(
  'an interrupt ends a sleep without frames, and one that comes early ends the next',
  OPTIONS,
  async (t) => {
    const buffer = makeRing(64);
    const producer = new RingProducer(buffer, GENERATION);
    producer.interrupt();
    const thread = new Thread(t, { role: 'control', ring: buffer, seed: 0, frames: 200 });
    assert.equal(await thread.report(), 'waiting');
    assert.equal(await thread.report(), 'interrupted');
    for (let i = 1; i < 200; i++) {
      producer.interrupt();
      assert.equal(await thread.report(), 'interrupted');
    }
    assert.equal(await thread.report(), 'done');
  },
);

test('a wait for frames or space that do not come ends in time', OPTIONS, async (t) => {
  const job = { ring: makeRing(128), seed: 0, frames: 0 };
  const thread = new Thread(t, { ...job, role: 'run-out-of-time' });
  assert.equal(await thread.report(), 'done');
});

test(
  'a producer that dies between commit and publish leaves nothing of its set',
  OPTIONS,
  async (t) => {
    const buffer = makeRing(1024);
    const thread = new Thread(t, { role: 'stop-before-publish', ring: buffer, seed: 0, frames: 5 });
    assert.equal(await thread.report(), 'stopped');
    await thread.worker.terminate();
    const consumer = new RingConsumer(buffer, GENERATION);
    for (let i = 0; i < 5; i++) {
      assert.ok(consumer.next());
      assert.deepEqual([consumer.length, consumer.bytes[consumer.offset]], [1, i]);
    }
    assert.equal(consumer.next(), false);
    const successor = new RingProducer(buffer, GENERATION);
    assert.ok(successor.push(Uint8Array.of(77)));
    assert.ok(consumer.next());
    assert.equal(consumer.bytes[consumer.offset], 77);
  },
);

test('what a dead consumer had not released is recovered, in order', OPTIONS, async (t) => {
  const buffer = makeRing(1024);
  const producer = new RingProducer(buffer, GENERATION);
  for (let i = 0; i < 10; i++) assert.ok(producer.push(Uint8Array.of(i)));
  const thread = new Thread(t, { role: 'stop-before-release', ring: buffer, seed: 0, frames: 10 });
  assert.equal(await thread.report(), 'stopped');
  await thread.worker.terminate();
  const consumer = new RingConsumer(buffer, GENERATION);
  for (let i = 5; i < 10; i++) {
    assert.ok(consumer.next());
    assert.equal(consumer.bytes[consumer.offset], i);
  }
  assert.equal(consumer.next(), false);
  consumer.release();
  assert.equal(producer.freeBytes(), 1024);
});
