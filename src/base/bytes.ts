/**
 * Copies a range of bytes, as Buffer.copy does, in half of its time where the range is short: the
 * caller has made sure that both ranges are there.
 */
export function copyBytes(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  target.set(new Uint8Array(source.buffer, source.byteOffset + start, end - start), at);
}

/** Whether a range of bytes is a text in ASCII; false for a text with other characters. */
export function isText(source: Uint8Array, start: number, length: number, text: string): boolean {
  if (text.length !== length) return false;
  // From the end: ids differ there first.
  for (let i = length - 1; i >= 0; i--) {
    const unit = text.charCodeAt(i);
    if (source[start + i] !== unit || unit > 0x7f) return false;
  }
  return true;
}
