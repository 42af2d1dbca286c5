import { messageStarts } from './block.js';
import {
  BY_CONVERSATION,
  BY_PERFORMATIVE,
  BY_RECEIVER,
  BY_SENDER,
  numberKey,
  type PostingKind,
  postingKey,
} from './keys.js';
import { findPostings, postingGroupOf } from './posting-group.js';
import type { Segment } from './segment.js';
import { hasIndexedText, performativeText } from './segment-index.js';
import type { HistoryQuery } from './store.js';
import type { Snapshot, Tables } from './tables.js';

/** The fields that one filter looks at: a message matches when one of them has the text. */
export interface Filter {
  readonly kinds: readonly PostingKind[];
  /** The text looked for, in UTF-8. */
  readonly bytes: Uint8Array;
  readonly group: number;
}

const NO_PLACES = new Uint16Array(0);

/** The filters of a query, the one that likely matches least first. */
export function filtersOf(query: HistoryQuery): Filter[] {
  const filters: Filter[] = [];
  const add = (text: string | undefined, ...kinds: PostingKind[]): void => {
    if (text === undefined) return;
    filters.push({ kinds, bytes: Buffer.from(text, 'utf8'), group: postingGroupOf(text) });
  };
  add(query.conversationId, BY_CONVERSATION);
  add(query.sender, BY_SENDER);
  add(query.receiver, BY_RECEIVER);
  add(query.agent, BY_SENDER, BY_RECEIVER);
  const act = query.performative;
  add(act === undefined ? undefined : performativeText(act), BY_PERFORMATIVE);
  return filters;
}

/** Finds messages by their fields: by the index of a segment, or one by one where it has none yet. */
export class PostingReader {
  readonly #tables: Tables;
  readonly #snapshot: Snapshot;

  constructor(tables: Tables, snapshot: Snapshot) {
    this.#tables = tables;
    this.#snapshot = snapshot;
  }

  /** The places in the segment, ascending, of the messages that match every filter. */
  matching(filters: readonly Filter[], segment: Segment): Uint16Array {
    if (!segment.indexed) return this.#scan(filters, segment);
    let matches: Uint16Array | undefined;
    for (const filter of filters) {
      const places = this.#placesOf(filter, segment.first);
      matches = matches === undefined ? places : intersection(matches, places);
      if (matches.length === 0) break;
    }
    return matches ?? NO_PLACES;
  }

  #placesOf({ kinds, group, bytes }: Filter, segment: number): Uint16Array {
    let places: Uint16Array | undefined;
    for (const kind of kinds) {
      const entry = this.#tables.postings.get(postingKey(segment, kind, group), {
        transaction: this.#snapshot,
      });
      const found = entry && findPostings(entry, bytes);
      if (found !== undefined) places = places === undefined ? found : union(places, found);
    }
    return places ?? NO_PLACES;
  }

  #scan(filters: readonly Filter[], { first, count }: Segment): Uint16Array {
    const places: number[] = [];
    const blocks = this.#tables.messages.getRange({
      start: numberKey(first),
      end: numberKey(first + count),
      transaction: this.#snapshot,
    });
    let place = 0;
    for (const { value } of blocks) {
      for (const at of messageStarts(value)) {
        if (filters.every((filter) => isMatch(filter, value, at))) places.push(place);
        place += 1;
      }
    }
    return Uint16Array.from(places);
  }
}

function isMatch({ kinds, bytes }: Filter, block: Buffer, at: number): boolean {
  return kinds.some((kind) => hasIndexedText(kind, block, at, bytes));
}

function union(a: Uint16Array, b: Uint16Array): Uint16Array {
  const result = new Uint16Array(a.length + b.length);
  let count = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const x = a[i] ?? Number.POSITIVE_INFINITY;
    const y = b[j] ?? Number.POSITIVE_INFINITY;
    result[count++] = Math.min(x, y);
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return result.subarray(0, count);
}

function intersection(a: Uint16Array, b: Uint16Array): Uint16Array {
  const result = new Uint16Array(Math.min(a.length, b.length));
  let count = 0;
  let j = 0;
  for (const x of a) {
    while (j < b.length && b[j]! < x) j++;
    if (b[j] === x) result[count++] = x;
  }
  return result.subarray(0, count);
}
