import { decodeMessage, encodedBytes, MESSAGE_HEADER_BYTES } from '../fipa/binary.js';
import type { Envelope } from '../fipa/message.js';
import { performativeCode } from '../fipa/performative.js';
import { idTimeUs } from './id-time.js';
import {
  BY_CONVERSATION,
  BY_PERFORMATIVE,
  BY_RECEIVER,
  BY_SENDER,
  fitsKey,
  KEY_TEXT_BYTES_MAX,
  NUMBER_BYTES,
  numberKey,
  type PostingKind,
  writePostingKey,
} from './keys.js';
import { encodePlaces } from './places.js';
import { encodeSegment, SEGMENT_MESSAGES } from './segment.js';
import type { StoreState, Tables } from './tables.js';

/** Messages are stored back to back in blocks, which LMDB hands out without a mapped view of its own. */
const BLOCK_BYTES = 16_000;
const POSTING_KINDS: readonly PostingKind[] = [
  BY_CONVERSATION,
  BY_SENDER,
  BY_RECEIVER,
  BY_PERFORMATIVE,
];

/** The messages of one segment that have one value in one field: ascending places in the segment. */
interface PostingList {
  readonly kind: PostingKind;
  readonly text: string;
  places: Uint16Array;
  count: number;
  changed: boolean;
}

interface OpenSegment {
  readonly first: number;
  readonly openedMs: number;
  count: number;
  earliestUs: number;
  latestUs: number;
  readonly lists: ReadonlyArray<Map<string, PostingList>>;
}

/**
 * Appends messages to the history within a transaction of the caller. One B-tree entry per block
 * of messages and one per field value and segment, not per message: that is what lets one thread
 * keep up. After a failed transaction it is thrown away and made anew from the stored state.
 */
export class HistoryWriter {
  readonly #tables: Tables;
  readonly #state: StoreState;
  readonly #segmentSpanMs: number;
  #segment: OpenSegment | undefined;
  #changed: PostingList[] = [];
  readonly #block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  #blockBytes = 0;
  #blockFirst = 0;
  readonly #key = Buffer.allocUnsafeSlow(3 + KEY_TEXT_BYTES_MAX + NUMBER_BYTES);
  readonly #places = Buffer.allocUnsafeSlow(SEGMENT_MESSAGES * 2);

  /** @param segmentSpanMs a segment takes no more messages after so long, so that it can age */
  constructor(tables: Tables, state: StoreState, segmentSpanMs: number) {
    this.#tables = tables;
    this.#state = state;
    this.#segmentSpanMs = segmentSpanMs;
  }

  /**
   * Appends one message in its binary form.
   * @returns why it can't be kept: a caller's error, which mustn't keep all others from the disk
   */
  append(bytes: Buffer, offset: number, length: number): string | undefined {
    const envelope = readEnvelope(bytes, offset, length);
    if (typeof envelope === 'string') return envelope;
    const segment = this.#segmentFor(Date.now());
    const place = segment.count++;
    this.#state.nextNumber++;
    this.#noteTime(segment, envelope);
    if (envelope.conversationId !== '') {
      this.#post(segment, BY_CONVERSATION, envelope.conversationId, place);
    }
    this.#post(segment, BY_SENDER, envelope.sender, place);
    this.#post(segment, BY_RECEIVER, envelope.receiver, place);
    const code = String(performativeCode(envelope.performative));
    this.#post(segment, BY_PERFORMATIVE, code, place);
    this.#store(segment.first + place, bytes, offset, length);
    return undefined;
  }

  /** Writes out what the appends since the last call changed. Ends every transaction. */
  finish(): void {
    this.#writeBlock();
    const segment = this.#segment;
    if (segment === undefined || segment.count === 0) return;
    for (const list of this.#changed) this.#writeList(segment, list);
    this.#changed = [];
    this.#tables.segments.putSync(
      numberKey(segment.first),
      encodeSegment({ ...segment, latestSoFarUs: this.#state.latestUs }),
    );
  }

  /** The segment that begins here was dropped: nothing is added to it any more. */
  forget(first: number): void {
    if (this.#segment?.first === first) this.#segment = undefined;
  }

  #segmentFor(nowMs: number): OpenSegment {
    const open = this.#segment;
    if (open !== undefined && open.count < SEGMENT_MESSAGES) {
      if (nowMs - open.openedMs < this.#segmentSpanMs) return open;
    }
    this.finish();
    this.#segment = {
      first: this.#state.nextNumber,
      openedMs: nowMs,
      count: 0,
      earliestUs: Number.POSITIVE_INFINITY,
      latestUs: Number.NEGATIVE_INFINITY,
      lists: [new Map(), ...POSTING_KINDS.map(() => new Map<string, PostingList>())],
    };
    return this.#segment;
  }

  #noteTime(segment: OpenSegment, envelope: Envelope): void {
    const state = this.#state;
    const timeUs = envelope.timestampUs;
    if (timeUs < segment.earliestUs) segment.earliestUs = timeUs;
    if (timeUs > segment.latestUs) segment.latestUs = timeUs;
    if (timeUs > state.latestUs) state.latestUs = timeUs;
    else state.disorderUs = Math.max(state.disorderUs, state.latestUs - timeUs);
    const idUs = idTimeUs(envelope.messageId);
    if (idUs === undefined) state.foreignIds = true;
    else state.idSkewUs = Math.max(state.idSkewUs, Math.abs(idUs - timeUs));
  }

  #post(segment: OpenSegment, kind: PostingKind, text: string, place: number): void {
    const lists = segment.lists[kind]!;
    let list = lists.get(text);
    if (list === undefined) {
      list = { kind, text, places: new Uint16Array(4), count: 0, changed: false };
      lists.set(text, list);
    }
    if (list.count === list.places.length) {
      const grown = new Uint16Array(list.count * 4);
      grown.set(list.places);
      list.places = grown;
    }
    list.places[list.count++] = place;
    if (!list.changed) {
      list.changed = true;
      this.#changed.push(list);
    }
  }

  #writeList(segment: OpenSegment, list: PostingList): void {
    const keyBytes = writePostingKey(this.#key, list.kind, list.text, segment.first);
    this.#tables.postings.putSync(
      this.#key.subarray(0, keyBytes),
      encodePlaces(list.places, list.count, this.#places),
    );
    list.changed = false;
  }

  #store(number: number, bytes: Buffer, offset: number, length: number): void {
    if (this.#blockBytes + length > BLOCK_BYTES) this.#writeBlock();
    if (length > BLOCK_BYTES) {
      // Copied out of the ring: LMDB takes the address of ordinary memory only.
      const alone = Buffer.from(bytes.subarray(offset, offset + length));
      this.#tables.messages.putSync(numberKey(number), alone);
      return;
    }
    if (this.#blockBytes === 0) this.#blockFirst = number;
    bytes.copy(this.#block, this.#blockBytes, offset, offset + length);
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

function readEnvelope(bytes: Buffer, offset: number, length: number): Envelope | string {
  if (length < MESSAGE_HEADER_BYTES || encodedBytes(bytes, offset) !== length) {
    return 'the bytes are not one message';
  }
  try {
    const envelope = decodeMessage(bytes, offset, false);
    const { sender, receiver, conversationId } = envelope;
    const fits = fitsKey(sender) && fitsKey(receiver) && fitsKey(conversationId);
    return fits ? envelope : 'a text field is too long';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
