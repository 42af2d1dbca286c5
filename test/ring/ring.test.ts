import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../src/base/assert.js';
import { RingConsumer } from '../../src/ring/consumer.js';
import { createRing, frameBytes, RING_CAPACITY_MIN_BYTES } from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';

interface Ends {
  readonly buffer: SharedArrayBuffer;
  readonly producer: RingProducer;
  readonly consumer: RingConsumer;
}

function makeRing(capacityBytes: number, startPosition = 0): Ends {
  const buffer = createRing({ capacityBytes, generation: 3, startPosition });
  return { buffer, producer: new RingProducer(buffer), consumer: new RingConsumer(buffer) };
}

function commit(producer: RingProducer, ...payload: number[]): void {
  const offset = producer.reserve(payload.length);
  assert.ok(offset >= 0);
  producer.bytes.set(payload, offset);
  producer.commit(payload.length);
}

/** Everything that can be read now. */
function readAll(consumer: RingConsumer): number[][] {
  const frames: number[][] = [];
  while (consumer.next()) {
    frames.push([...consumer.bytes.subarray(consumer.offset, consumer.offset + consumer.length)]);
  }
  return frames;
}

test('frames come out as they went in, in order', () => {
  const { producer, consumer } = makeRing(256);
  assert.ok(producer.push(Uint8Array.of(1, 2, 3)));
  assert.ok(producer.push(new Uint8Array(0)));
  assert.ok(producer.push(Uint8Array.of(4)));
  assert.deepEqual(readAll(consumer), [[1, 2, 3], [], [4]]);
  assert.equal(consumer.next(), false);
});

test('payloads start on 8-byte boundaries and are written and read in place', () => {
  const { producer, consumer } = makeRing(256);
  commit(producer, 1);
  const offset = producer.reserve(16);
  assert.equal(offset % 8, 0);
  producer.view.setFloat64(offset, 0.1, true);
  producer.commit(8);
  producer.publish();
  consumer.next();
  assert.ok(consumer.next());
  assert.equal(consumer.offset % 8, 0);
  assert.equal(consumer.length, 8);
  assert.equal(consumer.view.getFloat64(consumer.offset, true), 0.1);
});

test('committed frames are invisible until one publish shows them all', () => {
  const { producer, consumer } = makeRing(256);
  commit(producer, 1);
  commit(producer, 2);
  assert.equal(consumer.pendingBytes(), 0);
  assert.equal(consumer.next(), false);
  producer.publish();
  assert.equal(consumer.pendingBytes(), 2 * frameBytes(1));
  assert.deepEqual(readAll(consumer), [[1], [2]]);
});

test('rollback drops what was committed since the last publish and nothing before it', () => {
  const { producer, consumer } = makeRing(256);
  commit(producer, 1);
  producer.publish();
  const free = producer.freeBytes();
  commit(producer, 2);
  commit(producer, 3);
  assert.ok(producer.freeBytes() < free);
  producer.rollback();
  assert.equal(producer.freeBytes(), free);
  commit(producer, 4);
  producer.publish();
  assert.deepEqual(readAll(consumer), [[1], [4]]);
});

test('a full ring gives no credit until the consumer releases what it read', () => {
  const { producer, consumer } = makeRing(RING_CAPACITY_MIN_BYTES);
  for (let i = 0; i < 4; i++) assert.ok(producer.push(Uint8Array.of(i)));
  assert.equal(producer.freeBytes(), 0);
  assert.equal(producer.push(Uint8Array.of(9)), false);
  assert.equal(producer.reserve(0), -1);
  assert.ok(consumer.next());
  assert.ok(consumer.next());
  assert.equal(producer.reserve(1), -1, 'reading alone gives nothing back');
  consumer.release();
  assert.equal(producer.freeBytes(), 2 * frameBytes(1));
  assert.ok(producer.push(Uint8Array.of(9)));
  assert.deepEqual(readAll(consumer), [[2], [3], [9]]);
});

