import {
  encodedBytes,
  encodedPerformativeCode,
  encodedTextBytes,
  hasEncodedText,
  MESSAGE_HEADER_BYTES,
  PERFORMATIVE_AT,
} from '../fipa/binary.js';
import { type Performative, performativeCode } from '../fipa/performative.js';
import {
  BY_CONVERSATION,
  BY_PERFORMATIVE,
  BY_RECEIVER,
  BY_SENDER,
  numberKey,
  type PostingKind,
  postingKey,
} from './keys.js';
import { encodePostings, type PostingList, postingGroupOf } from './posting-group.js';
import type { Segment } from './segment.js';
import type { Tables } from './tables.js';

const KINDS: readonly PostingKind[] = [BY_CONVERSATION, BY_SENDER, BY_RECEIVER, BY_PERFORMATIVE];

/** Places of the text fields that are indexed, and of the one before them. */
const MESSAGE_ID = 0;
const SENDER = 1;
const RECEIVER = 2;
const CONVERSATION = 3;

const LAST_BYTES = 256;

/** The code of an act as one character, which the index has instead of its name. */
export function performativeText(performative: Performative): string {
  return String.fromCharCode(performativeCode(performative));
}

/** Whether the index has, or would have, this text of the binary message at `offset`. */
export function hasIndexedText(
  kind: PostingKind,
  source: Buffer,
  offset: number,
  text: Uint8Array,
): boolean {
  switch (kind) {
    case BY_CONVERSATION:
      return hasEncodedText(source, offset, 'conversationId', text);
    case BY_SENDER:
      return hasEncodedText(source, offset, 'sender', text);
    case BY_RECEIVER:
      return hasEncodedText(source, offset, 'receiver', text);
    case BY_PERFORMATIVE:
      return text[0] === encodedPerformativeCode(source, offset);
  }
}

/** Writes the index of a segment from its messages, within a transaction of the caller. */
export function writeSegmentIndex(
  tables: Tables,
  { first, count }: Pick<Segment, 'first' | 'count'>,
): void {
  const indexes = KINDS.map((kind) => new FieldIndex(kind));
  const [conversations, senders, receivers, performatives] = indexes as [
    FieldIndex,
    FieldIndex,
    FieldIndex,
    FieldIndex,
  ];
  const range = { start: numberKey(first), end: numberKey(first + count) };
  let place = 0;
  for (const { value } of tables.messages.getRange(range)) {
    for (let at = 0; at < value.length; at += encodedBytes(value, at)) {
      const sender = at + MESSAGE_HEADER_BYTES + encodedTextBytes(value, at, MESSAGE_ID);
      const receiver = sender + encodedTextBytes(value, at, SENDER);
      const conversation = receiver + encodedTextBytes(value, at, RECEIVER);
      senders.add(value, sender, receiver, place);
      receivers.add(value, receiver, conversation, place);
      const end = conversation + encodedTextBytes(value, at, CONVERSATION);
      conversations.add(value, conversation, end, place);
      // The code is the text: see performativeText.
      performatives.add(value, at + PERFORMATIVE_AT, at + PERFORMATIVE_AT + 1, place);
      place += 1;
    }
  }
  for (const index of indexes) index.write(tables, first);
}

/** The values of one field of the messages of one segment. */
class FieldIndex {
  readonly #kind: PostingKind;
  readonly #places = new Map<string, number[]>();
  readonly #groups = new Map<number, PostingList[]>();
  /** The text of the last message and its places: the next one often has the same. */
  #last = Buffer.alloc(LAST_BYTES);
  #lastBytes = -1;
  #lastPlaces: number[] = [];

  constructor(kind: PostingKind) {
    this.#kind = kind;
  }

  /** The message at this place has the text that lies in a range of bytes; none when it is empty. */
  add(source: Buffer, start: number, end: number, place: number): void {
    if (start === end) return;
    if (!this.#isLast(source, start, end)) this.#find(source, start, end);
    this.#lastPlaces.push(place);
  }

  write(tables: Tables, segment: number): void {
    for (const [group, lists] of this.#groups) {
      tables.postings.putSync(postingKey(segment, this.#kind, group), encodePostings(lists));
    }
  }

  // From the end: ids differ there first.
  #isLast(source: Buffer, start: number, end: number): boolean {
    if (end - start !== this.#lastBytes) return false;
    for (let i = this.#lastBytes - 1; i >= 0; i--) {
      if (source[start + i] !== this.#last[i]) return false;
    }
    return true;
  }

  #find(source: Buffer, start: number, end: number): void {
    const text = source.toString('utf8', start, end);
    this.#lastPlaces = this.#places.get(text) ?? this.#listOf(text);
    this.#lastBytes = end - start <= LAST_BYTES ? end - start : -1;
    if (this.#lastBytes > 0) source.copy(this.#last, 0, start, end);
  }

  #listOf(text: string): number[] {
    const list: PostingList = { text, places: [] };
    const number = postingGroupOf(text);
    const group = this.#groups.get(number);
    if (group === undefined) this.#groups.set(number, [list]);
    else group.push(list);
    this.#places.set(text, list.places);
    return list.places;
  }
}
