import { CheckedMessage } from '../../api/operations/messages.js';
import { LIMITS } from '../../base/limits.js';
import { PackedMessageReader } from '../../fipa/packed-message.js';
import type { FrameId } from './frames.js';

/** A send that asks for nothing but that its message be accepted. */
export interface PlainSend {
  readonly id: FrameId;
  readonly message: CheckedMessage;
}

const TYPE = Buffer.from('type');
const SEND = Buffer.from('send');
const ID = Buffer.from('id');
const MESSAGE = Buffer.from('message');

/**
 * Reads binary frames as busy clients send them, an array of sends of plain messages, from their
 * bytes. Any other frame is declined as a whole, before anything of it is sent: the codec reads it,
 * and tells what is wrong with it.
 */
export class PlainBatchReader {
  readonly #messages = new PackedMessageReader();
  #at = 0;

  /** @param contentBytes the limit of a message's content */
  read(bytes: Buffer, contentBytes: number): PlainSend[] | undefined {
    // Each value takes a byte: so the frame can't hold more of them than it may.
    if (bytes.length > LIMITS.message_pack_values) return undefined;
    const count = this.#begin(bytes);
    const sends: PlainSend[] = [];
    for (let i = 0; i < count; i++) {
      const send = this.#send(bytes, contentBytes);
      if (send === undefined) return undefined;
      sends.push(send);
    }
    return count >= 0 && this.#at === bytes.length ? sends : undefined;
  }

  /** @returns how many sends the array claims to hold, -1 when it is none or may hold less */
  #begin(bytes: Buffer): number {
    const type = bytes[0];
    if (type === undefined) return -1;
    this.#at = 1;
    if ((type & 0xf0) === 0x90) return type & 0x0f;
    if (type !== 0xdc || bytes.length < 3) return -1;
    this.#at = 3;
    const count = bytes.readUInt16BE(1);
    return count <= LIMITS.batch_messages ? count : -1;
  }

  #send(bytes: Buffer, contentBytes: number): PlainSend | undefined {
    const type = bytes[this.#at] ?? 0;
    if ((type & 0xf0) !== 0x80) return undefined;
    this.#at += 1;
    let id: FrameId;
    let message: CheckedMessage | undefined;
    for (let left = type & 0x0f; left > 0; left--) {
      if (message === undefined && this.#skip(bytes, MESSAGE)) {
        const read = this.#messages.read(bytes, this.#at, bytes.length, contentBytes);
        if (read === undefined) return undefined;
        this.#at = this.#messages.end;
        message = new CheckedMessage(read);
      } else if (id === undefined && this.#skip(bytes, ID)) {
        id = this.#id(bytes);
        if (id === undefined) return undefined;
      } else if (!this.#skip(bytes, TYPE) || !this.#skip(bytes, SEND)) return undefined;
    }
    return message && { id, message };
  }

  /** Goes on behind a short text, if it stands here. */
  #skip(bytes: Buffer, text: Uint8Array): boolean {
    const at = this.#at;
    if (bytes[at] !== (0xa0 | text.length)) return false;
    for (let i = 0; i < text.length; i++) if (bytes[at + 1 + i] !== text[i]) return false;
    this.#at = at + 1 + text.length;
    return true;
  }

  /** Short text in ASCII, or a number that isn't negative. */
  #id(bytes: Buffer): FrameId {
    const start = this.#at + 1;
    const type = bytes[this.#at] ?? 0xc1;
    const size = NUMBER_BYTES.get(type) ?? (type < 0x80 ? 0 : -1);
    if (size >= 0) {
      if (start + size > bytes.length) return undefined;
      this.#at = start + size;
      return size === 0 ? type : bytes.readUIntBE(start, size);
    }
    const end = start + (type & 0x1f);
    if ((type & 0xe0) !== 0xa0 || end > bytes.length) return undefined;
    for (let i = start; i < end; i++) if (bytes[i]! > 0x7f) return undefined;
    this.#at = end;
    return bytes.toString('latin1', start, end);
  }
}

const NUMBER_BYTES = new Map([
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
]);
