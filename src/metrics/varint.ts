import { assert } from '../base/assert.js';

/** The most that a whole number below 2^53 takes. */
export const VARINT_BYTES_MAX = 8;

/**
 * Seven bits a byte, lowest first; the top bit says that more follow.
 * @returns where the next one goes
 */
export function writeVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 128) {
    bytes[at++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  bytes[at++] = rest;
  return at;
}

/** Reads one and moves the cursor behind it. @throws AssertionError when the bytes end before it */
export function readVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  let scale = 1;
  for (;;) {
    const byte = bytes[cursor.at++];
    assert(byte !== undefined, 'an encoded histogram ends too early');
    value += (byte % 128) * scale;
    if (byte < 128) return value;
    scale *= 128;
  }
}
