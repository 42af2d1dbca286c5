import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { type ReplySink, WorkerChannel } from '../../src/pool/worker-channel.js';
import { RingConsumer } from '../../src/ring/consumer.js';
import { RingProducer } from '../../src/ring/producer.js';
import {
  DONE_HEADER_BYTES,
  emptyDoneFrame,
  FRAME_DELIVER,
  FRAME_DONE,
  FRAME_HEADER_BYTES,
  FRAME_LOG,
  writeDoneHeader,
  writeFrameHeader,
} from '../../src/wire/frames.js';

/** The worker's side, played step by step so that it can stop at any of them. */
class SlowWorker {
  readonly #channel: WorkerChannel;
  readonly #requests: RingConsumer;
  readonly #replies: RingProducer;
  readonly #bytes: Buffer;

  constructor(channel: WorkerChannel) {
    this.#channel = channel;
    this.#requests = new RingConsumer(channel.requestRing, channel.generation);
    this.#replies = new RingProducer(channel.replyRing, channel.generation);
    const { buffer, byteOffset, length } = this.#replies.bytes;
    this.#bytes = Buffer.from(buffer, byteOffset, length);
  }

  /** Takes the next frame in hand. @returns its sequence */
  take(): number {
    assert.ok(this.#requests.next());
    const sequence = this.#requests.view.getUint32(this.#requests.offset + 8, true);
    const slot = this.#requests.view.getUint32(this.#requests.offset + 4, true);
    this.#channel.status.take(sequence, slot, 0);
    return sequence;
  }

  log(): void {
    const at = this.#replies.reserve(FRAME_HEADER_BYTES);
    writeFrameHeader(this.#bytes, at, FRAME_LOG, 1, 0, 0);
    this.#replies.commit(FRAME_HEADER_BYTES);
  }

  publishDone(sequence: number): void {
    const at = this.#replies.reserve(DONE_HEADER_BYTES);
    writeDoneHeader(this.#replies.view, at, { ...emptyDoneFrame(), sequence });
    this.#replies.commit(DONE_HEADER_BYTES);
    this.#replies.publish();
  }

  finish(sequence: number): void {
    this.#channel.status.finish(sequence);
    this.#requests.release();
  }
}

describe('the main thread’s end of a worker', () => {
  let ports: MessageChannel;
  let channel: WorkerChannel;
  let worker: SlowWorker;
  let kinds: number[];
  let sink: ReplySink;

  beforeEach(() => {
    ports = new MessageChannel();
    channel = new WorkerChannel(0, 1, 64 * 1024, ports.port1);
    worker = new SlowWorker(channel);
    kinds = [];
    sink = {
      ready: () => true,
      frame: (_channel, source, offset) => kinds.push(source[offset] as number),
    };
  });
  afterEach(() => {
    ports.port1.close();
    ports.port2.close();
  });

  const deliver = (text: string): void => {
    const body = Buffer.from(text);
    assert.ok(channel.deliver(1, body, 0, body.length, 0));
  };
  const texts = (frames: readonly Buffer[]): string[] =>
    frames.map((frame) => frame.toString('utf8', FRAME_HEADER_BYTES));

  it('finds everything waiting when the worker died before it took a frame', () => {
    for (const text of ['a', 'b', 'c']) deliver(text);
    const { inHand, waiting } = channel.bury(sink);
    assert.equal(inHand, undefined);
    assert.deepEqual(texts(waiting), ['a', 'b', 'c']);
    assert.ok(waiting.every((frame) => frame[0] === FRAME_DELIVER));
    assert.equal(channel.inFlight, 0);
  });

  it('tells the frame in hand from those that wait', () => {
    for (const text of ['a', 'b', 'c']) deliver(text);
    worker.take();
    worker.log();
    const { inHand, waiting } = channel.bury(sink);
    assert.deepEqual(texts([inHand as Buffer]), ['a']);
    assert.deepEqual(texts(waiting), ['b', 'c']);
    assert.deepEqual(kinds, [], 'nothing that was not published is taken');
  });

  it('skips what was published as done, though its space was not given back', () => {
    for (const text of ['a', 'b', 'c']) deliver(text);
    const first = worker.take();
    worker.log();
    worker.publishDone(first);
    const { inHand, waiting } = channel.bury(sink);
    assert.equal(inHand, undefined);
    assert.deepEqual(texts(waiting), ['b', 'c']);
    assert.deepEqual(kinds, [FRAME_LOG, FRAME_DONE]);
  });

  it('skips what was done before, and finds the one behind it in hand', () => {
    for (const text of ['a', 'b', 'c']) deliver(text);
    const first = worker.take();
    worker.publishDone(first);
    worker.finish(first);
    assert.equal(channel.drain(sink, 10), false);
    assert.equal(channel.inFlight, 2);
    worker.take();
    const { inHand, waiting } = channel.bury(sink);
    assert.deepEqual(texts([inHand as Buffer]), ['b']);
    assert.deepEqual(texts(waiting), ['c']);
  });

  it('gives no more than the budget at once, and nothing while the receiver has no room', () => {
    for (let i = 0; i < 5; i++) {
      deliver('x');
      const sequence = worker.take();
      worker.publishDone(sequence);
      worker.finish(sequence);
    }
    assert.equal(channel.drain({ ...sink, ready: () => false }, 10), true);
    assert.equal(kinds.length, 0);
    assert.equal(channel.drain(sink, 3), true);
    assert.equal(kinds.length, 3);
    assert.equal(channel.drain(sink, 3), false);
    assert.equal(kinds.length, 5);
  });

  it('does not give a frame again that could not be digested', () => {
    deliver('x');
    worker.publishDone(worker.take());
    const failing: ReplySink = {
      ready: () => true,
      frame: () => {
        throw new Error('indigestible');
      },
    };
    assert.throws(() => channel.drain(failing, 10), /indigestible/);
    assert.equal(channel.drain(sink, 10), false);
    assert.deepEqual(kinds, []);
  });

  it('refuses frames and calls when it is dead', async () => {
    const pending = channel.report();
    channel.bury(sink);
    await assert.rejects(pending, { code: 'UNAVAILABLE' });
    await assert.rejects(channel.report(), { code: 'UNAVAILABLE' });
    assert.equal(channel.deliver(1, Buffer.alloc(1), 0, 1, 0), false);
    assert.equal(channel.deliverFrame(1, Buffer.alloc(FRAME_HEADER_BYTES)), false);
  });

  it('takes a frame that comes back under a new sequence and slot', () => {
    deliver('x');
    const { waiting } = channel.bury(sink);
    const successor = new WorkerChannel(0, 2, 64 * 1024, new MessageChannel().port1);
    assert.ok(successor.deliverFrame(9, waiting[0] as Buffer));
    const reader = new RingConsumer(successor.requestRing, 2);
    assert.ok(reader.next());
    assert.equal(reader.view.getUint32(reader.offset + 4, true), 9);
    assert.equal(reader.view.getUint32(reader.offset + 8, true), 1);
    successor.bury(sink);
  });
});
