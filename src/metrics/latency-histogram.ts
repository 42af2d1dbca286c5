import type { Histogram } from 'hdr-histogram-js';
import type Float64Histogram from 'hdr-histogram-js/dist/Float64Histogram.js';
import { assert } from '../base/assert.js';
import { lazyPackage } from '../base/lazy-package.js';
import { readVarint, VARINT_BYTES_MAX, writeVarint } from './varint.js';

/** One hour. A longer time counts as this; `max` still tells the truth. */
const HIGHEST_US = 3_600_000_000;
const SIGNIFICANT_DIGITS = 3;

/*
 * The bucket layout of an HDR histogram with three digits, by which record() counts on its own:
 *
 *   value in µs     0 … 2047   2048 … 4095   4096 … 8191   …
 *   bucket width       1            2             4
 *   index           0 … 2047   2048 … 3071   3072 … 4095   …
 *
 * hdr-histogram-js spends 125 ns on a value, this 22 ns, and a message is recorded three times.
 */
const SUB_BUCKETS = 2_048;
const HALF = SUB_BUCKETS / 2;
const HALF_BITS = 10;
const INDEXES = indexOf(HIGHEST_US) + 1;

/**
 * The one kind of histogram that is used here, and only where percentiles are asked for: workers
 * never load it. The whole package would bring its WebAssembly and its compression along.
 */
const library = lazyPackage<{ readonly default: typeof Float64Histogram.default }>(
  'hdr-histogram-js/dist/Float64Histogram.js',
);

const ENCODING_VERSION = 1;
const HEADER_BYTES = 1 + 8 + 8;

function indexOf(us: number): number {
  const shift = 21 - Math.clz32(us | (SUB_BUCKETS - 1));
  return (shift << HALF_BITS) + (us >>> shift);
}

function lowestUsOf(index: number): number {
  if (index < SUB_BUCKETS) return index;
  const shift = (index >>> HALF_BITS) - 1;
  return ((index % HALF) + HALF) * 2 ** shift;
}

/**
 * Times in microseconds, to three significant digits. A worker records, sends `encode()` and
 * resets; the main thread merges with `add()`. Percentiles come from hdr-histogram-js, which is
 * filled only when they are asked for. About 190 KB, and as much again once it is read.
 */
export class LatencyHistogram {
  /** Counts of a server that runs for weeks pass 32 bits. */
  readonly #counts = new Float64Array(INDEXES);
  #usedIndexes = 0;
  #count = 0;
  #sumUs = 0;
  #maxUs = 0;
  #library: Histogram | undefined;
  #libraryCount = 0;

  /** Counts one time. Less than 0 (clocks of two threads may differ by a hair) counts as 0. */
  record(us: number): void {
    const whole = us > 0 ? Math.round(us) : 0;
    const index = indexOf(Math.min(whole, HIGHEST_US));
    this.#counts[index]!++;
    if (index >= this.#usedIndexes) this.#usedIndexes = index + 1;
    this.#count++;
    this.#sumUs += whole;
    if (whole > this.#maxUs) this.#maxUs = whole;
  }

  get count(): number {
    return this.#count;
  }

  /** Of all times, in µs; exact, not rounded to buckets. */
  get sum(): number {
    return this.#sumUs;
  }

  /** In µs; 0 when nothing was recorded. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sumUs / this.#count;
  }

  /** The longest time in µs; exact. */
  get max(): number {
    return this.#maxUs;
  }

  /** The time in µs that `percent` (0 to 100) of all times don't exceed; 0 when there are none. */
  percentile(percent: number): number {
    assert(percent >= 0 && percent <= 100, `no such percentile: ${percent}`);
    if (this.#count === 0) return 0;
    return Math.min(this.#filledLibrary().getValueAtPercentile(percent), this.#maxUs);
  }

  /** All times as bytes for `add()` in another thread. */
  encode(): Uint8Array<ArrayBuffer> {
    const used = this.#counts.subarray(0, this.#usedIndexes);
    let entries = 0;
    for (const count of used) if (count > 0) entries++;
    const bytes = new Uint8Array(HEADER_BYTES + entries * 2 * VARINT_BYTES_MAX);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, ENCODING_VERSION);
    view.setFloat64(1, this.#sumUs);
    view.setFloat64(9, this.#maxUs);
    let at = HEADER_BYTES;
    let previous = 0;
    for (let index = 0; index < used.length; index++) {
      const count = used[index]!;
      if (count === 0) continue;
      at = writeVarint(bytes, at, index - previous);
      at = writeVarint(bytes, at, count);
      previous = index;
    }
    return bytes.slice(0, at);
  }

  /** Merges what another histogram encoded. */
  add(encoded: Uint8Array): void {
    assert(encoded.length >= HEADER_BYTES, 'an encoded histogram ends too early');
    assert(encoded[0] === ENCODING_VERSION, 'not an encoded histogram');
    const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    this.#sumUs += view.getFloat64(1);
    this.#maxUs = Math.max(this.#maxUs, view.getFloat64(9));
    const cursor = { at: HEADER_BYTES };
    let index = 0;
    while (cursor.at < encoded.length) {
      index += readVarint(encoded, cursor);
      assert(index < INDEXES, 'an encoded histogram has another layout');
      const count = readVarint(encoded, cursor);
      this.#counts[index]! += count;
      this.#count += count;
    }
    this.#usedIndexes = Math.max(this.#usedIndexes, index + 1);
  }

  reset(): void {
    this.#counts.fill(0, 0, this.#usedIndexes);
    this.#usedIndexes = 0;
    this.#count = 0;
    this.#sumUs = 0;
    this.#maxUs = 0;
    this.#library?.reset();
    this.#libraryCount = 0;
  }

  #filledLibrary(): Histogram {
    this.#library ??= new (library().default)(1, HIGHEST_US, SIGNIFICANT_DIGITS);
    // Counts only grow between resets, so the same total means the same content.
    if (this.#libraryCount === this.#count) return this.#library;
    this.#library.reset();
    for (let index = 0; index < this.#usedIndexes; index++) {
      const count = this.#counts[index]!;
      if (count > 0) this.#library.recordValueWithCount(lowestUsOf(index), count);
    }
    this.#libraryCount = this.#count;
    return this.#library;
  }
}
