import { LIMITS } from '../base/limits.js';

/**
 * Keys of the tables, as bytes that LMDB orders one by one. Numbers are big endian so that their
 * order is kept; text has its length in front, so that no text is a prefix of another.
 */
export const NUMBER_BYTES = 6;

/** Kinds of postings: which of a message's fields an entry of the index is about. */
export const BY_CONVERSATION = 1;
export const BY_SENDER = 2;
export const BY_RECEIVER = 3;
export const BY_PERFORMATIVE = 4;
export type PostingKind =
  | typeof BY_CONVERSATION
  | typeof BY_SENDER
  | typeof BY_RECEIVER
  | typeof BY_PERFORMATIVE;

/** What the longest field of a message takes: the limit counts characters, of up to four bytes. */
export const KEY_TEXT_BYTES_MAX = LIMITS.field_bytes * 4;

/** Whether a text is short enough for a key. */
export function fitsKey(text: string): boolean {
  return text.length * 3 <= KEY_TEXT_BYTES_MAX || Buffer.byteLength(text) <= KEY_TEXT_BYTES_MAX;
}

export function numberKey(value: number): Buffer {
  const key = Buffer.allocUnsafe(NUMBER_BYTES);
  key.writeUIntBE(value, 0, NUMBER_BYTES);
  return key;
}

/** The number that a key ends with. */
export function numberOfKey(key: Uint8Array): number {
  const at = key.byteLength - NUMBER_BYTES;
  let value = 0;
  for (let i = 0; i < NUMBER_BYTES; i++) value = value * 256 + key[at + i]!;
  return value;
}

/** Length and text: the common start of all keys about this text. */
export function textPrefix(text: string): Buffer {
  const bytes = Buffer.byteLength(text, 'utf8');
  const key = Buffer.allocUnsafe(2 + bytes);
  key.writeUInt16BE(bytes, 0);
  key.write(text, 2, 'utf8');
  return key;
}

export function textNumberKey(text: string, value: number): Buffer {
  return Buffer.concat([textPrefix(text), numberKey(value)]);
}

/** Writes the key of a posting list into `target`; returns its length. */
export function writePostingKey(
  target: Buffer,
  kind: PostingKind,
  text: string,
  segment: number,
): number {
  target[0] = kind;
  const bytes = target.write(text, 3, 'utf8');
  target.writeUInt16BE(bytes, 1);
  target.writeUIntBE(segment, 3 + bytes, NUMBER_BYTES);
  return 3 + bytes + NUMBER_BYTES;
}

export function postingKey(kind: PostingKind, text: string, segment: number): Buffer {
  const key = Buffer.allocUnsafe(3 + Buffer.byteLength(text, 'utf8') + NUMBER_BYTES);
  writePostingKey(key, kind, text, segment);
  return key;
}

/** The smallest key above all keys that begin with `prefix`, which isn't all 0xff. */
export function prefixEnd(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i]! < 0xff) {
      end[i]! += 1;
      return end.subarray(0, i + 1);
    }
  }
  return end;
}
