import { isUtf8Range } from '../base/utf8.js';
import { copyWords } from '../base/words.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const SMALL_E = 0x65;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Levels, and keys of one object, up to which a value is plain. */
const DEPTH_MAX = 32;
const KEYS_MAX = 24;
/** Whole numbers of so many digits are printed as they were written. */
const DIGITS_MAX = 15;
/** No number that is printed is longer. */
const NUMBER_CHARACTERS_MAX = 32;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');
const PROTO = Buffer.from('__proto__');

/** What a byte is inside of a string. */
const PLAIN_BYTE = 0;
const END_BYTE = 1;
const ESCAPE_BYTE = 2;
const WIDE_BYTE = 3;
const REFUSED_BYTE = 4;
const IN_STRING = new Uint8Array(256).fill(REFUSED_BYTE, 0, 0x20).fill(WIDE_BYTE, 0x80);
IN_STRING[QUOTE] = END_BYTE;
IN_STRING[BACKSLASH] = ESCAPE_BYTE;

/** 1 for what stands behind a backslash where JSON.stringify writes the escape the same way. */
const SHORT_ESCAPE = new Uint8Array(256);
for (const byte of Buffer.from('"\\bfnrt')) SHORT_ESCAPE[byte] = 1;

const FIRST_BYTES = 4 * 1024;
/** A larger buffer isn't kept for the next value. */
const KEPT_BYTES = 1024 * 1024;

