import { LIMITS } from '../base/limits.js';
import { CONTENT_JSON, type Message } from './message.js';
import { PackedJsonWriter } from './packed-json.js';
import { CONTENT, fieldNamed, OPTIONS, PlainFields, PRIORITY } from './plain-fields.js';

/**
 * Reads messages in MessagePack that are as most are: every text field in ASCII and of a length
 * that it may have, content that JSON has a form for. No object is made of them on the way. What it
 * finds anything unusual in, be it a fault, it leaves to the decoder and `parseMessageInput`, which
 * know what to say of it: for all that it reads it gives what these would give.
 */
export class PackedMessageReader {
  readonly #json = new PackedJsonWriter();
  readonly #fields = new PlainFields();
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
    this.#fields.clear();
    let at = start + 1;
    for (let left = type & 0x0f; left > 0; left--) {
      const field = keyAt(bytes, at, limit);
      if (field < 0 || !this.#fields.see(field)) return undefined;
      at += 1 + (bytes[at]! & 0x1f);
      at = this.#value(field, bytes, at, limit);
      if (at < 0) return undefined;
    }
    const hasContent = this.#fields.has(CONTENT);
    if (hasContent && this.#json.length > contentBytes) return undefined;
    this.end = at;
    const message = this.#fields.message(bytes);
    if (message !== undefined && hasContent) {
      message.contentEncoding = CONTENT_JSON;
      message.content = this.#json.text();
    }
    return message;
  }

  /** @returns where the value ends; -1 when it is not a plain one */
  #value(field: number, bytes: Buffer, at: number, limit: number): number {
    if (field === CONTENT) return this.#json.convert(bytes, at, limit);
    if (at >= limit || field === OPTIONS) return -1;
    const type = bytes[at]!;
    if (field === PRIORITY) {
      this.#fields.priority = type;
      return type <= LIMITS.priority_max ? at + 1 : -1;
    }
    let start = at + 1;
    let length: number;
    if ((type & 0xe0) === 0xa0) length = type & 0x1f;
    else if (type === 0xd9 && start < limit) length = bytes[start++]!;
    else return -1;
    const end = start + length;
    if (end > limit || !this.#fields.place(field, start, end)) return -1;
    for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) return -1;
    return end;
  }
}

function keyAt(bytes: Buffer, at: number, limit: number): number {
  if (at >= limit || (bytes[at]! & 0xe0) !== 0xa0) return -1;
  const length = bytes[at]! & 0x1f;
  return at + 1 + length > limit ? -1 : fieldNamed(bytes, at + 1, length);
}
