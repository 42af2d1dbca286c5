import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AssertionError } from '../../../src/base/assert.js';
import { RingConsumer } from '../../../src/ring/consumer.js';
import { createRing } from '../../../src/ring/layout.js';
import { RingProducer } from '../../../src/ring/producer.js';
import { Tape } from '../../support/tape.js';
import { bytesTarget, Fates, type FuzzTarget } from '../target.js';
import { playChannel } from './channel-play.js';
import { corrupt } from './corruption.js';

/**
 * Rings of any size, at any position, with frames of any length, and a word that somebody else
 * wrote into: frames come as they were sent, or it is noticed. The same of a worker's channel.
 */
export function ringFrames(): FuzzTarget {
  const fates = new Fates();
  const tapes = fc.uint8Array({ minLength: 8, maxLength: 300, size: 'max' });
  const check = (bytes: Uint8Array): void => {
    const tape = new Tape(bytes);
    fates.add(tape.next(4) === 0 ? `channel: ${playChannel(tape)}` : `ring: ${playRing(tape)}`);
  };
  return bytesTarget(tapes, check, { details: () => fates.lines }) as FuzzTarget;
}

function playRing(tape: Tape): string {
  const play = new RingPlay(tape);
  try {
    while (!tape.ended) play.step();
    play.readAll();
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    assert.ok(play.corrupted, `nothing was corrupted: ${error.message}`);
    return 'corruption noticed';
  }
  return play.corrupted ? 'corruption without effect' : 'all frames came';
}

class RingPlay {
  corrupted = false;
  readonly #tape: Tape;
  readonly #words: Int32Array;
  readonly #producer: RingProducer;
  readonly #consumer: RingConsumer;
  /** Committed and not read yet, in order. */
  readonly #sent: Uint8Array[] = [];
  #frames = 0;

  constructor(tape: Tape) {
    this.#tape = tape;
    const generation = tape.next(64);
    const capacityBytes = 64 << tape.next(5);
    const lap = tape.next(2) * 2 ** 32;
    const startPosition = lap === 0 ? tape.next(256) * 8 : lap - (1 + tape.next(255)) * 8;
    const buffer = createRing({ capacityBytes, generation, startPosition });
    this.#words = new Int32Array(buffer);
    this.#producer = new RingProducer(buffer, generation);
    this.#consumer = new RingConsumer(buffer, generation);
  }

  step(): void {
    const choice = this.#tape.next(12);
    if (choice <= 3) this.#write(true);
    else if (choice === 4) this.#write(false);
    else if (choice === 5) this.#producer.publish();
    else if (choice <= 8) this.#read();
    else if (choice <= 10) this.#consumer.release();
    else if (!this.corrupted) {
      this.corrupted = true;
      corrupt(this.#words, this.#consumer.position, this.#consumer.capacityBytes, this.#tape);
    }
  }

  readAll(): void {
    while (this.#read());
    if (!this.corrupted) {
      this.#producer.publish();
      while (this.#read());
      assert.equal(this.#sent.length, 0, 'frames were lost');
    }
  }

  #write(publishes: boolean): void {
    const { maxPayloadBytes } = this.#producer;
    const most = this.#tape.next(3) === 0 ? maxPayloadBytes : maxPayloadBytes >> 2;
    const length = Math.floor((this.#tape.next(256) * most) / 255);
    const at = this.#producer.reserve(Math.min(maxPayloadBytes, length + this.#tape.next(9)));
    if (at < 0) return;
    const payload = new Uint8Array(length).fill(this.#frames++ + 1);
    this.#producer.bytes.set(payload, at);
    this.#producer.commit(length);
    this.#sent.push(payload);
    if (publishes) this.#producer.publish();
  }

  #read(): boolean {
    const consumer = this.#consumer;
    if (!consumer.next()) return false;
    const { offset, length } = consumer;
    assert.ok(offset >= 0 && length >= 0 && offset + length <= consumer.capacityBytes);
    const expected = this.#sent.shift();
    assert.ok(expected, 'a frame came that nobody sent');
    assert.deepEqual(Uint8Array.from(consumer.bytes.subarray(offset, offset + length)), expected);
    return true;
  }
}
