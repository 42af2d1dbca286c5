import { SORTABLE_ID_CHARACTERS, timeOfId } from '../base/ids.js';
import { encodedTextBytes, MESSAGE_HEADER_BYTES } from '../fipa/binary.js';

const MESSAGE_ID = /^msg_[0-9A-HJKMNP-TV-Z]{26}$/;

const PREFIX = Buffer.from('msg_');
/** Characters of an id that are its millisecond. */
const TIME_CHARACTERS = 10;
/** What each character stands for; -1 = it is none of an id's. */
const DIGITS = new Int8Array(256).fill(-1);
for (const [digit, character] of [...'0123456789ABCDEFGHJKMNPQRSTVWXYZ'].entries()) {
  DIGITS[character.charCodeAt(0)] = digit;
}

/** The time in a message id in µs; undefined when the id isn't of the server's form. */
export function idTimeUs(messageId: string): number | undefined {
  return MESSAGE_ID.test(messageId) ? timeOfId(messageId.slice(4)) * 1_000 : undefined;
}

/** The same of the id of the binary message at `offset`. */
export function encodedIdTimeUs(source: Buffer, offset: number): number | undefined {
  if (encodedTextBytes(source, offset, 0) !== PREFIX.length + SORTABLE_ID_CHARACTERS) {
    return undefined;
  }
  const start = offset + MESSAGE_HEADER_BYTES;
  for (let i = 0; i < PREFIX.length; i++) if (source[start + i] !== PREFIX[i]) return undefined;
  let ms = 0;
  for (let i = 0; i < SORTABLE_ID_CHARACTERS; i++) {
    const digit = DIGITS[source[start + PREFIX.length + i]!]!;
    if (digit < 0) return undefined;
    if (i < TIME_CHARACTERS) ms = ms * 32 + digit;
  }
  return ms * 1_000;
}
