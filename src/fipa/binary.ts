import { isText } from '../base/bytes.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import {
  doubleAt,
  putDouble,
  putUint16,
  putUint32,
  uint16At,
  uint32At,
} from '../base/little-endian.js';
import { copyWords } from '../base/words.js';
import { CONTENT_JSON, type ContentEncoding, envelopeText, type Message } from './message.js';
import { performativeCode, performativeOfCode } from './performative.js';

/**
 * The binary form of a message: what rings carry and the history keeps. Little endian.
 *
 *    0  u8   version, 1            2  u8  content encoding
 *    1  u8   performative code     3  u8  bits 0–3 priority, bit 7 all text is ASCII
 *    4  u32  total length in bytes
 *    8  f64  timestamp, µs         16 f64 reply_by, ms (0 = none)
 *   24  u16  × 11 lengths in bytes of the text fields, in the order of TEXT_FIELDS
 *   46  u16  0
 *   48  u32  length of the content 52 u32 hops: messages of agents that led to this one
 *   56  the text fields one after the other, UTF-8, then the content
 *
 * Routing reads the header and the text; nobody but the reader of the content decodes it.
 */
export const MESSAGE_HEADER_BYTES = 56;
const VERSION = 1;
export const ASCII_FLAG = 0x80;
/** Where the code of the act stands. */
export const PERFORMATIVE_AT = 1;
/** Where the time of acceptance stands. */
export const TIMESTAMP_AT = 8;
/** Where the lengths of the text fields stand. */
export const LENGTHS_AT = 24;
const CONTENT_LENGTH_OFFSET = 48;
const HOPS_AT = 52;

const TEXT_FIELDS = [
  'messageId',
  'sender',
  'receiver',
  'conversationId',
  'replyWith',
  'inReplyTo',
  'replyTo',
  'ontology',
  'language',
  'protocol',
  'traceparent',
] as const;
export const TEXT_FIELD_COUNT = TEXT_FIELDS.length;
/** Places of text fields among them. */
export const MESSAGE_ID_FIELD = 0;
export const SENDER_FIELD = 1;
export const RECEIVER_FIELD = 2;
export const CONVERSATION_FIELD = 3;
export const REPLY_WITH_FIELD = 4;
export const IN_REPLY_TO_FIELD = 5;
export const REPLY_TO_FIELD = 6;
export const PROTOCOL_FIELD = 9;
export const TRACEPARENT_FIELD = 10;

/** An upper bound of the bytes that `encodeMessage` writes for this message. */
export function encodedBytesMax(message: Message): number {
  const text = message.content;
  const content = typeof text === 'string' ? text.length * 3 : text.byteLength;
  return LIMITS.envelope_bytes + content;
}

/**
 * Writes the binary form at `offset`; the caller has made room for `encodedBytesMax`.
 * @returns the number of bytes written
 */
export function encodeMessage(target: Buffer, offset: number, message: Message): number {
  const m = message;
  const content = m.content;
  const contentText = typeof content === 'string' ? content : '';
  const head = envelopeText(m);
  const text = head + contentText;
  const start = offset + MESSAGE_HEADER_BYTES;
  // One native write for all text. When it took as many bytes as characters it was all ASCII, and
  // the character lengths are the byte lengths.
  const written = target.write(text, start, 'utf8');
  const ascii = written === text.length;
  let headBytes = head.length;
  let at = offset + LENGTHS_AT;
  if (ascii) {
    for (let i = 0; i < TEXT_FIELDS.length; i++, at += 2)
      putUint16(target, at, fieldOf(m, i).length);
  } else {
    headBytes = 0;
    for (let i = 0; i < TEXT_FIELDS.length; i++) {
      const bytes = Buffer.byteLength(fieldOf(m, i), 'utf8');
      headBytes += bytes;
      putUint16(target, at, bytes);
      at += 2;
    }
  }
  let contentBytes = written - headBytes;
  if (typeof content !== 'string') {
    target.set(content, start + written);
    contentBytes = content.byteLength;
  }
  const total = MESSAGE_HEADER_BYTES + headBytes + contentBytes;
  putUint16(target, at, 0);
  const flags = m.priority | (ascii ? ASCII_FLAG : 0);
  const code = performativeCode(m.performative);
  writeEncodedHeader(target, offset, code, m.contentEncoding, flags, total, contentBytes, m.hops);
  putDouble(target, offset + 8, m.timestampUs);
  putDouble(target, offset + 16, m.replyByMs);
  return total;
}

/**
 * Writes the numbers of a header but its times and the lengths of its text.
 * @param flags the priority and, when all text is ASCII, ASCII_FLAG
 */