test('a frame that would straddle the end goes whole to the start', () => {
  const { producer, consumer } = makeRing(64);
  producer.push(new Uint8Array(24).fill(1));
  assert.ok(consumer.next());
  consumer.release();
  const payload = new Uint8Array(24).fill(2);
  assert.ok(producer.push(payload));
  producer.push(Uint8Array.of(3));
  assert.ok(consumer.next());
  assert.ok(consumer.offset + consumer.length <= consumer.capacityBytes);
  assert.equal(consumer.offset, 40, 'the second of two halves still fits');
  consumer.release();
  const offset = producer.reserve(24);
  assert.equal(offset, 24, 'behind the frame of one byte');
  producer.commit(20);
  assert.equal(producer.reserve(24), -1, 'what is left at the end is too short, the start taken');
  producer.publish();
  assert.deepEqual(
    readAll(consumer).map((frame) => frame.length),
    [1, 20],
  );
  consumer.release();
  assert.ok(producer.push(new Uint8Array(24).fill(5)), 'at the start, behind padding');
  assert.ok(consumer.next());
  assert.equal(consumer.offset, 8);
});

test('positions wrap at 2^32 without a trace', () => {
  const { producer, consumer } = makeRing(128, 2 ** 32 - 24);
  for (let i = 0; i < 64; i++) {
    assert.ok(producer.push(Uint8Array.of(i, i + 1)));
    assert.equal(producer.freeBytes(), 128 - consumer.pendingBytes());
    assert.deepEqual(readAll(consumer), [[i, i + 1]]);
    consumer.release();
    assert.equal(producer.freeBytes(), 128);
  }
});

test('a frame over the limit, a commit over the reservation and a commit of nothing are errors', () => {
  const { producer } = makeRing(256);
  assert.throws(() => producer.reserve(121), /limit of 120 bytes/);
  assert.throws(() => producer.reserve(-1), AssertionError);
  assert.throws(() => producer.push(new Uint8Array(200)), AssertionError);
  assert.throws(() => producer.commit(0), /without a reservation/);
  assert.equal(producer.reserve(8), 8);
  assert.throws(() => producer.commit(9), /where 8 were reserved/);
  producer.commit(8);
  assert.throws(() => producer.commit(8), /without a reservation/);
  assert.equal(producer.reserve(8), 24);
  producer.publish();
  assert.throws(() => producer.commit(8), /without a reservation/);
});

test('a set of frames that fits can be committed whole', () => {
  const { producer, consumer } = makeRing(256);
  const one = frameBytes(40);
  for (let i = 0; i < 50; i++) {
    producer.push(new Uint8Array(i % 23));
    readAll(consumer);
    consumer.release();
    assert.ok(producer.fits(4 * one, one));
    for (let k = 0; k < 4; k++) commit(producer, ...new Array<number>(40).fill(k));
    assert.equal(producer.fits(2 * one, one), false);
    producer.publish();
    assert.equal(readAll(consumer).length, 4);
    consumer.release();
  }
});

test('a consumer that starts anew gets again what was read and not released', () => {
  const { buffer, producer, consumer } = makeRing(256);
  for (const value of [1, 2, 3]) producer.push(Uint8Array.of(value));
  consumer.next();
  consumer.release();
  consumer.next();
  assert.deepEqual(readAll(new RingConsumer(buffer)), [[2], [3]]);
});

test('a producer that starts anew goes on after the last published frame', () => {
  const { buffer, producer, consumer } = makeRing(256);
  producer.push(Uint8Array.of(1));
  commit(producer, 2);
  const successor = new RingProducer(buffer);
  successor.push(Uint8Array.of(3));
  assert.deepEqual(readAll(consumer), [[1], [3]]);
});

test('an armed consumer gets exactly one doorbell', () => {
  const { producer, consumer } = makeRing(256);
  assert.equal(producer.takeDoorbell(), false);
  assert.ok(consumer.arm());
  producer.push(Uint8Array.of(1));
  producer.wakeConsumer();
  assert.ok(producer.takeDoorbell());
  assert.equal(producer.takeDoorbell(), false);
  assert.equal(consumer.arm(), false, 'frames are there: nothing to wait for');
  assert.equal(producer.takeDoorbell(), false);
  readAll(consumer);
  assert.ok(consumer.arm());
  producer.push(Uint8Array.of(2));
  assert.ok(producer.takeDoorbell());
});

test('an interrupt is kept until it is taken, once', () => {
  const { producer, consumer } = makeRing(256);
  assert.equal(consumer.takeInterrupt(), false);
  producer.interrupt();
  producer.interrupt();
  assert.ok(consumer.takeInterrupt());
  assert.equal(consumer.takeInterrupt(), false);
});

test('the main thread is refused a sleep', () => {
  const { producer, consumer } = makeRing(256);
  assert.throws(() => consumer.waitForFrames(0), /main thread/);
  assert.throws(() => producer.waitForSpace(8, 0), /main thread/);
});
