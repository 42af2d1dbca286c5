import { rfc3339 } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import {
  encodedPerformativeCode,
  encodedPriority,
  encodedReplyByMs,
  encodedTextBytes,
  encodedTimestampUs,
  LENGTHS_AT,
  MESSAGE_HEADER_BYTES as TEXT_AT,
  TEXT_FIELD_COUNT,
} from './binary.js';
import { PERFORMATIVES } from './performative.js';

const ascii = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text, 'latin1'));

/** What stands before each text field of the binary form, in its order. */
const BEFORE_SENDER = PERFORMATIVES.map((name) => ascii(`","performative":"${name}","sender":"`));
const BEFORE_MESSAGE_ID = ascii('{"message_id":"');
const BEFORE_RECEIVER = ascii('","receiver":"');
const BEFORE_OTHERS = [
  'conversation_id',
  'reply_with',
  'in_reply_to',
  'reply_to',
  'ontology',
  'language',
  'protocol',
  'traceparent',
].map((name) => ascii(`","${name}":"`));
const BEFORE_PRIORITY = ascii('","priority":');
const BEFORE_TIMESTAMP = ascii('","timestamp":"');
const BEHIND_PRIORITY = ascii(',"timestamp":"');
const ZERO = 0x30;
const QUOTE = 0x22;

/** The first of the fields that may be missing. */
const OTHERS = 3;

/** 1 for bytes that stand in a JSON string as they are. */
const PLAIN = new Uint8Array(256).fill(1, 0x20, 0x7f);
PLAIN[0x22] = 0;
PLAIN[0x5c] = 0;

/** Room that a head takes at most. */
const HEAD_BYTES_MAX = LIMITS.envelope_bytes + 512;
/** What of the header says how the head looks: act, priority and the lengths of the fields. */
const SHAPE_BYTES = 2 + 2 * TEXT_FIELD_COUNT;

/**
 * Writes the JSON text of messages without their content and closing brace, as `messageJsonHead`
 * has it, from the bytes of their binary form: no string is made. Messages of one sender to one
 * receiver often differ in nothing but their ids and times; then the last head is written over.
 */
export class JsonHeadWriter {
  /** The head that was written last. */
  readonly bytes: Uint8Array;
  /** Shape and text, behind its id, of the message whose head stands in `bytes`. */
  readonly #written = new Uint8Array(SHAPE_BYTES + LIMITS.envelope_bytes);
  /** Bytes of them; -1 = no head stands there. */
  #writtenBytes = -1;
  #timestampAt = 0;
  #timestampMs = -1;
  #timestamp = ascii('');

  /** @param extraBytes room behind the longest head */
  constructor(extraBytes = 0) {
    this.bytes = new Uint8Array(HEAD_BYTES_MAX + extraBytes);
  }

  /**
   * @param source where the binary form of a message lies at `offset`
   * @returns how many bytes the head takes; -1 when its text would need escapes, more than a byte
   *   for a character, or a time to reply by
   */
  write(source: Buffer, offset: number): number {
    if (encodedReplyByMs(source, offset) !== 0) return -1;
    const ms = Math.floor(encodedTimestampUs(source, offset) / 1_000);
    if (this.#isLike(source, offset)) {
      const idBytes = encodedTextBytes(source, offset, 0);
      if (this.#putPlain(BEFORE_MESSAGE_ID.length, source, offset + TEXT_AT, idBytes) < 0) {
        return -1;
      }
    } else if (!this.#writeWhole(source, offset)) return -1;
    else this.#timestampMs = -1;
    return this.#writeTimestamp(ms);
  }

  #isLike(source: Buffer, offset: number): boolean {
    if (this.#writtenBytes < 0) return false;
    const written = this.#written;
    if (written[0] !== source[offset + 1] || written[1] !== source[offset + 3]) return false;
    for (let i = 2; i < SHAPE_BYTES; i++) {
      if (written[i] !== source[offset + LENGTHS_AT + i - 2]) return false;
    }
    const from = offset + TEXT_AT + encodedTextBytes(source, offset, 0) - SHAPE_BYTES;
    // From the end: fields that differ often stand behind those that seldom do.
    for (let i = this.#writtenBytes - 1; i >= SHAPE_BYTES; i--) {
      if (written[i] !== source[from + i]) return false;
    }
    return true;
  }

  #writeWhole(source: Buffer, offset: number): boolean {
    this.#writtenBytes = -1;
    let from = offset + TEXT_AT;
    let at = 0;
    for (let field = 0; field < TEXT_FIELD_COUNT; field++) {
      const length = encodedTextBytes(source, offset, field);
      if (length === 0 && field >= OTHERS) continue;
      at = this.#put(at, before(field, source, offset));
      at = this.#putPlain(at, source, from, length);
      if (at < 0) return false;
      from += length;
    }
    const priority = encodedPriority(source, offset);
    if (priority === 0) at = this.#put(at, BEFORE_TIMESTAMP);
    else {
      at = this.#put(at, BEFORE_PRIORITY);
      this.bytes[at++] = ZERO + priority;
      at = this.#put(at, BEHIND_PRIORITY);
    }
    this.#timestampAt = at;
    this.#remember(source, offset, from);
    return true;
  }

  #remember(source: Buffer, offset: number, end: number): void {
    const written = this.#written;
    written[0] = source[offset + 1]!;
    written[1] = source[offset + 3]!;
    for (let i = 2; i < SHAPE_BYTES; i++) written[i] = source[offset + LENGTHS_AT + i - 2]!;
    let at = SHAPE_BYTES;
    const start = offset + TEXT_AT + encodedTextBytes(source, offset, 0);
    for (let i = start; i < end; i++) written[at++] = source[i]!;
    this.#writtenBytes = at;
  }

  #writeTimestamp(ms: number): number {
    if (ms !== this.#timestampMs) {
      const text = rfc3339(ms);
      if (this.#timestamp.length !== text.length) this.#timestamp = ascii(text);
      for (let i = 0; i < text.length; i++) this.#timestamp[i] = text.charCodeAt(i);
      this.#put(this.#timestampAt, this.#timestamp);
      this.#timestampMs = ms;
    }
    const end = this.#timestampAt + this.#timestamp.length;
    this.bytes[end] = QUOTE;
    return end + 1;
  }

  #put(start: number, text: Uint8Array): number {
    for (let i = 0; i < text.length; i++) this.bytes[start + i] = text[i]!;
    return start + text.length;
  }

  /** @returns behind it; -1 when it isn't plain, and then no head stands in `bytes` */
  #putPlain(start: number, source: Buffer, from: number, length: number): number {
    const { bytes } = this;
    for (let i = 0; i < length; i++) {
      const byte = source[from + i]!;
      if (PLAIN[byte] === 0) {
        this.#writtenBytes = -1;
        return -1;
      }
      bytes[start + i] = byte;
    }
    return start + length;
  }
}

function before(field: number, source: Buffer, offset: number): Uint8Array {
  if (field >= OTHERS) return BEFORE_OTHERS[field - OTHERS]!;
  if (field === 0) return BEFORE_MESSAGE_ID;
  return field === 1 ? BEFORE_SENDER[encodedPerformativeCode(source, offset)]! : BEFORE_RECEIVER;
}
