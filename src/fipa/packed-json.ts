import { isUtf8Range } from '../base/utf8.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const NINE = 0x39;

/** Levels, and keys of one object, up to which content is plain. */
const DEPTH_MAX = 32;
const KEYS_MAX = 24;

const FIRST_BYTES = 4 * 1024;
/** A larger buffer isn't kept for the next content. */
const KEPT_BYTES = 1024 * 1024;
/** A control character becomes \u00XX. */
const ESCAPED_BYTES = 6;
/** What any value but text takes, with what stands around it. */
const SHORT_BYTES = 32;

const NULL = Buffer.from('null');
const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const PROTO = Buffer.from('__proto__');

/**
 * Makes JSON text of MessagePack, byte by byte, for content that is as most is. It writes what
 * `JSON.stringify` gives of the decoded value, or declines: numbers beyond 32 bits other than
 * doubles, binary data, keys that an object would put in another order, whatever is malformed.
 */
export class PackedJsonWriter {
  #target = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #at = 0;
  #ascii = true;
  #source: Buffer = this.#target;
  #end = 0;
  /** Where the value ends that was read last. */
  #read = 0;
  /** Where keys of the objects begin that are open, and their lengths. */
  readonly #keys = new Int32Array((DEPTH_MAX + 1) * KEYS_MAX * 2);

  /** Bytes of the JSON text. */
  get length(): number {
    return this.#at;
  }

  /**
   * Converts the value at `start`.
   * @param end behind the last byte that may be read
   * @returns where the value ends, -1 when it is not a plain one
   */
  convert(source: Buffer, start: number, end: number): number {
    if (this.#target.length > KEPT_BYTES) this.#target = Buffer.allocUnsafeSlow(FIRST_BYTES);
    this.#source = source;
    this.#end = end;
    this.#read = start;
    this.#at = 0;
    this.#ascii = true;
    return this.#value(0) ? this.#read : -1;
  }

  /** What was converted last. */
  text(): string {
    return this.#target.toString(this.#ascii ? 'latin1' : 'utf8', 0, this.#at);
  }

  #value(depth: number): boolean {
    if (this.#read >= this.#end) return false;
    const type = this.#source[this.#read++]!;
    if (type < 0x80) return this.#number(type);
    if (type < 0x90) return this.#map(type & 0x0f, depth);
    if (type < 0xa0) return this.#array(type & 0x0f, depth);
    if (type < 0xc0) return this.#text(type & 0x1f);
    if (type >= 0xe0) return this.#number(type - 256);
    switch (type) {
      case 0xc0:
        return this.#word(NULL);
      case 0xc2:
        return this.#word(FALSE);
      case 0xc3:
        return this.#word(TRUE);
      case 0xcb:
        return this.#double();
      case 0xcc:
        return this.#has(1) && this.#number(this.#unsigned(1));
      case 0xcd:
        return this.#has(2) && this.#number(this.#unsigned(2));
      case 0xce:
        return this.#has(4) && this.#number(this.#unsigned(4));
      case 0xd0:
        return this.#has(1) && this.#number((this.#unsigned(1) << 24) >> 24);
      case 0xd1:
        return this.#has(2) && this.#number((this.#unsigned(2) << 16) >> 16);
      case 0xd2:
        return this.#has(4) && this.#number(this.#unsigned(4) | 0);
      case 0xd9:
        return this.#has(1) && this.#text(this.#unsigned(1));
      case 0xda:
        return this.#has(2) && this.#text(this.#unsigned(2));
      case 0xdb:
        return this.#has(4) && this.#text(this.#unsigned(4));
      case 0xdc:
        return this.#has(2) && this.#array(this.#unsigned(2), depth);
      case 0xdd:
        return this.#has(4) && this.#array(this.#unsigned(4), depth);
      case 0xde:
        return this.#has(2) && this.#map(this.#unsigned(2), depth);
      default:
        return false;
    }
  }

  #has(bytes: number): boolean {
    return bytes <= this.#end - this.#read;
  }

