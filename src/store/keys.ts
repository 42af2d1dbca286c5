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

/** Key of the values of one field that are in one group, of one segment. */
export function postingKey(segment: number, kind: PostingKind, group: number): Buffer {
  const key = Buffer.allocUnsafe(NUMBER_BYTES + 2);
  key.writeUIntBE(segment, 0, NUMBER_BYTES);
  key[NUMBER_BYTES] = kind;
  key[NUMBER_BYTES + 1] = group;
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
