import { decodeMessage, encodedBytes } from '../fipa/binary.js';
import { performativeCode } from '../fipa/performative.js';
import {
  BY_CONVERSATION,
  BY_PERFORMATIVE,
  BY_RECEIVER,
  BY_SENDER,
  numberKey,
  type PostingKind,
  postingKey,
} from './keys.js';
import { decodeSegment, firstOf, type Segment } from './segment.js';
import type { StoreState, Tables } from './tables.js';

export interface RetentionLimits {
  readonly messages: number;
  readonly ageMs: number;
}

/**
 * Drops the oldest segment when all of it is beyond the limits. Within a transaction of the caller,
 * which bounds how often it repeats it: one segment takes some milliseconds.
 * @returns number of the first message of the segment that was dropped, if any
 */
export function dropOldestSegment(
  tables: Tables,
  state: StoreState,
  limits: RetentionLimits,
  nowMs: number,
): number | undefined {
  const oldest = oldestSegment(tables);
  if (oldest === undefined || !isBeyond(oldest, state, limits, nowMs)) return undefined;
  dropSegment(tables, oldest);
  state.firstNumber = oldest.first + oldest.count;
  return oldest.first;
}

/** Whether dropOldestSegment would drop one, read without a transaction. */
export function hasExpiredSegment(
  tables: Tables,
  state: StoreState,
  limits: RetentionLimits,
  nowMs: number,
): boolean {
  const oldest = oldestSegment(tables);
  return oldest !== undefined && isBeyond(oldest, state, limits, nowMs);
}

function oldestSegment(tables: Tables): Segment | undefined {
  const entry = firstOf(tables.segments, { start: numberKey(0) });
  return entry && decodeSegment(Buffer.from(entry.key).readUIntBE(0, 6), entry.value);
}

function isBeyond(
  segment: Segment,
  state: StoreState,
  limits: RetentionLimits,
  nowMs: number,
): boolean {
  const tooMany = segment.first + segment.count <= state.nextNumber - limits.messages;
  return tooMany || segment.latestUs < (nowMs - limits.ageMs) * 1_000;
}

function dropSegment(tables: Tables, segment: Segment): void {
  const range = { start: numberKey(segment.first), end: numberKey(segment.first + segment.count) };
  const values = new Map<PostingKind, Set<string>>();
  const keys: Uint8Array[] = [];
  for (const { key, value } of tables.messages.getRange(range)) {
    keys.push(key);
    for (let at = 0; at < value.length; at += encodedBytes(value, at)) {
      collectValues(value, at, values);
    }
  }
  for (const key of keys) tables.messages.removeSync(key);
  for (const [kind, texts] of values) {
    for (const text of texts) tables.postings.removeSync(postingKey(kind, text, segment.first));
  }
  tables.segments.removeSync(numberKey(segment.first));
}

function collectValues(block: Buffer, at: number, values: Map<PostingKind, Set<string>>): void {
  const envelope = decodeMessage(block, at, false);
  collect(values, BY_CONVERSATION, envelope.conversationId);
  collect(values, BY_SENDER, envelope.sender);
  collect(values, BY_RECEIVER, envelope.receiver);
  collect(values, BY_PERFORMATIVE, String(performativeCode(envelope.performative)));
}

function collect(values: Map<PostingKind, Set<string>>, kind: PostingKind, text: string): void {
  const texts = values.get(kind);
  if (texts === undefined) values.set(kind, new Set([text]));
  else texts.add(text);
}
