import { POSTING_GROUPS, type PostingGroupWriter, postingGroupOf } from './posting-group.js';
import { SEGMENT_MESSAGES } from './segment.js';

/** Places for values, a power of two: half of them stay empty. */
const SLOTS = 2 * SEGMENT_MESSAGES;
const FIRST_TEXT_BYTES = 4 * 1024;

/**
 * The values of one field of the messages of one segment, and which messages have each. Values are
 * told apart by their bytes, in tables that are used again for the next segment: in a busy history
 * every message may begin a conversation, and a string and a list for each would cost more than all
 * the rest of the index.
 */
export class FieldIndex {
  /** Hash table with linear probing: 1 + the number of a value, 0 = empty. */
  readonly #slots = new Int32Array(SLOTS);
  readonly #hashes = new Int32Array(SEGMENT_MESSAGES);
  readonly #textStarts = new Int32Array(SEGMENT_MESSAGES);
  readonly #textBytes = new Int32Array(SEGMENT_MESSAGES);
  readonly #counts = new Int32Array(SEGMENT_MESSAGES);
  readonly #firstPlaces = new Int32Array(SEGMENT_MESSAGES);
  readonly #lastPlaces = new Int32Array(SEGMENT_MESSAGES);
  /** Behind each message, the next one with the same value. */
  readonly #nextPlaces = new Int32Array(SEGMENT_MESSAGES);
  /** Values of one group: 1 + the number of the first, and behind each that of the next. */
  readonly #groups = new Int32Array(POSTING_GROUPS);
  readonly #nextOfGroup = new Int32Array(SEGMENT_MESSAGES);
  #texts = Buffer.allocUnsafeSlow(FIRST_TEXT_BYTES);
  #textsEnd = 0;
  #values = 0;
  /** The value of the last message: the next one often has the same. */
  #last = -1;

  clear(): void {
    this.#slots.fill(0);
    this.#groups.fill(0);
    this.#textsEnd = 0;
    this.#values = 0;
    this.#last = -1;
  }

  /**
   * The message at this place has the text that lies in a range of bytes; none when it is empty.
   * @param place greater than those before, below SEGMENT_MESSAGES
   */
  add(source: Buffer, start: number, end: number, place: number): void {
    if (start === end) return;
    if (this.#last < 0 || !this.#isText(this.#last, source, start, end)) {
      this.#last = this.#find(source, start, end);
    }
    const value = this.#last;
    if (this.#counts[value] === 0) this.#firstPlaces[value] = place;
    else this.#nextPlaces[this.#lastPlaces[value]!] = place;
    this.#lastPlaces[value] = place;
    this.#counts[value]! += 1;
  }

  /** Gives each group that has values. The bytes are valid only during the call. */
  write(writer: PostingGroupWriter, put: (group: number, bytes: Buffer) => void): void {
    for (let group = 0; group < POSTING_GROUPS; group++) {
      const first = this.#groups[group]! - 1;
      if (first >= 0) put(group, this.#encode(writer, first));
    }
  }

  #encode(writer: PostingGroupWriter, first: number): Buffer {
    writer.begin();
    for (let value = first; value >= 0; value = this.#nextOfGroup[value]! - 1) {
      const start = this.#textStarts[value]!;
      const count = this.#counts[value]!;
      writer.value(this.#texts, start, start + this.#textBytes[value]!, count);
      let place = this.#firstPlaces[value]!;
      for (let i = 0; i < count; i++) {
        writer.place(place);
        place = this.#nextPlaces[place]!;
      }
    }
    return writer.finish();
  }

  #find(source: Buffer, start: number, end: number): number {
    let hash = 0x811c9dc5;
    let bits = 0;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      bits |= byte;
      hash = Math.imul(hash ^ byte, 0x01000193);
    }
    let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    for (let found = this.#slots[slot]!; found > 0; found = this.#slots[slot]!) {
      const value = found - 1;
      if (this.#hashes[value] === hash && this.#isText(value, source, start, end)) return value;
      slot = (slot + 1) & (SLOTS - 1);
    }
    this.#slots[slot] = this.#values + 1;
    return this.#add(source, start, end, hash, bits < 0x80);
  }

  #add(source: Buffer, start: number, end: number, hash: number, isAscii: boolean): number {
    const value = this.#values++;
    this.#hashes[value] = hash;
    this.#counts[value] = 0;
    this.#keepText(value, source, start, end);
    // By characters, which ASCII's bytes are.
    const group = isAscii ? groupOfHash(hash) : postingGroupOf(source.toString('utf8', start, end));
    this.#nextOfGroup[value] = this.#groups[group]!;
    this.#groups[group] = value + 1;
    return value;
  }

  #keepText(value: number, source: Buffer, start: number, end: number): void {
    const length = end - start;
    if (this.#textsEnd + length > this.#texts.length) {
      const larger = Buffer.allocUnsafeSlow(this.#texts.length * 2 + length);
      this.#texts.copy(larger, 0, 0, this.#textsEnd);
      this.#texts = larger;
    }
    const at = this.#textsEnd;
    for (let i = 0; i < length; i++) this.#texts[at + i] = source[start + i]!;
    this.#textStarts[value] = at;
    this.#textBytes[value] = length;
    this.#textsEnd = at + length;
  }

  // From the end: ids differ there first.
  #isText(value: number, source: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (this.#textBytes[value] !== length) return false;
    const at = this.#textStarts[value]!;
    for (let i = length - 1; i >= 0; i--) {
      if (this.#texts[at + i] !== source[start + i]) return false;
    }
    return true;
  }
}

function groupOfHash(hash: number): number {
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (POSTING_GROUPS - 1);
}
