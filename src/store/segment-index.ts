import {
  decodeMessage,
  encodedBytes,
  encodedPerformativeCode,
  hasEncodedText,
} from '../fipa/binary.js';
import type { Envelope } from '../fipa/message.js';
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

/** The code of an act as one character, which the index has instead of its name. */
export function performativeText(performative: Performative): string {
  return String.fromCharCode(performativeCode(performative));
}

/** What the index has of a message under one kind; '' = nothing. */
function indexedText(kind: PostingKind, envelope: Envelope): string {
  switch (kind) {
    case BY_CONVERSATION:
      return envelope.conversationId;
    case BY_SENDER:
      return envelope.sender;
    case BY_RECEIVER:
      return envelope.receiver;
    case BY_PERFORMATIVE:
      return performativeText(envelope.performative);
  }
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
  const range = { start: numberKey(first), end: numberKey(first + count) };
  let place = 0;
  for (const { value } of tables.messages.getRange(range)) {
    for (let at = 0; at < value.length; at += encodedBytes(value, at)) {
      const envelope = decodeMessage(value, at, false);
      for (const index of indexes) index.add(envelope, place);
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

  constructor(kind: PostingKind) {
    this.#kind = kind;
  }

  add(envelope: Envelope, place: number): void {
    const text = indexedText(this.#kind, envelope);
    if (text !== '') (this.#places.get(text) ?? this.#listOf(text)).push(place);
  }

  write(tables: Tables, segment: number): void {
    for (const [group, lists] of this.#groups) {
      tables.postings.putSync(postingKey(segment, this.#kind, group), encodePostings(lists));
    }
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