  #unsigned(bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + this.#source[this.#read++]!;
    return value;
  }

  #array(count: number, depth: number): boolean {
    if (depth === DEPTH_MAX) return false;
    this.#put(0x5b);
    for (let i = 0; i < count; i++) {
      if (i > 0) this.#put(COMMA);
      if (!this.#value(depth + 1)) return false;
    }
    this.#put(0x5d);
    return true;
  }

  #map(count: number, depth: number): boolean {
    if (depth === DEPTH_MAX || count > KEYS_MAX) return false;
    this.#put(0x7b);
    for (let i = 0; i < count; i++) {
      if (i > 0) this.#put(COMMA);
      if (!this.#key(depth * KEYS_MAX * 2, i)) return false;
      this.#put(COLON);
      if (!this.#value(depth + 1)) return false;
    }
    this.#put(0x7d);
    return true;
  }

  #key(first: number, index: number): boolean {
    if (!this.#has(1)) return false;
    const type = this.#source[this.#read++]!;
    let length = type & 0x1f;
    if (type === 0xd9) {
      if (!this.#has(1)) return false;
      length = this.#unsigned(1);
    } else if ((type & 0xe0) !== 0xa0) return false;
    if (!this.#has(length)) return false;
    const start = this.#read;
    const head = length === 0 ? 0 : this.#source[start]!;
    // An object has keys that are numbers before all others.
    if (head >= ZERO && head <= NINE) return false;
    if (length === PROTO.length && this.#isAt(start, PROTO, 0, length)) return false;
    const keys = this.#keys;
    for (let i = first; i < first + index * 2; i += 2) {
      // The last of two has its value, and the first its place.
      if (keys[i + 1] === length && this.#isAt(start, this.#source, keys[i]!, length)) return false;
    }
    keys[first + index * 2] = start;
    keys[first + index * 2 + 1] = length;
    return this.#text(length);
  }

  #isAt(start: number, bytes: Uint8Array, from: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.#source[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #text(length: number): boolean {
    if (!this.#has(length)) return false;
    this.#makeRoom(length * ESCAPED_BYTES + SHORT_BYTES);
    const source = this.#source;
    const target = this.#target;
    const start = this.#read;
    const end = start + length;
    let at = this.#at;
    let wide = false;
    target[at++] = QUOTE;
    for (let i = start; i < end; i++) {
      const byte = source[i]!;
      if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) at = writeEscaped(target, at, byte);
      else {
        target[at++] = byte;
        if (byte > 0x7f) wide = true;
      }
    }
    target[at++] = QUOTE;
    this.#at = at;
    this.#read = end;
    if (!wide) return true;
    this.#ascii = false;
    return isUtf8Range(source, start, end);
  }

  #double(): boolean {
    if (!this.#has(8)) return false;
    const value = this.#source.readDoubleBE(this.#read);
    this.#read += 8;
    return Number.isFinite(value) && this.#number(value);
  }

  #number(value: number): boolean {
    this.#makeRoom(SHORT_BYTES);
    if (value >= 0 && value <= 9 && Number.isInteger(value)) {
      this.#target[this.#at++] = ZERO + value;
      return true;
    }
    const text = String(value);
    for (let i = 0; i < text.length; i++) this.#target[this.#at++] = text.charCodeAt(i);
    return true;
  }

  #word(word: Uint8Array): boolean {
    this.#makeRoom(SHORT_BYTES);
    for (let i = 0; i < word.length; i++) this.#target[this.#at++] = word[i]!;
    return true;
  }

  #put(byte: number): void {
    this.#makeRoom(SHORT_BYTES);
    this.#target[this.#at++] = byte;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#target.length - this.#at) return;
    const larger = Buffer.allocUnsafeSlow((this.#at + bytes) * 2);
    this.#target.copy(larger, 0, 0, this.#at);
    this.#target = larger;
  }
}

// What JSON.stringify writes. Behind "u" stands the code in four digits.
const SHORT_ESCAPES = new Map(
  [...'"\\\b\t\n\f\r'].map((character) => [
    character.charCodeAt(0),
    Buffer.from(JSON.stringify(character).slice(1, -1), 'latin1'),
  ]),
);

function writeEscaped(target: Buffer, start: number, byte: number): number {
  const text = SHORT_ESCAPES.get(byte) ?? Buffer.from(`\\u${byte.toString(16).padStart(4, '0')}`);
  let at = start;
  for (const each of text) target[at++] = each;
  return at;
}
