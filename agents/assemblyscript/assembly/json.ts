// A scanner, not a parser: it finds where values begin and end and copies nothing. It reads what
// the host wrote, which is valid JSON; anything else ends early but never runs past the end.
//
// Sixteen bytes are looked at in one step, so regions have some bytes to spare behind their end.

import { parseNumber } from "./number";
import { BACKSLASH, QUOTE, bytesEqual, textEquals } from "./text";

const OPEN: u8 = 0x7b;
const CLOSE: u8 = 0x7d;

/** A piece of JSON text in memory: a value with its quotes or brackets. Empty = not there. */
@unmanaged
export class Slice {
  start: usize = 0;
  end: usize = 0;

  get length(): usize {
    return this.end - this.start;
  }

  get found(): bool {
    return this.end != this.start;
  }

  clear(): void {
    this.start = 0;
    this.end = 0;
  }

  /** Whether this is a JSON string with this ASCII text. */
  is(text: string): bool {
    if (this.length < 2 || load<u8>(this.start) != QUOTE) return false;
    return textEquals(this.start + 1, this.end - 1, text);
  }

  /** Whether this is a JSON string with this ASCII text, written without escapes. */
  isPlain(text: string): bool {
    return this.length >= 2 && bytesEqual(this.start + 1, this.end - 1, text);
  }

  /** The number, or NaN when this is none. */
  get number(): f64 {
    return parseNumber(this.start, this.end);
  }
}

/** Between values, JSON has no other byte as low as a space but those that count as space. */
@inline
function isSpace(byte: u8): bool {
  return byte <= 0x20;
}

function skipSpace(at: usize, end: usize): usize {
  while (at < end && isSpace(load<u8>(at))) at++;
  return at;
}

@inline
function maskOf(block: v128, byte: u8): u32 {
  return <u32>i8x16.bitmask(i8x16.eq(block, i8x16.splat(<i8>byte)));
}

/**
 * Which of sixteen bytes come behind a backslash that is not itself escaped, told from where runs
 * of backslashes start and end (Langdale and Lemire, Parsing Gigabytes of JSON per Second, 3.1.1).
 * @param carried 1 when the byte before these sixteen escapes the first; bit 16 of the result is
 * the same for the next
 */
@inline
function escapedBits(backslashes: u32, carried: u32): u32 {
  const escapes = backslashes & ~carried;
  const starts = escapes & ~(escapes << 1);
  // Adding a run's start to the run carries a bit to just behind its end.
  const evenRunEnds = (escapes + (starts & 0x5555)) & ~escapes;
  const oddRunEnds = (escapes + (starts & 0xaaaa)) & ~escapes;
  return (evenRunEnds & 0xaaaa) | (oddRunEnds & 0x15555) | carried;
}

/** From an opening quote to behind the closing one. */
function skipString(at: usize, end: usize): usize {
  let carried: u32 = 0;
  at++;
  while (at < end) {
    const block = v128.load(at);
    const backslashes = maskOf(block, BACKSLASH);
    let quotes = maskOf(block, QUOTE);
    if ((backslashes | carried) != 0) {
      const escaped = escapedBits(backslashes, carried);
      quotes &= ~escaped;
      carried = escaped >>> 16;
    }
    if (quotes != 0) return min(at + <usize>ctz(quotes) + 1, end);
    at += 16;
  }
  return end;
}

/** For each bit, whether the number of set bits up to and with it is odd. Sixteen bits. */
@inline
function prefixXor(bits: u32): u32 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  return bits & 0xffff;
}

