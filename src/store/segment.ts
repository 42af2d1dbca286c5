import { numberKey, numberOfKey } from './keys.js';
import type { Snapshot, Table, Tables } from './tables.js';

/**
 * The history is cut into segments of consecutive messages. A segment is the unit of the index and
 * of retention; the last one is open: it still grows, and has no index. Its record, little endian:
 *
 *    0 u32 messages              8 f64 earliest timestamp, µs    16 f64 latest timestamp, µs
 *    4 u32 1 = has an index     24 f64 latest timestamp of this and all earlier segments, µs
 */
export interface Segment {
  /** Number of its first message; its key. */
  readonly first: number;
  readonly count: number;
  readonly indexed: boolean;
  readonly earliestUs: number;
  readonly latestUs: number;
  readonly latestSoFarUs: number;
}

export const SEGMENT_MESSAGES = 4096;
const SEGMENT_BYTES = 32;

/** In a transaction only. */
export function putSegment(tables: Tables, segment: Segment): void {
  const bytes = Buffer.alloc(SEGMENT_BYTES);
  bytes.writeUInt32LE(segment.count, 0);
  bytes.writeUInt32LE(segment.indexed ? 1 : 0, 4);
  bytes.writeDoubleLE(segment.earliestUs, 8);
  bytes.writeDoubleLE(segment.latestUs, 16);
  bytes.writeDoubleLE(segment.latestSoFarUs, 24);
  tables.segments.putSync(numberKey(segment.first), bytes);
}

export function firstSegment(tables: Tables): Segment | undefined {
  return segmentOf(firstOf(tables.segments, { start: numberKey(0) }));
}

/** The last segment that begins at this number or before it. */
export function segmentAt(
  tables: Tables,
  number: number,
  snapshot?: Snapshot,
): Segment | undefined {
  const range = { start: numberKey(Math.max(0, number)), reverse: true };
  return segmentOf(
    firstOf(tables.segments, snapshot ? { ...range, transaction: snapshot } : range),
  );
}

/** Segments in order, from one that begins at `from` to one that begins at `to`, both inclusive. */
export function* segmentsIn(
  tables: Tables,
  { from, to, reverse }: { from: number; to: number; reverse: boolean },
  transaction: Snapshot,
): Generator<Segment> {
  const entries = tables.segments.getRange({
    start: numberKey(reverse ? to : from),
    end: numberKey(reverse ? from : to),
    inclusiveEnd: true,
    reverse,
    transaction,
  });
  for (const { key, value } of entries) yield decodeSegment(numberOfKey(key), value);
}

function segmentOf(entry: ReturnType<typeof firstOf>): Segment | undefined {
  return entry && decodeSegment(numberOfKey(entry.key), entry.value);
}

function decodeSegment(first: number, bytes: Buffer): Segment {
  return {
    first,
    count: bytes.readUInt32LE(0),
    indexed: bytes.readUInt32LE(4) === 1,
    earliestUs: bytes.readDoubleLE(8),
    latestUs: bytes.readDoubleLE(16),
    latestSoFarUs: bytes.readDoubleLE(24),
  };
}

/** Options of a range of keys from `start` on, inclusive, or from `start` back. */
export interface RangeFrom {
  readonly start: Uint8Array;
  readonly end?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly transaction?: Snapshot;
}

/** The first entry of a range, or undefined when it is empty. */
export function firstOf(
  table: Table,
  range: RangeFrom,
): { key: Uint8Array; value: Buffer } | undefined {
  for (const entry of table.getRange({ ...range, limit: 1 })) return entry;
  return undefined;
}
