import { copyBytes } from '../base/bytes.js';
import {
  decodeMessage,
  encodedBytes,
  encodedContentBytes,
  encodedContentEncoding,
} from './binary.js';
import { JsonHeadWriter } from './json-head.js';
import { CONTENT_JSON, messageJsonText } from './message.js';

const CLOSING_BRACE = 0x7d;
const FIRST_BYTES = 16 * 1024;
/** A larger buffer isn't kept for the next message. */
const KEPT_BYTES = 1024 * 1024;

/** Makes the JSON text of messages of their binary form, without a string where they are plain. */
export class MessageJsonBytes {
  readonly #heads = new JsonHeadWriter();
  #kept = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = viewOf(this.#kept);

  /**
   * @param before what is to stand before it, in ASCII
   * @param source where the binary form of a message lies at `offset`
   * @param behind what is to stand behind it, in ASCII
   * @returns bytes that stay as they are until the next call
   */
  write(before: string, source: Buffer, offset: number, behind: string): Buffer {
    const isJson = encodedContentEncoding(source, offset) === CONTENT_JSON;
    const headBytes = isJson ? this.#heads.prepare(source, offset) : -1;
    if (headBytes < 0) {
      return Buffer.from(before + messageJsonText(decodeMessage(source, offset)) + behind);
    }
    const contentBytes = encodedContentBytes(source, offset);
    const needed = before.length + headBytes + contentBytes + 1 + behind.length;
    const target = this.#room(needed);
    let at = target.write(before, 'latin1');
    this.#heads.write(target, this.#view, at);
    at += headBytes;
    const end = offset + encodedBytes(source, offset);
    copyBytes(target, at, source, end - contentBytes, end);
    at += contentBytes;
    target[at++] = CLOSING_BRACE;
    target.write(behind, at, 'latin1');
    return target.subarray(0, needed);
  }

  #room(bytes: number): Buffer {
    if (bytes > this.#kept.length || (this.#kept.length > KEPT_BYTES && bytes <= FIRST_BYTES)) {
      this.#kept = Buffer.allocUnsafeSlow(Math.max(bytes, FIRST_BYTES));
      this.#view = viewOf(this.#kept);
    }
    return this.#kept;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
