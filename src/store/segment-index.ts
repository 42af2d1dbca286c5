import {
  encodedPerformativeCode,
  encodedTextBytes,
  hasEncodedText,
  MESSAGE_HEADER_BYTES,
  PERFORMATIVE_AT,
} from '../fipa/binary.js';
import { type Performative, performativeCode } from '../fipa/performative.js';
import { messageStarts } from './block.js';
import { FieldIndex } from './field-index.js';
import {
  BY_CONVERSATION,
  BY_PERFORMATIVE,
  BY_RECEIVER,
  BY_SENDER,
  numberKey,
  type PostingKind,
  postingKey,
} from './keys.js';
import { PostingGroupWriter } from './posting-group.js';
import type { Segment } from './segment.js';
import type { Tables } from './tables.js';

const KINDS: readonly PostingKind[] = [BY_CONVERSATION, BY_SENDER, BY_RECEIVER, BY_PERFORMATIVE];

/** Places of the text fields that are indexed, and of the one before them. */
const MESSAGE_ID = 0;
const SENDER = 1;
const RECEIVER = 2;
const CONVERSATION = 3;

/** Made when a segment is full for the first time, and used for all of them. */
let indexes: Record<PostingKind, FieldIndex> | undefined;
const writer = new PostingGroupWriter();

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
  indexes ??= {
    [BY_CONVERSATION]: new FieldIndex(),
    [BY_SENDER]: new FieldIndex(),
    [BY_RECEIVER]: new FieldIndex(),
    [BY_PERFORMATIVE]: new FieldIndex(),
  };
  for (const kind of KINDS) indexes[kind].clear();
  const conversations = indexes[BY_CONVERSATION];
  const senders = indexes[BY_SENDER];
  const receivers = indexes[BY_RECEIVER];
  const performatives = indexes[BY_PERFORMATIVE];
  const range = { start: numberKey(first), end: numberKey(first + count) };
  let place = 0;
  for (const { value } of tables.messages.getRange(range)) {
    for (const at of messageStarts(value)) {
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
  for (const kind of KINDS) {
    indexes[kind].write(writer, (group, bytes) => {
      tables.postings.putSync(postingKey(first, kind, group), bytes);
    });
  }
}