export function writeEncodedHeader(
  target: Buffer,
  offset: number,
  code: number,
  contentEncoding: ContentEncoding,
  flags: number,
  total: number,
  contentBytes: number,
  hops: number,
): void {
  target[offset] = VERSION;
  target[offset + 1] = code;
  target[offset + 2] = contentEncoding;
  target[offset + 3] = flags;
  putUint32(target, offset + 4, total);
  putUint32(target, offset + CONTENT_LENGTH_OFFSET, contentBytes);
  putUint32(target, offset + HOPS_AT, hops);
}

// A switch, not m[TEXT_FIELDS[i]]: a computed key would leave the inline caches.
function fieldOf(m: Message, index: number): string {
  switch (index) {
    case 0:
      return m.messageId;
    case 1:
      return m.sender;
    case 2:
      return m.receiver;
    case 3:
      return m.conversationId;
    case 4:
      return m.replyWith;
    case 5:
      return m.inReplyTo;
    case 6:
      return m.replyTo;
    case 7:
      return m.ontology;
    case 8:
      return m.language;
    case 9:
      return m.protocol;
    default:
      return m.traceparent;
  }
}

/** The message as a new buffer of its own. */
export function encodeMessageToBuffer(message: Message): Buffer {
  const buffer = Buffer.allocUnsafe(encodedBytesMax(message));
  const length = encodeMessage(buffer, 0, message);
  return Buffer.from(buffer.subarray(0, length));
}

/**
 * Reads the binary form at `offset`. The content is copied out as bytes, so that the source may be
 * reused at once; pass `withContent = false` where only the envelope is needed.
 */
export function decodeMessage(source: Buffer, offset = 0, withContent = true): Message {
  const performative = performativeOfCode(source[offset + 1] as number);
  if (source[offset] !== VERSION || performative === undefined) {
    throw new CaxtonError('INTERNAL_ERROR', 'A stored message has an unknown binary form', {
      version: source[offset],
      performative_code: source[offset + 1],
    });
  }
  const flags = source[offset + 3] as number;
  const contentBytes = uint32At(source, offset + CONTENT_LENGTH_OFFSET);
  const total = uint32At(source, offset + 4);
  const textStart = offset + MESSAGE_HEADER_BYTES;
  const contentStart = offset + total - contentBytes;
  const encoding = source[offset + 2] as ContentEncoding;
  const reader = new TextReader(
    source,
    offset,
    textStart,
    contentStart,
    (flags & ASCII_FLAG) !== 0,
  );
  return {
    messageId: reader.next(),
    performative,
    sender: reader.next(),
    receiver: reader.next(),
    conversationId: reader.next(),
    replyWith: reader.next(),
    inReplyTo: reader.next(),
    replyTo: reader.next(),
    ontology: reader.next(),
    language: reader.next(),
    protocol: reader.next(),
    traceparent: reader.next(),
    timestampUs: doubleAt(source, offset + 8),
    replyByMs: doubleAt(source, offset + 16),
    priority: flags & 0x0f,
    hops: encodedHops(source, offset),
    contentEncoding: encoding,
    content: withContent ? readContent(source, contentStart, contentBytes, encoding) : '',
  };
}

/** Reads the content that `decodeMessage` left out, from the same bytes. */
export function decodeContent(source: Buffer, offset: number, message: Message): void {
  const length = uint32At(source, offset + CONTENT_LENGTH_OFFSET);
  const start = offset + uint32At(source, offset + 4) - length;
  message.content = readContent(source, start, length, message.contentEncoding);
}

function readContent(
  source: Buffer,
  start: number,
  length: number,
  encoding: ContentEncoding,
): string | Uint8Array {
  if (length === 0) return '';
  if (encoding === CONTENT_JSON) return source.toString('utf8', start, start + length);
  return Uint8Array.prototype.slice.call(source, start, start + length);
}

/** Whether these bytes are exactly one message, such as `decodeMessage` reads. */
export function isEncodedMessage(source: Buffer, offset: number, length: number): boolean {
  if (length < MESSAGE_HEADER_BYTES || uint32At(source, offset + 4) !== length) return false;
  if (source[offset] !== VERSION) return false;
  if (performativeOfCode(source[offset + 1] as number) === undefined) return false;
  let bytes = MESSAGE_HEADER_BYTES + uint32At(source, offset + CONTENT_LENGTH_OFFSET);
  for (let i = 0; i < TEXT_FIELDS.length; i++) bytes += encodedTextBytes(source, offset, i);
  return bytes === length;
}

/** The id of the binary message at `offset`. */
export function encodedMessageId(source: Buffer, offset = 0): string {
  const start = offset + MESSAGE_HEADER_BYTES;
  return source.toString('utf8', start, start + uint16At(source, offset + LENGTHS_AT));
}

