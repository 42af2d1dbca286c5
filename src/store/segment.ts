import type { Snapshot, Table } from './tables.js';

/**
 * The history is cut into segments of consecutive messages. A segment is the unit of the index
 * (one posting list per field value and segment) and of retention. Its record, little endian:
 *
 *    0 u32 messages              8 f64 earliest timestamp, µs    16 f64 latest timestamp, µs
 *   24 f64 latest timestamp of this and all earlier segments, µs
 */
export interface Segment {
  /** Number of its first message; its key. */
  readonly first: number;
  readonly count: number;
  readonly earliestUs: number;
  readonly latestUs: number;
  readonly latestSoFarUs: number;
}

export const SEGMENT_MESSAGES = 4096;
const SEGMENT_BYTES = 32;

export function encodeSegment(segment: Segment): Buffer {
  const bytes = Buffer.alloc(SEGMENT_BYTES);
  bytes.writeUInt32LE(segment.count, 0);
  bytes.writeDoubleLE(segment.earliestUs, 8);
  bytes.writeDoubleLE(segment.latestUs, 16);
  bytes.writeDoubleLE(segment.latestSoFarUs, 24);
  return bytes;
}

export function decodeSegment(first: number, bytes: Buffer): Segment {
  return {
    first,
    count: bytes.readUInt32LE(0),
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
