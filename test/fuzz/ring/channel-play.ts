import assert from 'node:assert/strict';
import { MessageChannel } from 'node:worker_threads';
import { LIMITS } from '../../../src/base/limits.js';
import { type ReplySink, WorkerChannel } from '../../../src/pool/worker-channel.js';
import { RingConsumer } from '../../../src/ring/consumer.js';
import { HEAD } from '../../../src/ring/layout.js';
import { RingProducer } from '../../../src/ring/producer.js';
import {
  DONE_HEADER_BYTES,
  emptyDoneFrame,
  FRAME_HEADER_BYTES,
  writeDoneHeader,
} from '../../../src/wire/frames.js';
import type { Tape } from '../../support/tape.js';
import { corrupt } from './corruption.js';

/**
 * A worker handles messages and writes into a word that is not its own, or wrongly into its own:
 * the channel hands on nothing that wasn't published, says once that the worker is broken, and what
 * was not handled comes back.
 */
export function playChannel(tape: Tape): string {
  const ports = new MessageChannel();
  try {
    return played(
      tape,
      new WorkerChannel(0, 1 + tape.next(40), LIMITS.ring_bytes_min, ports.port1),
    );
  } finally {
    ports.port1.close();
    ports.port2.close();
  }
}

function played(tape: Tape, channel: WorkerChannel): string {
  const worker = new RingProducer(channel.replyRing, channel.generation);
  const requests = new RingConsumer(channel.requestRing, channel.generation);
  const published: number[] = [];
  const handedOn: number[] = [];
  let broken = 0;
  channel.onBroken = () => {
    broken += 1;
  };
  const sink: ReplySink = {
    ready: () => true,
    frame: (_, source, offset, length) => {
      assert.equal(length, DONE_HEADER_BYTES);
      handedOn.push(source.readUInt32LE(offset + 8));
    },
  };
  const delivered = deliver(channel, 1 + tape.next(20), tape);
  const taken = tape.next(delivered + 1);
  for (let sequence = 1; sequence <= taken; sequence++) {
    assert.ok(requests.next());
    channel.status.take(sequence, 1, 0);
    const at = worker.reserve(DONE_HEADER_BYTES);
    writeDoneHeader(viewOf(worker), at, { ...emptyDoneFrame(), slot: 1, sequence });
    worker.commit(DONE_HEADER_BYTES);
    worker.publish();
    published.push(sequence);
    if (tape.next(3) === 0) channel.drain(sink, 1 + tape.next(3));
    if (tape.next(3) === 0) requests.release();
  }
  const ring = tape.pick([channel.replyRing, channel.requestRing]);
  const words = new Int32Array(ring);
  const place = ring === channel.replyRing ? new RingConsumer(ring).position : words[HEAD]!;
  corrupt(words, place, LIMITS.ring_bytes_min, tape);
  channel.drain(sink, 100);
  deliver(channel, 2, tape);
  channel.arm();
  if (broken > 0) assert.equal(deliver(channel, 1, tape), 0, 'a broken worker got a message');
  const { inHand, waiting } = channel.bury(sink);
  assert.ok(broken <= 1, 'said more than once');
  assert.deepEqual(handedOn, published.slice(0, handedOn.length));
  const sequenceOf = (frame: Buffer): number => {
    assert.ok(frame.length > FRAME_HEADER_BYTES);
    return frame.readUInt32LE(8);
  };
  const still = waiting.map(sequenceOf);
  assert.deepEqual(
    still,
    [...new Set(still)].sort((a, b) => a - b),
    'in the order of delivery',
  );
  const back = inHand === undefined ? still : [sequenceOf(inHand), ...still];
  assert.equal(new Set(back).size, back.length, 'a message came back twice');
  assert.ok(!back.some((sequence) => handedOn.includes(sequence)), 'handled, and back again');
  return broken > 0 ? 'corruption noticed' : 'corruption without effect';
}

function deliver(channel: WorkerChannel, count: number, tape: Tape): number {
  let delivered = 0;
  for (let i = 0; i < count; i++) {
    const body = Buffer.alloc(1 + tape.next(200), i);
    if (channel.deliver(1, body, 0, body.length, 0)) delivered += 1;
  }
  return delivered;
}

function viewOf({ bytes }: RingProducer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
