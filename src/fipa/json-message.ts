import { LIMITS } from '../base/limits.js';
import { CONTENT_JSON, type Message } from './message.js';
import { CONTENT, fieldNamed, OPTIONS, PlainFields, PRIORITY } from './plain-fields.js';
import { PlainJsonReader, skipSpace } from './plain-json.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const ZERO = 0x30;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** 1 for bytes that stand in a JSON string as they are. */
const PLAIN = new Uint8Array(256).fill(1, 0x20, 0x7f);
PLAIN[0x22] = 0;
PLAIN[0x5c] = 0;

/**
 * Reads messages in JSON text that are as most are: every text field in ASCII without escapes and
 * of a length that it may have, content that JSON.stringify would print as it stands there. No
 * object is made of them on the way. What it finds anything unusual in, be it a fault, it leaves to
 * `JSON.parse` and `parseMessageInput`, which know what to say of it: for all that it reads it gives
 * what these would give.
 */
export class JsonMessageReader {
  readonly json = new PlainJsonReader();
  readonly fields = new PlainFields();
  #keyEnd = 0;
  #content = '';
  /** JSON text of the `options` that stood among the fields; '' = none did. */
  options = '';

  /**
   * @param end behind the last byte of the text
   * @param contentBytes the limit of its content, in bytes
   * @param takesOptions whether `options` may stand among the fields
   * @returns undefined when it is not a plain one
   */
  read(
    bytes: Buffer,
    start: number,
    end: number,
    contentBytes: number,
    takesOptions = false,
  ): Message | undefined {
    this.#content = '';
    this.options = '';
    if (!this.#scan(bytes, start, end, contentBytes, takesOptions, true)) return undefined;
    const message = this.fields.message(bytes);
    if (message !== undefined && this.#content !== '') {
      message.contentEncoding = CONTENT_JSON;
      message.content = this.#content;
    }
    return message;
  }

  /**
   * Only says where its parts stand: in `fields`, and in `json` if it has content.
   * @returns false when it is not a plain one
   */
  find(bytes: Buffer, start: number, end: number, contentBytes: number): boolean {
    return this.#scan(bytes, start, end, contentBytes, false, false);
  }

  #scan(
    bytes: Buffer,
    start: number,
    end: number,
    contentBytes: number,
    takesOptions: boolean,
    keepsText: boolean,
  ): boolean {
    this.fields.clear();
    let at = skipSpace(bytes, start, end);
    if (at >= end || bytes[at] !== OPEN_BRACE) return false;
    do {
      at = skipSpace(bytes, at + 1, end);
      const field = this.#key(bytes, at, end);
      if (field < 0 || !this.fields.see(field)) return false;
      at = skipSpace(bytes, this.#keyEnd, end);
      if (at >= end || bytes[at] !== COLON) return false;
      at = skipSpace(bytes, at + 1, end);
      if (field < CONTENT) at = this.#text(field, bytes, at, end);
      else if (field === PRIORITY) at = this.#priority(bytes, at);
      else if (field === CONTENT || takesOptions) at = this.json.read(bytes, at, end);
      else return false;
      if (at < 0) return false;
      if (field === CONTENT) {
        if (this.json.length > contentBytes) return false;
        if (keepsText) this.#content = this.json.text();
      } else if (field === OPTIONS) this.options = this.json.text();
      at = skipSpace(bytes, at, end);
    } while (at < end && bytes[at] === COMMA);
    if (at >= end || bytes[at] !== CLOSE_BRACE) return false;
    return skipSpace(bytes, at + 1, end) === end;
  }

  /** @returns the field whose key begins at `at`; -1 = none */
  #key(bytes: Buffer, at: number, end: number): number {
    if (at >= end || bytes[at] !== QUOTE) return -1;
    let close = at + 1;
    while (close < end && PLAIN[bytes[close]!] === 1) close++;
    if (close >= end || bytes[close] !== QUOTE) return -1;
    this.#keyEnd = close + 1;
    return fieldNamed(bytes, at + 1, close - at - 1);
  }

  /** @returns where the value ends; -1 when it is not a plain one */
  #text(field: number, bytes: Buffer, at: number, end: number): number {
    if (at >= end || bytes[at] !== QUOTE) return -1;
    const start = at + 1;
    const longest = Math.min(end, start + LIMITS.field_bytes + 1);
    let close = start;
    while (close < longest && PLAIN[bytes[close]!] === 1) close++;
    if (close >= end || bytes[close] !== QUOTE) return -1;
    return this.fields.place(field, start, close) ? close + 1 : -1;
  }

  #priority(bytes: Buffer, at: number): number {
    // One digit: behind it a comma or the end must stand, which the caller looks for.
    const priority = bytes[at]! - ZERO;
    if (!(priority >= 0 && priority <= LIMITS.priority_max)) return -1;
    this.fields.priority = priority;
    return at + 1;
  }
}
