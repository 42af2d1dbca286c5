import { performativeCode } from '../fipa/performative.js';
import {
  BY_CONVERSATION,
  BY_PERFORMATIVE,
  BY_RECEIVER,
  BY_SENDER,
  numberOfKey,
  type PostingKind,
  postingKey,
} from './keys.js';
import { decodePlaces } from './places.js';
import type { HistoryQuery } from './store.js';
import type { Snapshot, Table } from './tables.js';

/** Ascending places in one segment, of the messages that match. */
export interface SegmentMatches {
  readonly segment: number;
  readonly places: Uint16Array;
}

/** Reads posting lists of one snapshot, from segment `from` to segment `to`, both inclusive. */
export interface PostingRange {
  readonly table: Table;
  readonly snapshot: Snapshot;
  readonly from: number;
  readonly to: number;
  readonly reverse: boolean;
}

/** The fields that one filter looks at: a message matches when one of them has the text. */
interface Filter {
  readonly kinds: readonly PostingKind[];
  readonly text: string;
}

/** The filters of a query, the one that likely matches least first. */
export function filtersOf(query: HistoryQuery): Filter[] {
  const filters: Filter[] = [];
  const add = (text: string | undefined, ...kinds: PostingKind[]): void => {
    if (text !== undefined) filters.push({ kinds, text });
  };
  add(query.conversationId, BY_CONVERSATION);
  add(query.sender, BY_SENDER);
  add(query.receiver, BY_RECEIVER);
  add(query.agent, BY_SENDER, BY_RECEIVER);
  const act = query.performative;
  add(act === undefined ? undefined : String(performativeCode(act)), BY_PERFORMATIVE);
  return filters;
}

/** All segments in which every filter matches, with the places, in order. */
export function* matchingSegments(
  filters: readonly Filter[],
  range: PostingRange,
): Generator<SegmentMatches> {
  const [leading, ...others] = filters as [Filter, ...Filter[]];
  for (const { segment, places } of walkFilter(leading, range)) {
    let matches: Uint16Array = places;
    for (const filter of others) {
      if (matches.length === 0) break;
      matches = intersection(matches, placesOf(filter, segment, range));
    }
    if (matches.length > 0) yield { segment, places: matches };
  }
}

function* walkFilter(filter: Filter, range: PostingRange): Generator<SegmentMatches> {
  const [first, second] = filter.kinds.map((kind) => walkKind(kind, filter.text, range));
  if (second === undefined) {
    yield* first!;
    return;
  }
  const sign = range.reverse ? -1 : 1;
  let a = first!.next();
  let b = second.next();
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : sign * (a.value.segment - b.value.segment);
    if (order === 0) {
      const places = union(a.value!.places, b.value!.places);
      yield { segment: a.value!.segment, places };
    } else yield order < 0 ? a.value! : b.value!;
    if (order <= 0) a = first!.next();
    if (order >= 0) b = second.next();
  }
}

function* walkKind(
  kind: PostingKind,
  text: string,
  range: PostingRange,
): Generator<SegmentMatches, undefined> {
  const low = postingKey(kind, text, range.from);
  const high = postingKey(kind, text, range.to);
  const bounds = range.reverse ? { start: high, end: low } : { start: low, end: high };
  const entries = range.table.getRange({
    ...bounds,
    inclusiveEnd: true,
    reverse: range.reverse,
    transaction: range.snapshot,
  });
  for (const { key, value } of entries) {
    yield { segment: numberOfKey(key), places: decodePlaces(value) };
  }
}

function placesOf(filter: Filter, segment: number, range: PostingRange): Uint16Array {
  let places: Uint16Array | undefined;
  for (const kind of filter.kinds) {
    const found = range.table.get(postingKey(kind, filter.text, segment), {
      transaction: range.snapshot,
    });
    if (found === undefined) continue;
    const more = decodePlaces(found);
    places = places === undefined ? more : union(places, more);
  }
  return places ?? new Uint16Array(0);
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
