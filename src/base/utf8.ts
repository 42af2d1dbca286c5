import { isUtf8 } from 'node:buffer';

/** Up to here a loop tells plain ASCII sooner than a call with a view of the bytes. */
const LOOP_BYTES = 64;

/** Whether a range of bytes is valid UTF-8 (RFC 3629): decoding it then changes nothing. */
export function isUtf8Range(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start <= LOOP_BYTES) {
    let at = start;
    while (at < end && bytes[at]! < 0x80) at++;
    if (at === end) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}
