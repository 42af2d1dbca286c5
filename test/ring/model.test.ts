import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RingConsumer } from '../../src/ring/consumer.js';
import { createRing, frameBytes, maxPayloadBytes } from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';

type Step =
  | { readonly kind: 'write'; readonly reserved: number; readonly used: number }
  | { readonly kind: 'publish' | 'rollback' | 'next' | 'release' | 'reopen-both' }
  | { readonly kind: 'abandon'; readonly reserved: number };

interface ModelFrame {
  readonly payload: readonly number[];
  /** Position after the frame, never wrapped. */
  readonly end: number;
}

/** The ring as arrays and whole numbers that don't wrap. */
class Model {
  staged: ModelFrame[] = [];
  published: ModelFrame[] = [];
  read: ModelFrame[] = [];
  private head: number;
  private tail: number;
  private cursor: number;
  private readCursor: number;
  private readonly capacityBytes: number;

  constructor(capacityBytes: number, startPosition: number) {
    this.capacityBytes = capacityBytes;
    this.head = startPosition;
    this.tail = startPosition;
    this.cursor = startPosition;
    this.readCursor = startPosition;
  }

  get freeBytes(): number {
    return this.capacityBytes - (this.cursor - this.head);
  }

  get pendingBytes(): number {
    return this.tail - this.readCursor;
  }

  /** Position at which a frame of this length starts, or -1 if there is no room. */
  place(length: number): number {
    const room = this.capacityBytes - (this.cursor % this.capacityBytes);
    const start = frameBytes(length) <= room ? this.cursor : this.cursor + room;
    return start + frameBytes(length) - this.head <= this.capacityBytes ? start : -1;
  }

  commit(start: number, payload: readonly number[]): void {
    this.cursor = start + frameBytes(payload.length);
    this.staged.push({ payload, end: this.cursor });
  }

  publish(): void {
    this.published.push(...this.staged);
    this.staged = [];
    this.tail = this.cursor;
  }

  rollback(): void {
    this.staged = [];
    this.cursor = this.tail;
  }

  next(): ModelFrame | undefined {
    const frame = this.published.shift();
    if (frame) {
      this.read.push(frame);
      this.readCursor = frame.end;
    }
    return frame;
  }

  release(): void {
    this.head = this.readCursor;
    this.read = [];
  }

  /** Both ends are made anew: what was staged is gone, what was read and not released is back. */
  reopen(): void {
    this.rollback();
    this.published.unshift(...this.read);
    this.read = [];
    this.readCursor = this.head;
  }
}

class Subject {
  private readonly model: Model;
  private readonly buffer: SharedArrayBuffer;
  private producer: RingProducer;
  private consumer: RingConsumer;
  private written = 0;

  constructor(capacityBytes: number, startPosition: number) {
    this.model = new Model(capacityBytes, startPosition);
    this.buffer = createRing({ capacityBytes, generation: 9, startPosition });
    this.producer = new RingProducer(this.buffer, 9);
    this.consumer = new RingConsumer(this.buffer, 9);
  }

  apply(step: Step): void {
    switch (step.kind) {
      case 'write':
        this.write(step.reserved, Math.min(step.used, step.reserved));
        break;
      case 'abandon':
        this.reserve(step.reserved);
        break;
      case 'next':
        this.next();
        break;
      case 'reopen-both':
        this.model.reopen();
        this.producer = new RingProducer(this.buffer, 9);
        this.consumer = new RingConsumer(this.buffer, 9);
        break;
      case 'release':
        this.model.release();
        this.consumer.release();
        break;
      default:
        this.model[step.kind]();
        this.producer[step.kind]();
    }
    assert.equal(this.producer.freeBytes(), this.model.freeBytes);
    assert.equal(this.consumer.pendingBytes(), this.model.pendingBytes);
  }

  private reserve(length: number): number {
    const start = this.model.place(length);
    assert.equal(this.producer.fits(frameBytes(length)), start >= 0);
    const offset = this.producer.reserve(length);
    assert.equal(offset, start < 0 ? -1 : (start % this.producer.capacityBytes) + 8);
    return start;
  }

  private write(reserved: number, used: number): void {
    const start = this.reserve(reserved);
    if (start < 0) return;
    const payload = Array.from({ length: used }, () => this.written++ & 255);
    this.producer.bytes.set(payload, (start % this.producer.capacityBytes) + 8);
    this.producer.commit(used);
    this.model.commit(start, payload);
  }

  private next(): void {
    const expected = this.model.next();
    assert.equal(this.consumer.next(), expected !== undefined);
    if (!expected) return;
    const { offset, length } = this.consumer;
    assert.deepEqual([...this.consumer.bytes.subarray(offset, offset + length)], expected.payload);
  }
}

const CAPACITIES = [64, 128, 512, 4096];
const NEAR_WRAP = 2 ** 32;

const schedules = fc.constantFrom(...CAPACITIES).chain((capacityBytes) => {
  const length = fc.integer({ min: 0, max: maxPayloadBytes(capacityBytes) });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('write'), reserved: length, used: length }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('abandon'), reserved: length }) },
    { weight: 5, arbitrary: fc.constant({ kind: 'next' }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'publish' }) },
    { weight: 3, arbitrary: fc.constant({ kind: 'release' }) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: 'rollback' }, { kind: 'reopen-both' }) },
  );
  return fc.record({
    capacityBytes: fc.constant(capacityBytes),
    // In units of eight bytes before 2^32, so that most schedules pass it.
    before: fc.integer({ min: 1, max: capacityBytes / 4 }),
    steps: fc.array(step, { maxLength: 200, size: 'max' }),
  });
});

test('any schedule of both ends does what a queue of arrays does', () => {
  fc.assert(
    fc.property(schedules, ({ capacityBytes, before, steps }) => {
      const subject = new Subject(capacityBytes, NEAR_WRAP - 8 * before);
      for (const step of steps) subject.apply(step);
    }),
    { numRuns: 600 },
  );
});

test('a set of frames that is said to fit can be committed, whatever came before', () => {
  const capacityBytes = 1024;
  const length = fc.integer({ min: 0, max: maxPayloadBytes(capacityBytes) });
  const property = fc.property(
    fc.array(length, { maxLength: 20 }),
    fc.array(length, { minLength: 1, maxLength: 8 }),
    fc.integer({ min: 0, max: 127 }),
    (earlier, set, position) => {
      const buffer = createRing({ capacityBytes, generation: 1, startPosition: 8 * position });
      const producer = new RingProducer(buffer);
      const consumer = new RingConsumer(buffer);
      for (const bytes of earlier) {
        producer.push(new Uint8Array(bytes));
        if (bytes % 2 === 0) consumer.next();
        if (bytes % 3 === 0) consumer.release();
      }
      const sizes = set.map(frameBytes);
      const total = sizes.reduce((sum, bytes) => sum + bytes, 0);
      if (!producer.fits(total, Math.max(...sizes))) return;
      for (const bytes of set) {
        assert.ok(producer.reserve(bytes) >= 0);
        producer.commit(bytes);
      }
    },
  );
  fc.assert(property, { numRuns: 1_000 });
});