/** Behind the white space that may stand between two tokens. */
export function skipSpace(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

function isSpace(byte: number): boolean {
  return byte <= SPACE && (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09);
}

/**
 * Finds the end of a JSON value and makes sure that it is one, byte by byte: no object is made of
 * it. What it takes is, without white space, what `JSON.stringify` would print of the parsed value;
 * the unusual it declines: escapes by number, numbers printed otherwise than written, keys that an
 * object would put in another order, keys given twice, whatever is malformed.
 */
export class PlainJsonReader {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #limit = 0;
  #spaces = 0;
  #wide = false;
  #scratch: Buffer | undefined;
  /** Where keys of the objects begin that are open, and their lengths. */
  readonly #keys = new Int32Array((DEPTH_MAX + 1) * KEYS_MAX * 2);

  /** Bytes of the value that was read, without white space. */
  get length(): number {
    return this.#end - this.#start - this.#spaces;
  }

  get isAscii(): boolean {
    return !this.#wide;
  }

  /**
   * @param limit behind the last byte that may be read
   * @returns where the value ends that begins at `start`; -1 when it is not a plain one
   */
  read(bytes: Buffer, start: number, limit: number): number {
    this.#bytes = bytes;
    this.#start = start;
    this.#limit = limit;
    this.#spaces = 0;
    this.#wide = false;
    const end = this.#value(start, 0);
    if (end < 0 || (this.#wide && !isUtf8Range(bytes, start, end))) return -1;
    this.#end = end;
    return end;
  }

  /** The value that was read, without white space. */
  text(): string {
    const encoding = this.#wide ? 'utf8' : 'latin1';
    if (this.#spaces === 0) return this.#bytes.toString(encoding, this.#start, this.#end);
    return this.#compact().toString(encoding, 0, this.length);
  }

  /** Writes it so, `length` bytes. @param view over the memory in which it was read */
  writeTo(target: DataView, at: number, view: DataView): void {
    if (this.#spaces === 0) {
      copyWords(target, at, view, this.#start, this.length);
      return;
    }
    const { buffer, byteOffset, length } = this.#compact();
    copyWords(target, at, new DataView(buffer, byteOffset, length), 0, this.length);
  }

  #compact(): Buffer {
    const source = this.#bytes;
    const needed = this.#end - this.#start;
    let target = this.#scratch;
    if (target === undefined || target.length < needed) {
      target = Buffer.allocUnsafeSlow(Math.max(needed, FIRST_BYTES));
      this.#scratch = target.length > KEPT_BYTES ? undefined : target;
    }
    let at = 0;
    let inString = false;
    for (let i = this.#start; i < this.#end; i++) {
      const byte = source[i]!;
      if (!inString && isSpace(byte)) continue;
      target[at++] = byte;
      if (byte === QUOTE) inString = !inString;
      else if (inString && byte === BACKSLASH) target[at++] = source[++i]!;
    }
    return target;
  }

  /** @returns where the value ends; -1 when it is not a plain one */
  #value(at: number, depth: number): number {
    if (at >= this.#limit) return -1;
    switch (this.#bytes[at]) {
      case QUOTE:
        return this.#string(at + 1);
      case OPEN_BRACE:
        return this.#object(at + 1, depth);
      case OPEN_BRACKET:
        return this.#array(at + 1, depth);
      case 0x74:
        return this.#word(at, TRUE);
      case 0x66:
        return this.#word(at, FALSE);
      case 0x6e:
        return this.#word(at, NULL);
      default:
        return this.#number(at);
    }
  }

  /** @returns behind white space */
  #space(start: number): number {
    if (start >= this.#limit || this.#bytes[start]! > SPACE) return start;
    const at = skipSpace(this.#bytes, start, this.#limit);
    this.#spaces += at - start;
    return at;
  }

  #string(start: number): number {
    const bytes = this.#bytes;
    const limit = this.#limit;
    for (let at = start; at < limit; at++) {
      const kind = IN_STRING[bytes[at]!];
      if (kind === PLAIN_BYTE) continue;
      if (kind === END_BYTE) return at + 1;
      if (kind === WIDE_BYTE) this.#wide = true;
      else if (kind === ESCAPE_BYTE && at + 1 < limit && SHORT_ESCAPE[bytes[at + 1]!] === 1) at++;
      else return -1;
    }
    return -1;
  }

  #object(start: number, depth: number): number {
    if (depth === DEPTH_MAX) return -1;
    const bytes = this.#bytes;
    let at = this.#space(start);
    if (at < this.#limit && bytes[at] === CLOSE_BRACE) return at + 1;
    for (let count = 0; count < KEYS_MAX; count++) {
      at = this.#key(at, depth * KEYS_MAX * 2, count);
      if (at < 0) return -1;
      at = this.#space(at);
      if (at >= this.#limit || bytes[at] !== COLON) return -1;
      at = this.#value(this.#space(at + 1), depth + 1);
      if (at < 0) return -1;
      at = this.#space(at);
      if (at >= this.#limit) return -1;
      if (bytes[at] === CLOSE_BRACE) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at = this.#space(at + 1);
    }
    return -1;
  }

  #key(at: number, first: number, index: number): number {
    const bytes = this.#bytes;
    if (at >= this.#limit || bytes[at] !== QUOTE) return -1;
    const start = at + 1;
    const end = this.#string(start);
    if (end < 0) return -1;
    const length = end - 1 - start;
    const head = bytes[start]!;
    // An object has keys that are numbers before all others.
    if (head >= ZERO && head <= NINE) return -1;
    if (length === PROTO.length && this.#isAt(start, PROTO, 0, length)) return -1;
    const keys = this.#keys;
    for (let i = first; i < first + index * 2; i += 2) {
      // The last of two has its value, and the first its place.
      if (keys[i + 1] === length && this.#isAt(start, bytes, keys[i]!, length)) return -1;
    }
    keys[first + index * 2] = start;
    keys[first + index * 2 + 1] = length;
    return end;
  }

  #isAt(start: number, other: Uint8Array, from: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.#bytes[start + i] !== other[from + i]) return false;
    return true;
  }

  #array(start: number, depth: number): number {
    if (depth === DEPTH_MAX) return -1;
    const bytes = this.#bytes;
    let at = this.#space(start);
    if (at < this.#limit && bytes[at] === CLOSE_BRACKET) return at + 1;
    for (;;) {
      at = this.#value(at, depth + 1);
      if (at < 0) return -1;
      at = this.#space(at);
      if (at >= this.#limit) return -1;
      if (bytes[at] === CLOSE_BRACKET) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at = this.#space(at + 1);
    }
  }

  #word(at: number, word: Uint8Array): number {
    if (at + word.length > this.#limit || !this.#isAt(at, word, 0, word.length)) return -1;
    return at + word.length;
  }

  #number(start: number): number {
    const first = start + (this.#bytes[start] === MINUS ? 1 : 0);
    const at = this.#digits(first);
    if (at === first) return -1;
    const next = at < this.#limit ? this.#bytes[at]! : 0;
    const isWhole = next !== DOT && (next | 0x20) !== SMALL_E;
    const isSmall = at - first <= DIGITS_MAX;
    const isCanonical = this.#bytes[first] !== ZERO || (at === first + 1 && first === start);
    return isWhole && isSmall && isCanonical ? at : this.#printedNumber(start);
  }

  #digits(start: number): number {
    let at = start;
    while (at < this.#limit && this.#bytes[at]! >= ZERO && this.#bytes[at]! <= NINE) at++;
    return at;
  }

  /** A number of another form is plain when it is printed as it was written. */
  #printedNumber(start: number): number {
    const longest = Math.min(this.#limit, start + NUMBER_CHARACTERS_MAX);
    let end = start;
    while (end < longest && isOfNumber(this.#bytes[end]!)) end++;
    const text = this.#bytes.toString('latin1', start, end);
    // What begins or ends otherwise than JSON has it is not printed so.
    return Number.isFinite(Number(text)) && String(Number(text)) === text ? end : -1;
  }
}

/** A digit, or one of `-`, `+`, `.`, `e`, `E`. */
function isOfNumber(byte: number): boolean {
  return (
    (byte >= ZERO && byte <= NINE) ||
    byte === MINUS ||
    byte === DOT ||
    byte === 0x2b ||
    (byte | 0x20) === SMALL_E
  );
}
