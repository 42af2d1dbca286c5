import { randomInt } from 'node:crypto';

/** Of a place: the two halves of the fingerprint, and the time of birth over the other two. */
const WORDS = 4;
/** Places of one half of the table for each conversation that it takes: half of them stay empty. */
const ROOM = 2;

/**
 * When conversations began, for the last so many of them. They are kept in two halves: a message
 * puts its conversation into the younger half, and when that is full, the older one is emptied and
 * becomes the younger. So one that was spoken in is forgotten after as many others at the earliest,
 * twice as many at the latest, and nothing needs to be moved for it to stay.
 *
 * Of an id there are 64 bits, of two hashes that begin with random numbers: nobody can choose ids
 * that crowd one place or are taken for one another. A place is 16 bytes; nothing is allocated but
 * at the beginning.
 */
export class BirthTable {
  readonly #capacity: number;
  readonly #seed = [randomInt(2 ** 32) | 0, randomInt(2 ** 32) | 0] as const;
  #young: Half;
  #old: Half;
  // The fingerprint of the id that was hashed last: two numbers, without an object for them.
  #low = 0;
  #high = 0;

  /** @param capacity conversations of each half, a power of two */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#young = new Half(capacity * ROOM);
    this.#old = new Half(capacity * ROOM);
  }

  /** Whether it is known; where it is, it counts as spoken in just now. */
  touch(id: string): boolean {
    this.#hash(id);
    if (this.#young.find(this.#low, this.#high) >= 0) return true;
    const at = this.#old.find(this.#low, this.#high);
    if (at < 0) return false;
    this.#add(this.#old.bornMs(at));
    return true;
  }

  /** Adds the one that `touch` has just found missing. */
  addTouched(bornMs: number): void {
    this.#add(bornMs);
  }

  /** As `touch`, but its birth is this one from now on, whether it was known or not. */
  put(id: string, bornMs: number): void {
    if (this.touch(id)) this.#young.setBornMs(this.#young.find(this.#low, this.#high), bornMs);
    else this.#add(bornMs);
  }

  /** Whether the next one that it doesn't know begins another half. */
  get full(): boolean {
    return this.#young.count === this.#capacity;
  }

  /** Undefined when it isn't known. */
  bornMs(id: string): number | undefined {
    this.#hash(id);
    const at = this.#young.find(this.#low, this.#high);
    if (at >= 0) return this.#young.bornMs(at);
    const before = this.#old.find(this.#low, this.#high);
    return before < 0 ? undefined : this.#old.bornMs(before);
  }

  #add(bornMs: number): void {
    if (this.#young.count === this.#capacity) {
      const emptied = this.#old;
      emptied.clear();
      this.#old = this.#young;
      this.#young = emptied;
    }
    this.#young.add(this.#low, this.#high, bornMs);
  }

  // Two lanes of multiply and rotate: without the rotation low bits would depend on low bits alone,
  // whatever the seed.
  #hash(id: string): void {
    let low = this.#seed[0];
    let high = this.#seed[1];
    for (let i = 0; i < id.length; i++) {
      const unit = id.charCodeAt(i);
      low = Math.imul(low ^ unit, 0x9e3779b1);
      low = (low << 13) | (low >>> 19);
      high = Math.imul(high ^ unit, 0x85ebca77);
      high = (high << 15) | (high >>> 17);
    }
    low = Math.imul(low ^ (low >>> 16) ^ high, 0x85ebca6b);
    high = Math.imul(high ^ (high >>> 16) ^ low, 0xc2b2ae35);
    low = Math.imul(low ^ (low >>> 13) ^ id.length, 0xc2b2ae35);
    this.#low = low ^ (low >>> 16);
    // Both halves 0 are an empty place.
    this.#high = high ^ (high >>> 16) || 1;
  }
}

/** A hash table with linear probing from which nothing is taken out one by one. */
class Half {
  readonly #words: Int32Array;
  readonly #times: Float64Array;
  readonly #mask: number;
  count = 0;

  constructor(places: number) {
    const bytes = new ArrayBuffer(places * WORDS * 4);
    this.#words = new Int32Array(bytes);
    this.#times = new Float64Array(bytes);
    this.#mask = places - 1;
  }

  /** The place; -1 when it isn't there. */
  find(low: number, high: number): number {
    const words = this.#words;
    let at = low & this.#mask;
    for (;;) {
      const found = words[at * WORDS + 1];
      if (found === 0) return -1;
      if (found === high && words[at * WORDS] === low) return at;
      at = (at + 1) & this.#mask;
    }
  }

  bornMs(at: number): number {
    return this.#times[at * 2 + 1] as number;
  }

  setBornMs(at: number, bornMs: number): void {
    this.#times[at * 2 + 1] = bornMs;
  }

  /** It must not be there yet. */
  add(low: number, high: number, bornMs: number): void {
    const words = this.#words;
    let at = low & this.#mask;
    while (words[at * WORDS + 1] !== 0) at = (at + 1) & this.#mask;
    words[at * WORDS] = low;
    words[at * WORDS + 1] = high;
    this.#times[at * 2 + 1] = bornMs;
    this.count += 1;
  }

  clear(): void {
    if (this.count > 0) this.#words.fill(0);
    this.count = 0;
  }
}
