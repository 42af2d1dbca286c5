import { assert } from '../base/assert.js';
import { readVarint, VARINT_BYTES_MAX, writeVarint } from './varint.js';

/** One hour. A longer time counts as this; `maxUs` still tells the truth. */
const HIGHEST_US = 3_600_000_000;

/*
 * The bucket layout of an HDR histogram, coarser than that of LatencyHistogram: a value is off by
 * at most 1 %, and 7 KB are enough to have one for each busy agent. The buckets in which the times
 * of one agent lie fit a few lines of the cache; recording takes about 10 ns, and 30 ns when four
 * thousand agents take turns.
 *
 *   value in µs     0 … 127   128 … 255   256 … 511   …
 *   bucket width       1           2           4
 *   index           0 … 127   128 … 191   192 … 255   …
 */
const SUB_BUCKETS = 128;
const HALF = SUB_BUCKETS / 2;
const HALF_BITS = 6;
const COUNT_MAX = 0xffff_ffff;
const INDEXES = indexOf(HIGHEST_US) + 1;

function indexOf(us: number): number {
  const shift = 25 - Math.clz32(us | (SUB_BUCKETS - 1));
  return (shift << HALF_BITS) + (us >>> shift);
}

/** The middle of a bucket, so that it is wrong by the least. */
function middleUsOf(index: number): number {
  if (index < SUB_BUCKETS) return index;
  const width = 2 ** ((index >>> HALF_BITS) - 1);
  return ((index % HALF) + HALF) * width + (width - 1) / 2;
}

/**
 * The longest time, then pairs of distance to the next index and count, each a varint. As a text
 * of one Latin-1 character for each byte: an array of bytes takes 300 more, and busy agents keep
 * hundreds of them.
 */
export type EncodedLatencies = string;

/** How often each latency occurred, in microseconds and to 1 %. For figures of single agents. */
export class LatencyCounts {
  readonly #counts = new Uint32Array(INDEXES);
  #usedIndexes = 0;
  #count = 0;
  #maxUs = 0;

  /** Counts one time. Less than 0 counts as 0. */
  record(us: number): void {
    const whole = us > 0 ? Math.round(us) : 0;
    const index = indexOf(Math.min(whole, HIGHEST_US));
    this.#counts[index]!++;
    if (index >= this.#usedIndexes) this.#usedIndexes = index + 1;
    this.#count++;
    if (whole > this.#maxUs) this.#maxUs = whole;
  }

  get count(): number {
    return this.#count;
  }

  /** The longest time in µs; exact. */
  get maxUs(): number {
    return this.#maxUs;
  }

  /** The time in µs that `percent` (0 to 100) of all times don't exceed; 0 when there are none. */
  percentileUs(percent: number): number {
    assert(percent >= 0 && percent <= 100, `no such percentile: ${percent}`);
    const wanted = Math.max(1, Math.ceil((percent * this.#count) / 100));
    let seen = 0;
    for (let index = 0; index < this.#usedIndexes; index++) {
      seen += this.#counts[index]!;
      if (seen >= wanted) return Math.min(middleUsOf(index), this.#maxUs);
    }
    return 0;
  }

  /** All times, for `add`. */
  encode(): EncodedLatencies {
    const used = this.#counts.subarray(0, this.#usedIndexes);
    let entries = 0;
    for (const count of used) if (count > 0) entries++;
    const bytes = Buffer.allocUnsafe((1 + entries * 2) * VARINT_BYTES_MAX);
    let at = writeVarint(bytes, 0, this.#maxUs);
    let previous = 0;
    for (let index = 0; index < used.length; index++) {
      const count = used[index]!;
      if (count === 0) continue;
      at = writeVarint(bytes, at, index - previous);
      at = writeVarint(bytes, at, count);
      previous = index;
    }
    return bytes.toString('latin1', 0, at);
  }

  /** Merges what others encoded. */
  add(encoded: EncodedLatencies): void {
    const entries = new Entries(encoded);
    this.#maxUs = Math.max(this.#maxUs, entries.maxUs);
    for (; entries.index < END; entries.next()) {
      // A day of an agent that does nothing else may pass 32 bits: such a bucket stays full.
      const before = this.#counts[entries.index]!;
      const after = Math.min(before + entries.count, COUNT_MAX);
      this.#counts[entries.index] = after;
      this.#count += after - before;
      this.#usedIndexes = Math.max(this.#usedIndexes, entries.index + 1);
    }
  }

  reset(): void {
    this.#counts.fill(0, 0, this.#usedIndexes);
    this.#usedIndexes = 0;
    this.#count = 0;
    this.#maxUs = 0;
  }
}

/** Behind the last entry. */
const END = Number.POSITIVE_INFINITY;

/** Goes through what is encoded, from the lowest index to the highest. */
class Entries {
  readonly maxUs: number;
  index = 0;
  count = 0;
  readonly #bytes: Buffer;
  readonly #cursor = { at: 0 };

  constructor(encoded: EncodedLatencies) {
    this.#bytes = Buffer.from(encoded, 'latin1');
    this.maxUs = readVarint(this.#bytes, this.#cursor);
    this.next();
  }

  next(): void {
    if (this.#cursor.at === this.#bytes.length) {
      this.index = END;
      return;
    }
    this.index += readVarint(this.#bytes, this.#cursor);
    assert(this.index < INDEXES, 'encoded counts have another layout');
    this.count = readVarint(this.#bytes, this.#cursor);
  }
}

/** Two encoded ones as one. */
export function mergeLatencies(
  one: EncodedLatencies | undefined,
  other: EncodedLatencies | undefined,
): EncodedLatencies | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const left = new Entries(one);
  const right = new Entries(other);
  // Distances get shorter, and no sum is longer than both parts together.
  const bytes = Buffer.allocUnsafe(one.length + other.length);
  let at = writeVarint(bytes, 0, Math.max(left.maxUs, right.maxUs));
  let previous = 0;
  while (left.index < END || right.index < END) {
    const index = Math.min(left.index, right.index);
    const count =
      (left.index === index ? left.count : 0) + (right.index === index ? right.count : 0);
    at = writeVarint(bytes, at, index - previous);
    at = writeVarint(bytes, at, count);
    previous = index;
    if (left.index === index) left.next();
    if (right.index === index) right.next();
  }
  return bytes.toString('latin1', 0, at);
}
