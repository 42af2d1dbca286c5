import { putUint16 } from '../base/little-endian.js';

/**
 * The index of the history. For each segment, field and group of values there is one entry; a value
 * belongs to the group that its hash says. So a commit writes at most as many entries as there are
 * groups, however many different values its messages have, and all of a segment lie together.
 *
 * An entry's value, little endian, one after the other for each value of the field:
 *
 *   u16 bytes of the text · the text, UTF-8 · u16 messages · u16 × messages: their places in the
 *   segment, ascending
 */
export const POSTING_GROUPS = 256;

/** Which group a value belongs to. Stored: the result never changes (FNV-1a, folded to 8 bits). */
export function postingGroupOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 8) ^ (hash >>> 16) ^ (hash >>> 24)) & (POSTING_GROUPS - 1);
}

/** Writes one entry after the other. */
export class PostingGroupWriter {
  #bytes = Buffer.allocUnsafeSlow(4 * 1024);
  #at = 0;

  begin(): void {
    this.#at = 0;
  }

  /** A value, which lies in a range of bytes; so many places follow. */
  value(source: Buffer, start: number, end: number, places: number): void {
    this.#makeRoom(4 + (end - start) + places * 2);
    const bytes = this.#bytes;
    putUint16(bytes, this.#at, end - start);
    let at = this.#at + 2;
    for (let i = start; i < end; i++) bytes[at++] = source[i]!;
    putUint16(bytes, at, places);
    this.#at = at + 2;
  }

  /** A message's place in its segment, below 65,536; greater than the one before. */
  place(place: number): void {
    putUint16(this.#bytes, this.#at, place);
    this.#at += 2;
  }

  /** The bytes are valid until the next `begin`. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow((this.#at + bytes) * 2);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** The places of one value; undefined when the group doesn't have it. @param text in UTF-8 */
export function findPostings(group: Buffer, text: Uint8Array): Uint16Array | undefined {
  let at = 0;
  while (at < group.length) {
    const start = at + 2;
    const end = start + group.readUInt16LE(at);
    const count = group.readUInt16LE(end);
    if (equals(group, start, end, text)) return placesAt(group, end + 2, count);
    at = end + 2 + count * 2;
  }
  return undefined;
}

// From the end: ids differ there first.
function equals(group: Buffer, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false;
  for (let i = text.length - 1; i >= 0; i--) if (group[start + i] !== text[i]) return false;
  return true;
}

function placesAt(group: Buffer, start: number, count: number): Uint16Array {
  const places = new Uint16Array(count);
  for (let i = 0; i < count; i++) {
    places[i] = group[start + i * 2]! | (group[start + i * 2 + 1]! << 8);
  }
  return places;
}