/** From an opening bracket to behind its closing one. */
function skipContainer(at: usize, end: usize): usize {
  let depth: i32 = 0;
  let inString: u32 = 0;
  let carried: u32 = 0;
  while (at < end) {
    const block = v128.load(at);
    const backslashes = maskOf(block, BACKSLASH);
    let quotes = maskOf(block, QUOTE);
    if ((backslashes | carried) != 0) {
      const escaped = escapedBits(backslashes, carried);
      quotes &= ~escaped;
      carried = escaped >>> 16;
    }
    if (inString != 0 && quotes == 0) {
      at += 16;
      continue;
    }
    // Bit 5 is all that tells "[" from "{" and "]" from "}".
    const folded = v128.or(block, i8x16.splat(0x20));
    const inside = prefixXor(quotes) ^ inString;
    let opens = maskOf(folded, OPEN) & ~inside;
    let closes = maskOf(folded, CLOSE) & ~inside;
    if (depth > 0) {
      // An empty container in this one changes nothing.
      const empty = closes & (opens << 1);
      closes ^= empty;
      opens ^= empty >>> 1;
    }
    const closed = <i32>popcnt(closes);
    const depthAfter = depth + <i32>popcnt(opens) - closed;
    if (depth <= closed) {
      // The end may be here: look at each closing bracket with those that opened before it.
      let closedBefore = 0;
      while (closes != 0) {
        closedBefore++;
        if (depth + <i32>popcnt(opens & ((closes & (0 - closes)) - 1)) == closedBefore) {
          return min(at + <usize>ctz(closes) + 1, end);
        }
        closes &= closes - 1;
      }
    }
    depth = depthAfter;
    inString = (inside & 0x8000) == 0 ? 0 : 0xffff;
    at += 16;
  }
  return end;
}

/** From the first byte of a value to behind its last. */
export function skipValue(at: usize, end: usize): usize {
  if (at >= end) return end;
  const first = load<u8>(at);
  if (first == QUOTE) return skipString(at, end);
  if ((first | 0x20) == OPEN) return skipContainer(at, end);
  while (at < end) {
    const byte = load<u8>(at);
    if (byte == 0x2c || (byte | 0x20) == CLOSE || isSpace(byte)) break;
    at++;
  }
  return at;
}

let cursor: usize = 0;
let limit: usize = 0;
const key = changetype<Slice>(memory.data(8, 4));
/** The value of the field or element that `nextField` or `nextElement` came to. */
export const value = changetype<Slice>(memory.data(8, 4));

/** Starts on the fields of an object or the elements of an array, one container at a time. */
function open(start: usize, end: usize, bracket: u8): bool {
  limit = end;
  cursor = skipSpace(start, end);
  if (cursor >= end || load<u8>(cursor) != bracket) return false;
  cursor++;
  return true;
}

export function openObject(start: usize, end: usize): bool {
  return open(start, end, 0x7b);
}

export function openArray(start: usize, end: usize): bool {
  return open(start, end, 0x5b);
}

/** Moves to the next element of the array; false behind the last. */
export function nextElement(): bool {
  let at = skipSpace(cursor, limit);
  if (at < limit && load<u8>(at) == 0x2c) at = skipSpace(at + 1, limit);
  if (at >= limit || (load<u8>(at) | 0x20) == CLOSE) return false;
  value.start = at;
  value.end = skipValue(at, limit);
  cursor = value.end;
  return true;
}

/** Moves to the next field of the object; false behind the last. */
export function nextField(): bool {
  let at = skipSpace(cursor, limit);
  if (at < limit && load<u8>(at) == 0x2c) at = skipSpace(at + 1, limit);
  if (at >= limit || load<u8>(at) != QUOTE) return false;
  key.start = at + 1;
  at = skipString(at, limit);
  key.end = at - 1;
  at = skipSpace(at, limit);
  if (at >= limit) return false;
  at = skipSpace(at + 1, limit);
  value.start = at;
  value.end = skipValue(at, limit);
  cursor = value.end;
  return true;
}

/** Whether the field at hand has this ASCII name. */
@inline
export function keyIs(name: string): bool {
  return textEquals(key.start, key.end, name);
}

/** Whether the field at hand has this ASCII name, written without escapes. */
@inline
export function plainKeyIs(name: string): bool {
  return bytesEqual(key.start, key.end, name);
}

/** Looks for a field of an object and leaves what it finds in `result`. */
export function findField(object: Slice, name: string, result: Slice): bool {
  let start: usize = 0;
  let end: usize = 0;
  if (openObject(object.start, object.end)) {
    while (nextField()) {
      if (!keyIs(name)) continue;
      start = value.start;
      end = value.end;
    }
  }
  result.start = start;
  result.end = end;
  return end != start;
}
