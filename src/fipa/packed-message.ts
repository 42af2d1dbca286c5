import { LIMITS } from '../base/limits.js';
import { CONTENT_JSON, emptyMessage, type Message } from './message.js';
import { PackedJsonWriter } from './packed-json.js';
import { normalizePerformative } from './performative.js';

/** Fields of a plain message, by their place below. */
const TEXT_FIELDS = [
  'performative',
  'receiver',
  'sender',
  'conversation_id',
  'reply_with',
  'in_reply_to',
  'reply_to',
  'ontology',
  'language',
  'protocol',
  'traceparent',
] as const;
const PERFORMATIVE = 0;
const RECEIVER = 1;
const CONTENT = TEXT_FIELDS.length;
const PRIORITY = CONTENT + 1;
const NEEDED = (1 << PERFORMATIVE) | (1 << RECEIVER);

interface Key {
  readonly field: number;
  readonly bytes: Uint8Array;
}

const KEYS_BY_LENGTH: ReadonlyArray<readonly Key[]> = keysByLength();

/** Text behind which little else stands: a string cut out of it may keep all of it in memory. */
const SHARED_TEXT_BYTES = 1_024;

/**
 * Reads messages in MessagePack that are as most are: every text field in ASCII and of a length
 * that it may have, content that JSON has a form for. No object is made of them on the way. What it
 * finds anything unusual in, be it a fault, it leaves to the decoder and `parseMessageInput`, which
 * know what to say of it: for all that it reads it gives what these would give.
 */
export class PackedMessageReader {
  readonly #json = new PackedJsonWriter();
  readonly #starts = new Int32Array(TEXT_FIELDS.length);
  readonly #ends = new Int32Array(TEXT_FIELDS.length);
  #seen = 0;
  #priority = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #isCut = false;
  #text = '';
  #textAt = 0;
  /** The last text of each field. A client's messages often have the same in most of them. */
  readonly #last = TEXT_FIELDS.map(() => ({
    text: '',
    bytes: new Uint8Array(LIMITS.field_bytes),
  }));
  /** Behind the message that was read. */
  end = 0;

  /**
   * @param start where the message's map begins
   * @param limit behind the last byte that may be read
   * @param contentBytes the limit of its content as JSON
   * @returns undefined when it is not a plain one
   */
  read(bytes: Buffer, start: number, limit: number, contentBytes: number): Message | undefined {
    const type = start < limit ? bytes[start]! : 0;
    if ((type & 0xf0) !== 0x80) return undefined;
    this.#seen = 0;
    let at = start + 1;
    for (let left = type & 0x0f; left > 0; left--) {
      const field = this.#key(bytes, at, limit);
      if (field < 0 || (this.#seen & (1 << field)) !== 0) return undefined;
      this.#seen |= 1 << field;
      at += 1 + (bytes[at]! & 0x1f);
      at = this.#value(field, bytes, at, limit);
      if (at < 0) return undefined;
    }
    if ((this.#seen & NEEDED) !== NEEDED || this.#contentBytes > contentBytes) return undefined;
    this.end = at;
    return this.#message(bytes);
  }

  get #contentBytes(): number {
    return (this.#seen & (1 << CONTENT)) === 0 ? 0 : this.#json.length;
  }

  #key(bytes: Buffer, at: number, limit: number): number {
    if (at >= limit || (bytes[at]! & 0xe0) !== 0xa0) return -1;
    const length = bytes[at]! & 0x1f;
    if (at + 1 + length > limit) return -1;
    const keys = KEYS_BY_LENGTH[length];
    if (keys === undefined) return -1;
    for (let i = 0; i < keys.length; i++) {
      if (isAt(bytes, at + 1, keys[i]!.bytes, length)) return keys[i]!.field;
    }
    return -1;
  }

  /** @returns where the value ends; -1 when it is not a plain one */
  #value(field: number, bytes: Buffer, at: number, limit: number): number {
    if (field === CONTENT) return this.#json.convert(bytes, at, limit);
    if (at >= limit) return -1;
    const type = bytes[at]!;
    if (field === PRIORITY) {
      this.#priority = type;
      return type <= LIMITS.priority_max ? at + 1 : -1;
    }
    let start = at + 1;
    let length: number;
    if ((type & 0xe0) === 0xa0) length = type & 0x1f;
    else if (type === 0xd9 && start < limit) length = bytes[start++]!;
    else return -1;
    const end = start + length;
    // The bound of the whole envelope holds by itself when that of each field does.
    if (length === 0 || length > LIMITS.field_bytes || end > limit) return -1;
    for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) return -1;
    this.#starts[field] = start;
    this.#ends[field] = end;
    return end;
  }

  #message(bytes: Buffer): Message | undefined {
    this.#bytes = bytes;
    this.#isCut = false;
    const performative = normalizePerformative(this.#field(PERFORMATIVE));
    if (performative === undefined) return undefined;
    const message = emptyMessage(performative);
    message.receiver = this.#field(RECEIVER);
    message.sender = this.#field(2);
    message.conversationId = this.#field(3);
    message.replyWith = this.#field(4);
    message.inReplyTo = this.#field(5);
    message.replyTo = this.#field(6);
    message.ontology = this.#field(7);
    message.language = this.#field(8);
    message.protocol = this.#field(9);
    message.traceparent = this.#field(10);
    if ((this.#seen & (1 << PRIORITY)) !== 0) message.priority = this.#priority;
    if ((this.#seen & (1 << CONTENT)) !== 0) {
      message.contentEncoding = CONTENT_JSON;
      message.content = this.#json.text();
    }
    return message;
  }

  /** The field's text; the same string as in the last message where it is the same text. */
  #field(field: number): string {
    if ((this.#seen & (1 << field)) === 0) return '';
    const last = this.#last[field]!;
    const start = this.#starts[field]!;
    const length = this.#ends[field]! - start;
    if (last.text.length !== length || !isAt(this.#bytes, start, last.bytes, length)) {
      last.text = this.#read(start, start + length);
      for (let i = 0; i < length; i++) last.bytes[i] = this.#bytes[start + i]!;
    }
    return last.text;
  }

  // Text of a few hundred bytes is read by one call and cut; where more stands between the fields
  // each is read by itself.
  #read(start: number, end: number): string {
    if (!this.#isCut) this.#cut();
    if (this.#text === '') return this.#bytes.toString('latin1', start, end);
    return this.#text.slice(start - this.#textAt, end - this.#textAt);
  }

  #cut(): void {
    let first = this.#starts[PERFORMATIVE]!;
    let last = first;
    for (let field = 0; field < CONTENT; field++) {
      if ((this.#seen & (1 << field)) === 0) continue;
      first = Math.min(first, this.#starts[field]!);
      last = Math.max(last, this.#ends[field]!);
    }
    this.#isCut = true;
    this.#textAt = first;
    const isShort = last - first <= SHARED_TEXT_BYTES;
    this.#text = isShort ? this.#bytes.toString('latin1', first, last) : '';
  }
}

function keysByLength(): Key[][] {
  const byLength: Key[][] = [];
  [...TEXT_FIELDS, 'content', 'priority'].forEach((name, field) => {
    const keys = byLength[name.length] ?? [];
    keys.push({ field, bytes: Buffer.from(name, 'latin1') });
    byLength[name.length] = keys;
  });
  return byLength;
}

function isAt(bytes: Buffer, start: number, wanted: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}
