import { numberKey } from './keys.js';
import { firstSegment, type Segment } from './segment.js';
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
  const oldest = firstSegment(tables);
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
  const oldest = firstSegment(tables);
  return oldest !== undefined && isBeyond(oldest, state, limits, nowMs);
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
  for (const table of [tables.messages, tables.postings]) {
    // Taken first: what a cursor stands on is not removed under it.
    for (const key of [...table.getKeys(range)]) table.removeSync(key);
  }
  tables.segments.removeSync(numberKey(segment.first));
}
