import { Encoder } from '@msgpack/msgpack';
import { LIMITS } from '../base/limits.js';
import { copyWords } from '../base/words.js';
import {
  decodeMessage,
  encodedBytes,
  encodedContentBytes,
  encodedContentEncoding,
} from '../fipa/binary.js';
import { JsonHeadWriter } from '../fipa/json-head.js';
import { CONTENT_JSON, messageJsonHead, messageJsonText, packableJson } from '../fipa/message.js';

/** What `caxton_encoding` answers. */
export const ENCODING_JSON = 0;
export const ENCODING_MESSAGE_PACK = 1;

const CLOSING_BRACE = 0x7d;
const NO_BYTES = new Uint8Array(0);

/**
 * Gives a guest its message in the encoding it chose. The content's JSON goes from the ring to the
 * guest's memory byte by byte, without becoming a string: only prepare()'s head of the message is
 * built. A guest never gets a view of the ring.
 */
export class GuestEncoder {
  readonly #messagePack = new Encoder({
    ignoreUndefined: true,
    maxDepth: LIMITS.message_pack_depth,
  });
  /** Of a head that isn't plain; '' = it stands in `#plainHead`. */
  #head = '';
  readonly #plainHead = new JsonHeadWriter();
  #headBytes = 0;
  #body: Uint8Array = NO_BYTES;
  #bodyStart = 0;
  #bodyBytes = 0;
  #closingBytes = 0;

  /**
   * Makes ready to write a message.
   * @param source where its binary form lies at `offset`; must stay until write()
   * @returns its length in bytes in the guest's encoding
   */
  prepare(source: Buffer, offset: number, encoding: number): number {
    if (encoding === ENCODING_MESSAGE_PACK) return this.#prepareMessagePack(source, offset);
    if (encodedContentEncoding(source, offset) === CONTENT_JSON) {
      return this.#prepareSpliced(source, offset);
    }
    this.#setHead(messageJsonText(decodeMessage(source, offset)));
    this.#setBody(NO_BYTES, 0, 0, 0);
    return this.#headBytes;
  }

  /** A small value that isn't a message. */
  encodeValue(value: unknown, encoding: number): Uint8Array {
    return encoding === ENCODING_MESSAGE_PACK
      ? this.#messagePack.encode(value)
      : Buffer.from(JSON.stringify(value), 'utf8');
  }

  /** Writes the prepared message; the range must be inside `target`. @param view over the same */
  write(target: Buffer, view: DataView, start: number): void {
    if (this.#head !== '') target.write(this.#head, start, this.#headBytes, 'utf8');
    else if (this.#headBytes > 0) this.#plainHead.write(target, view, start);
    const at = start + this.#headBytes;
    const from = this.#bodyStart;
    const length = this.#bodyBytes;
    if (this.#body === this.#plainHead.source) {
      copyWords(view, at, this.#plainHead.view, from, length);
    } else if (length > 0) target.set(this.#body.subarray(from, from + length), at);
    if (this.#closingBytes > 0) target[at + length] = CLOSING_BRACE;
    this.#body = NO_BYTES;
  }

  #prepareSpliced(source: Buffer, offset: number): number {
    const end = offset + encodedBytes(source, offset);
    const contentBytes = encodedContentBytes(source, offset);
    const plainBytes = this.#plainHead.prepare(source, offset);
    if (plainBytes >= 0) {
      this.#head = '';
      this.#headBytes = plainBytes;
    } else {
      const message = decodeMessage(source, offset, false);
      this.#setHead(`${messageJsonHead(message, false)},"content":`);
    }
    this.#setBody(source, end - contentBytes, contentBytes, 1);
    return this.#headBytes + contentBytes + 1;
  }

  #prepareMessagePack(source: Buffer, offset: number): number {
    // The shared buffer of the encoder is read by write() before it is used again.
    const packed = this.#messagePack.encodeSharedRef(packableJson(decodeMessage(source, offset)));
    this.#setHead('');
    this.#setBody(packed, 0, packed.length, 0);
    return packed.length;
  }

  #setHead(head: string): void {
    this.#head = head;
    this.#headBytes = Buffer.byteLength(head, 'utf8');
  }

  #setBody(body: Uint8Array, start: number, length: number, closingBytes: number): void {
    this.#body = body;
    this.#bodyStart = start;
    this.#bodyBytes = length;
    this.#closingBytes = closingBytes;
  }
}
