import { CaxtonError } from '../base/errors.js';
import { NUMBER_BYTES } from './keys.js';

/**
 * A cursor is the number of the last entry of a page, in 12 bytes as base64url: what list it is of,
 * 0, the number in 6 bytes, and a checksum of these, so that a made-up one is told apart.
 */
export const CURSOR_HISTORY_ASCENDING = 1;
export const CURSOR_HISTORY_DESCENDING = 2;
export const CURSOR_DEAD_LETTERS = 3;
export type CursorList =
  | typeof CURSOR_HISTORY_ASCENDING
  | typeof CURSOR_HISTORY_DESCENDING
  | typeof CURSOR_DEAD_LETTERS;

const CHECKED_BYTES = 2 + NUMBER_BYTES;
const CURSOR_FORM = /^[A-Za-z0-9_-]{16}$/;

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function checksum(bytes: Buffer): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < CHECKED_BYTES; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

export function encodeCursor(list: CursorList, number: number): string {
  const bytes = Buffer.alloc(CHECKED_BYTES + 4);
  bytes[0] = list;
  bytes.writeUIntBE(number, 2, NUMBER_BYTES);
  bytes.writeUInt32BE(checksum(bytes), CHECKED_BYTES);
  return bytes.toString('base64url');
}

/** @throws CaxtonError INVALID_REQUEST when the text is no cursor of this list */
export function decodeCursor(list: CursorList, text: string): number {
  if (CURSOR_FORM.test(text)) {
    const bytes = Buffer.from(text, 'base64url');
    const genuine = bytes.readUInt32BE(CHECKED_BYTES) === checksum(bytes);
    if (genuine && bytes[0] === list) return bytes.readUIntBE(2, NUMBER_BYTES);
  }
  throw new CaxtonError(
    'INVALID_REQUEST',
    'cursor is not one that this list gave out. Pass next_cursor of the page before as it is, with the same order, or leave cursor out to begin anew.',
    { field: 'cursor' },
  );
}
