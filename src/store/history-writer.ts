import { copyWords } from '../base/words.js';
import { encodedTimestampUs, isEncodedMessage } from '../fipa/binary.js';
import { encodedIdTimeUs } from './id-time.js';
import { numberKey } from './keys.js';
import { putSegment, SEGMENT_MESSAGES, segmentAt } from './segment.js';
import { writeSegmentIndex } from './segment-index.js';
import type { StoreState, Tables } from './tables.js';

/** Messages are stored back to back in blocks, which LMDB hands out without a mapped view of its own. */
const BLOCK_BYTES = 16_000;

/** A transaction takes a few milliseconds: its messages need no clock of their own. */
const APPENDS_PER_CLOCK_LOOK = 64;

/** The segment that takes messages now. */
interface OpenSegment {
  readonly first: number;
  readonly openedMs: number;
  count: number;
  earliestUs: number;
  latestUs: number;
}

/**
 * Appends messages to the history within a transaction of the caller. While a segment is open its
 * messages are just appended; its index is written once, when it is full or old, from the messages
 * themselves: that is what lets one thread keep up. After a failed transaction, or a restart, a new
 * writer goes on with the segment that was open.
 */
export class HistoryWriter {
  readonly #tables: Tables;
  readonly #state: StoreState;
  readonly #segmentSpanMs: number;
  #segment: OpenSegment | undefined;
  readonly #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  readonly #blockView = new DataView(this.#block.buffer);
  #blockBytes = 0;
  #blockFirst = 0;
  /** Since the transaction began. */
  #appends = 0;
  #nowMs = 0;

  /** @param segmentSpanMs a segment takes no more messages after so long, so that it can age */
  constructor(tables: Tables, state: StoreState, segmentSpanMs: number) {
    this.#tables = tables;
    this.#state = state;
    this.#segmentSpanMs = segmentSpanMs;
    const last = segmentAt(tables, state.nextNumber);
    if (last?.indexed === false) this.#segment = { ...last, openedMs: last.earliestUs / 1_000 };
  }

  /**
   * Appends one message in its binary form.
   * @param view over the same memory as `bytes`
   * @returns why it can't be kept: a caller's error, which mustn't keep all others from the disk
   */
  append(bytes: Buffer, view: DataView, offset: number, length: number): string | undefined {
    if (!isEncodedMessage(bytes, offset, length)) return 'the bytes are not one message';
    if (this.#appends++ % APPENDS_PER_CLOCK_LOOK === 0) this.#nowMs = Date.now();
    const segment = this.#segmentFor(this.#nowMs);
    const number = segment.first + segment.count++;
    this.#state.nextNumber++;
    this.#noteTime(segment, bytes, offset);
    this.#store(number, bytes, view, offset, length);
    return undefined;
  }

  /** Writes out what the appends since the last call left in memory. Ends every transaction. */
  finish(): void {
    this.#appends = 0;
    this.#writeBlock();
    if (this.#segment !== undefined) this.#putSegment(this.#segment, false);
  }

  /** The segment that begins here was dropped: nothing is added to it any more. */
  forget(first: number): void {
    if (this.#segment?.first === first) this.#segment = undefined;
  }

  #segmentFor(nowMs: number): OpenSegment {
    const open = this.#segment;
    if (open !== undefined) {
      const isFull = open.count >= SEGMENT_MESSAGES || nowMs - open.openedMs >= this.#segmentSpanMs;
      if (!isFull) return open;
      this.#writeBlock();
      writeSegmentIndex(this.#tables, open);
      this.#putSegment(open, true);
    }
    this.#segment = {
      first: this.#state.nextNumber,
      openedMs: nowMs,
      count: 0,
      earliestUs: Number.POSITIVE_INFINITY,
      latestUs: Number.NEGATIVE_INFINITY,
    };
    return this.#segment;
  }

  #putSegment(segment: OpenSegment, indexed: boolean): void {
    putSegment(this.#tables, { ...segment, indexed, latestSoFarUs: this.#state.latestUs });
  }

  #noteTime(segment: OpenSegment, bytes: Buffer, offset: number): void {
    const state = this.#state;
    const timeUs = encodedTimestampUs(bytes, offset);
    if (timeUs < segment.earliestUs) segment.earliestUs = timeUs;
    if (timeUs > segment.latestUs) segment.latestUs = timeUs;
    if (timeUs > state.latestUs) state.latestUs = timeUs;
    else state.disorderUs = Math.max(state.disorderUs, state.latestUs - timeUs);
    const idUs = encodedIdTimeUs(bytes, offset);
    if (idUs === undefined) state.foreignIds = true;
    else state.idSkewUs = Math.max(state.idSkewUs, Math.abs(idUs - timeUs));
  }

  #store(number: number, bytes: Buffer, view: DataView, offset: number, length: number): void {
    if (this.#blockBytes + length > BLOCK_BYTES) this.#writeBlock();
    if (length > BLOCK_BYTES) {
      // Copied out of the ring: LMDB takes the address of ordinary memory only.
      const alone = Buffer.from(bytes.subarray(offset, offset + length));
      this.#tables.messages.putSync(numberKey(number), alone);
      return;
    }
    if (this.#blockBytes === 0) this.#blockFirst = number;
    // Blocks are packed, and ring and block are seldom aligned alike.
    copyWords(this.#blockView, this.#blockBytes, view, offset, length);
    this.#blockBytes += length;
  }

  #writeBlock(): void {
    if (this.#blockBytes === 0) return;
    this.#tables.messages.putSync(
      numberKey(this.#blockFirst),
      this.#block.subarray(0, this.#blockBytes),
    );
    this.#blockBytes = 0;
  }
}
