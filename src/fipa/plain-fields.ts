import { LIMITS } from '../base/limits.js';
import { emptyMessage, type Message } from './message.js';
import { normalizePerformative, type Performative } from './performative.js';

/** Text fields of a plain message, by their place. */
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
export const RECEIVER = 1;
/** The places behind those of the texts. */
export const CONTENT = TEXT_FIELDS.length;
export const PRIORITY = CONTENT + 1;
export const OPTIONS = PRIORITY + 1;
const NEEDED = (1 << PERFORMATIVE) | (1 << RECEIVER);

interface Key {
  readonly field: number;
  readonly bytes: Uint8Array;
}

const KEYS_BY_LENGTH: ReadonlyArray<readonly Key[] | undefined> = keysByLength();

/** Text behind which little else stands: a string cut out of it may keep all of it in memory. */
const SHARED_TEXT_BYTES = 1_024;

/** @returns the place of the field whose name stands there in ASCII; -1 = none */
export function fieldNamed(bytes: Buffer, start: number, length: number): number {
  const keys = KEYS_BY_LENGTH[length];
  if (keys === undefined) return -1;
  for (let i = 0; i < keys.length; i++) {
    if (isAt(bytes, start, keys[i]!.bytes, length)) return keys[i]!.field;
  }
  return -1;
}

/**
 * Where the fields of a plain message stand in the bytes of its text: each in ASCII, without
 * escapes, and of a length that it may have. The readers of MessagePack and of JSON find them, and
 * a message is made of them here. A client's messages often have the same text in most fields:
 * it is then the same string.
 */
export class PlainFields {
  readonly #starts = new Int32Array(TEXT_FIELDS.length);
  readonly #ends = new Int32Array(TEXT_FIELDS.length);
  #seen = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #isCut = false;
  #text = '';
  #textAt = 0;
  readonly #last = TEXT_FIELDS.map(() => ({
    text: '',
    bytes: new Uint8Array(LIMITS.field_bytes),
  }));
  priority = 0;

  clear(): void {
    this.#seen = 0;
  }

  has(field: number): boolean {
    return (this.#seen & (1 << field)) !== 0;
  }

  /** @returns false when it was there before */
  see(field: number): boolean {
    if (this.has(field)) return false;
    this.#seen |= 1 << field;
    return true;
  }

  /** The text of a field. @returns false when it has no length that it may have */
  place(field: number, start: number, end: number): boolean {
    // The bound of the whole envelope holds by itself when that of each field does.
    if (start === end || end - start > LIMITS.field_bytes) return false;
    this.#starts[field] = start;
    this.#ends[field] = end;
    return true;
  }

  /** Where the text of a field begins. */
  start(field: number): number {
    return this.#starts[field]!;
  }

  /** Its bytes; 0 = it is absent. */
  length(field: number): number {
    return this.has(field) ? this.#ends[field]! - this.#starts[field]! : 0;
  }

  /** Bytes of all text fields but the act. */
  get bytes(): number {
    let bytes = 0;
    for (let field = RECEIVER; field < CONTENT; field++) bytes += this.length(field);
    return bytes;
  }

  /** The act; undefined when it is none, or it or the receiver is missing. */
  performative(bytes: Buffer): Performative | undefined {
    if ((this.#seen & NEEDED) !== NEEDED) return undefined;
    this.#bytes = bytes;
    this.#isCut = true;
    this.#text = '';
    return normalizePerformative(this.#field(PERFORMATIVE));
  }

  /** @returns undefined when a field is missing, or the act is none. Content is left to the caller */
  message(bytes: Buffer): Message | undefined {
    if ((this.#seen & NEEDED) !== NEEDED) return undefined;
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
    if (this.has(PRIORITY)) message.priority = this.priority;
    return message;
  }

  #field(field: number): string {
    if (!this.has(field)) return '';
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
      if (!this.has(field)) continue;
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
  [...TEXT_FIELDS, 'content', 'priority', 'options'].forEach((name, field) => {
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