/** Whether a text field of the binary message at `offset` is this text, in UTF-8. */
export function hasEncodedText(
  source: Buffer,
  offset: number,
  field: (typeof TEXT_FIELDS)[number],
  text: Uint8Array,
): boolean {
  const index = TEXT_FIELDS.indexOf(field);
  if (uint16At(source, offset + LENGTHS_AT + index * 2) !== text.length) return false;
  let start = offset + MESSAGE_HEADER_BYTES;
  for (let i = 0; i < index; i++) start += uint16At(source, offset + LENGTHS_AT + i * 2);
  // From the end: ids differ there first.
  for (let i = text.length - 1; i >= 0; i--) if (source[start + i] !== text[i]) return false;
  return true;
}

/** Whether a text field of the binary message at `offset` is this text; never for one beyond ASCII. */
export function isEncodedText(
  source: Buffer,
  offset: number,
  field: number,
  text: string,
): boolean {
  const length = encodedTextBytes(source, offset, field);
  return isText(source, encodedTextAt(source, offset, field), length, text);
}

/** Bytes of a text field of the binary message at `offset`, by the field's place. */
export function encodedTextBytes(source: Buffer, offset: number, field: number): number {
  const at = offset + LENGTHS_AT + field * 2;
  return source[at]! | (source[at + 1]! << 8);
}

/** Where a text field of the binary message at `offset` begins, by the field's place. */
export function encodedTextAt(source: Buffer, offset: number, field: number): number {
  let at = offset + MESSAGE_HEADER_BYTES;
  for (let i = 0; i < field; i++) at += encodedTextBytes(source, offset, i);
  return at;
}

/**
 * Writes the binary message at `offset` to the beginning of `target`, to another receiver.
 * @param receiver in UTF-8; ASCII, if the message is
 * @param view over the same memory as `source`, as `targetView` is over that of `target`
 * @returns its length in bytes
 */
export function readdress(
  source: Buffer,
  offset: number,
  view: DataView,
  receiver: Uint8Array,
  target: Buffer,
  targetView: DataView,
): number {
  const start = encodedTextAt(source, offset, RECEIVER_FIELD);
  const end = start + encodedTextBytes(source, offset, RECEIVER_FIELD);
  const total = encodedBytes(source, offset);
  const at = start - offset;
  copyWords(targetView, 0, view, offset, at);
  for (let i = 0; i < receiver.length; i++) target[at + i] = receiver[i] as number;
  copyWords(targetView, at + receiver.length, view, end, offset + total - end);
  const length = total - (end - start) + receiver.length;
  putUint32(target, 4, length);
  putUint16(target, LENGTHS_AT + RECEIVER_FIELD * 2, receiver.length);
  return length;
}

/** 0 to 9. */
export function encodedPriority(source: Buffer, offset = 0): number {
  return source[offset + 3]! & 0x0f;
}

/** How many messages of agents led to the binary message at `offset`, each sent while the last was handled. */
export function encodedHops(source: Buffer, offset = 0): number {
  return uint32At(source, offset + HOPS_AT);
}

/** Milliseconds since the Unix epoch; 0 = no deadline. */
export function encodedReplyByMs(source: Buffer, offset = 0): number {
  return doubleAt(source, offset + 16);
}

/** As `performativeCode` has it. */
export function encodedPerformativeCode(source: Buffer, offset = 0): number {
  return source[offset + 1] as number;
}

/** How the content of the binary message at `offset` is encoded. */
export function encodedContentEncoding(source: Buffer, offset = 0): ContentEncoding {
  return source[offset + 2] as ContentEncoding;
}

/** Total bytes of the binary message at `offset`. */
export function encodedBytes(source: Buffer, offset = 0): number {
  // Checked: who goes from one message to the next must not stand still where bytes are missing.
  return source.readUInt32LE(offset + 4);
}

/** When the binary message at `offset` was accepted, microseconds since the Unix epoch. */
export function encodedTimestampUs(source: Buffer, offset = 0): number {
  return doubleAt(source, offset + 8);
}

/** Bytes of the content, which ends the binary message at `offset`. */
export function encodedContentBytes(source: Buffer, offset = 0): number {
  return uint32At(source, offset + CONTENT_LENGTH_OFFSET);
}

class TextReader {
  readonly #source: Buffer;
  readonly #text: string;
  readonly #ascii: boolean;
  #lengthAt: number;
  #position: number;

  constructor(source: Buffer, offset: number, start: number, end: number, ascii: boolean) {
    this.#source = source;
    this.#ascii = ascii;
    // ASCII text is read with one native call and then cut by characters.
    this.#text = ascii ? source.toString('latin1', start, end) : '';
    this.#lengthAt = offset + LENGTHS_AT;
    this.#position = ascii ? 0 : start;
  }

  next(): string {
    const length = uint16At(this.#source, this.#lengthAt);
    this.#lengthAt += 2;
    if (length === 0) return '';
    const from = this.#position;
    this.#position += length;
    return this.#ascii
      ? this.#text.slice(from, this.#position)
      : this.#source.toString('utf8', from, this.#position);
  }
}
