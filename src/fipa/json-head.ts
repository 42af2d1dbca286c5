import { copyBytes } from '../base/bytes.js';
import { rfc3339 } from '../base/clock.js';
import { copyWords, equalWords, isPlainText } from '../base/words.js';
import {
  CONVERSATION_FIELD,
  encodedPerformativeCode,
  encodedPriority,
  encodedReplyByMs,
  encodedTextBytes,
  encodedTimestampUs,
  IN_REPLY_TO_FIELD,
  LENGTHS_AT,
  MESSAGE_ID_FIELD,
  RECEIVER_FIELD,
  REPLY_WITH_FIELD,
  SENDER_FIELD,
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
const CONTENT_KEY = ascii(',"content":');
const ZERO = 0x30;
const QUOTE = 0x22;

/** The first of the fields that may be missing. */
const OTHERS = 3;
/** These are another text with almost every message. */
const OFTEN_NEW = [MESSAGE_ID_FIELD, CONVERSATION_FIELD, REPLY_WITH_FIELD, IN_REPLY_TO_FIELD];
const SELDOM_NEW = Array.from({ length: TEXT_FIELD_COUNT }, (_, field) => field).filter(
  (field) => !OFTEN_NEW.includes(field),
);

/** Heads that are kept; a power of two. */
const TEMPLATES = 256;
/** What stands in a head beside the texts of its fields. */
const NAMES_BYTES_MAX = 512;

/** A head of a message, to be written over for others that are like it. */
class Template {
  bytes = new Uint8Array(0);
  view = new DataView(this.bytes.buffer);
  length = 0;
  /** What of the header says how the head looks: act, priority and the lengths of the fields. */
  act = -1;
  flags = -1;
  readonly lengths = new DataView(new ArrayBuffer(2 * TEXT_FIELD_COUNT));
  /** Where the texts of the fields stand. */
  readonly starts = new Int32Array(TEXT_FIELD_COUNT);
  timestampAt = 0;
  timestampMs = -1;
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * Writes the JSON text of messages up to their content and its key, as `messageJsonHead` has it,
 * from the bytes of their binary form: no string is made. Messages of one sender to one receiver
 * often differ in nothing but ids and times; then a head that was kept is copied, and these are
 * written over.
 */
export class JsonHeadWriter {
  readonly #templates = new Array<Template | undefined>(TEMPLATES).fill(undefined);
  #template = new Template();
  /** Where the message under way lies, and a view over the same bytes. */
  source: Buffer = NO_BYTES;
  view: DataView = new DataView(NO_BYTES.buffer);
  #offset = 0;
  /** Where the text fields of the message under way begin. */
  readonly #starts = new Int32Array(TEXT_FIELD_COUNT);

  /**
   * @param source where the binary form of a message lies at `offset`; must stay until `write`
   * @returns how many bytes the head takes; -1 when its text would need escapes, more than a byte
   *   for a character, or a time to reply by
   */
  prepare(source: Buffer, offset: number): number {
    if (encodedReplyByMs(source, offset) !== 0) return -1;
    if (source !== this.source) {
      this.source = source;
      this.view = new DataView(source.buffer, source.byteOffset, source.length);
    }
    this.#offset = offset;
    let at = offset + TEXT_AT;
    for (let field = 0; field < TEXT_FIELD_COUNT; field++) {
      this.#starts[field] = at;
      at += encodedTextBytes(source, offset, field);
    }
    const place = this.#place();
    let template = this.#templates[place];
    if (template === undefined) {
      template = new Template();
      this.#templates[place] = template;
    }
    this.#template = template;
    if (!this.#isLike(template)) {
      if (!isPlainText(this.view, offset + TEXT_AT, at - offset - TEXT_AT)) return -1;
      this.#build(template, at - offset - TEXT_AT);
    } else if (!this.#arePlain()) return -1;
    const ms = Math.floor(encodedTimestampUs(source, offset) / 1_000);
    if (ms !== template.timestampMs) putTimestamp(template, ms);
    return template.length;
  }

  /** Writes the head of the message that was prepared. @param view over the same memory */
  write(target: Uint8Array, view: DataView, at: number): void {
    const template = this.#template;
    copyBytes(target, at, template.bytes, 0, template.length);
    for (let i = 0; i < OFTEN_NEW.length; i++) {
      const field = OFTEN_NEW[i]!;
      const length = encodedTextBytes(this.source, this.#offset, field);
      if (length === 0) continue;
      copyWords(view, at + template.starts[field]!, this.view, this.#starts[field]!, length);
    }
  }

  #place(): number {
    const sender = this.#end(SENDER_FIELD);
    const receiver = this.#end(RECEIVER_FIELD);
    // Four bytes before their ends: where a name is shorter, of what stands before it.
    const names = this.view.getInt32(sender - 4, true) ^ this.view.getInt32(receiver - 4, true);
    const mixed = Math.imul(names ^ (this.source[this.#offset + 1]! << 8), 0x9e3779b1);
    return (mixed >>> 16) & (TEMPLATES - 1);
  }

  #end(field: number): number {
    return this.#starts[field]! + encodedTextBytes(this.source, this.#offset, field);
  }

  #isLike(template: Template): boolean {
    const source = this.source;
    const offset = this.#offset;
    if (template.act !== source[offset + 1] || template.flags !== source[offset + 3]) return false;
    const view = this.view;
    const { lengths, starts } = template;
    if (!equalWords(lengths, 0, view, offset + LENGTHS_AT, 2 * TEXT_FIELD_COUNT)) return false;
    for (let i = 0; i < SELDOM_NEW.length; i++) {
      const field = SELDOM_NEW[i]!;
      const length = encodedTextBytes(source, offset, field);
      if (length === 0) continue;
      if (!equalWords(template.view, starts[field]!, view, this.#starts[field]!, length)) {
        return false;
      }
    }
    return true;
  }

  #arePlain(): boolean {
    const conversationAt = this.#starts[CONVERSATION_FIELD]!;
    const idBytes = encodedTextBytes(this.source, this.#offset, MESSAGE_ID_FIELD);
    // The others stand one behind the other.
    return (
      isPlainText(this.view, this.#starts[MESSAGE_ID_FIELD]!, idBytes) &&
      isPlainText(this.view, conversationAt, this.#end(IN_REPLY_TO_FIELD) - conversationAt)
    );
  }

  #build(template: Template, textBytes: number): void {
    const source = this.source;
    const offset = this.#offset;
    const needed = textBytes + NAMES_BYTES_MAX;
    if (template.bytes.length < needed) {
      template.bytes = new Uint8Array(needed);
      template.view = new DataView(template.bytes.buffer);
    }
    template.act = source[offset + 1]!;
    template.flags = source[offset + 3]!;
    copyWords(template.lengths, 0, this.view, offset + LENGTHS_AT, 2 * TEXT_FIELD_COUNT);
    let at = 0;
    for (let field = 0; field < TEXT_FIELD_COUNT; field++) {
      const length = encodedTextBytes(source, offset, field);
      if (length === 0 && field >= OTHERS) continue;
      at = put(template.bytes, at, before(field, source, offset));
      template.starts[field] = at;
      copyWords(template.view, at, this.view, this.#starts[field]!, length);
      at += length;
    }
    const priority = encodedPriority(source, offset);
    if (priority === 0) at = put(template.bytes, at, BEFORE_TIMESTAMP);
    else {
      at = put(template.bytes, at, BEFORE_PRIORITY);
      template.bytes[at++] = ZERO + priority;
      at = put(template.bytes, at, BEHIND_PRIORITY);
    }
    template.timestampAt = at;
    template.timestampMs = -1;
  }
}

function put(target: Uint8Array, at: number, text: Uint8Array): number {
  target.set(text, at);
  return at + text.length;
}

function putTimestamp(template: Template, ms: number): void {
  const text = rfc3339(ms);
  const { bytes, timestampAt: at } = template;
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  bytes[at + text.length] = QUOTE;
  template.length = put(bytes, at + text.length + 1, CONTENT_KEY);
  template.timestampMs = ms;
}

function before(field: number, source: Buffer, offset: number): Uint8Array {
  if (field >= OTHERS) return BEFORE_OTHERS[field - OTHERS]!;
  if (field === 0) return BEFORE_MESSAGE_ID;
  return field === 1 ? BEFORE_SENDER[encodedPerformativeCode(source, offset)]! : BEFORE_RECEIVER;
}
