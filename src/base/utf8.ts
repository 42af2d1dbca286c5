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

/** What JSON.stringify prints of half a surrogate pair begins so, and little else does. */
const HALF_PAIR = '\\ud';

/** Whether a JSON text may hold half of a surrogate pair, for which UTF-8 has no form. */
export function mayHoldHalfPairs(json: string): boolean {
  return json.includes(HALF_PAIR);
}

/** A JSON value in which the replacement character stands for each half of a surrogate pair. */
export function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key.toWellFormed(), wellFormed(child)]),
  );
}
