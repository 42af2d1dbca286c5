// JSON strings: escapes decoded, compared and written.

export const QUOTE: u8 = 0x22;
export const BACKSLASH: u8 = 0x5c;

/** Compares bytes as they are with an ASCII text. */
export function bytesEqual(start: usize, end: usize, text: string): bool {
  const length = <usize>text.length;
  if (end - start != length) return false;
  let units = changetype<usize>(text);
  for (; start < end; start++, units += 2) {
    if (load<u8>(start) != load<u16>(units)) return false;
  }
  return true;
}

/** Compares the inside of a JSON string, escapes decoded, with an ASCII text. */
export function textEquals(start: usize, end: usize, text: string): bool {
  const length = <usize>text.length;
  const units = changetype<usize>(text);
  // Escapes only make a text longer.
  if (end - start <= length) return bytesEqual(start, end, text);
  let at = start;
  for (let i: usize = 0; i < length; i++) {
    if (at >= end) return false;
    let unit = <u32>load<u8>(at++);
    if (unit == BACKSLASH) {
      unit = unescape(at, end);
      at += load<u8>(at) == 0x75 ? 5 : 1;
    } else if (unit > 0x7f) return false;
    if (unit != load<u16>(units + (i << 1))) return false;
  }
  return at == end;
}

/** The UTF-16 code unit of the escape whose letter is at `at`. */
function unescape(at: usize, end: usize): u32 {
  const letter = <u32>load<u8>(at);
  switch (letter) {
    case 0x62: return 0x08;
    case 0x66: return 0x0c;
    case 0x6e: return 0x0a;
    case 0x72: return 0x0d;
    case 0x74: return 0x09;
    case 0x75: return at + 5 <= end ? hexadecimal(at + 1) : 0xfffd;
    default: return letter;
  }
}

function hexadecimal(at: usize): u32 {
  let unit: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const digit = <u32>load<u8>(at + i);
    unit = (unit << 4) | (digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57);
  }
  return unit;
}

/**
 * Writes the inside of a JSON string as UTF-8, at most as many bytes as it has.
 * @returns the number of bytes written
 */
export function decodeString(start: usize, end: usize, target: usize): usize {
  let at = start;
  let to = target;
  while (at < end) {
    const byte = load<u8>(at++);
    if (byte != BACKSLASH) {
      store<u8>(to++, byte);
      continue;
    }
    let code = unescape(at, end);
    at += load<u8>(at) == 0x75 ? 5 : 1;
    const pair = (code & 0xfc00) == 0xd800 && at + 6 <= end && load<u16>(at) == 0x755c;
    if (pair && (unescape(at + 1, end) & 0xfc00) == 0xdc00) {
      code = 0x10000 + ((code & 0x3ff) << 10) + (unescape(at + 1, end) & 0x3ff);
      at += 6;
    } else if ((code & 0xf800) == 0xd800) code = 0xfffd;
    to = writeCodePoint(to, code);
  }
  return to - target;
}

function writeCodePoint(to: usize, code: u32): usize {
  if (code < 0x80) {
    store<u8>(to, code);
    return to + 1;
  }
  let rest: u32 = 1;
  if (code < 0x800) store<u8>(to, 0xc0 | (code >> 6));
  else if (code < 0x10000) {
    store<u8>(to, 0xe0 | (code >> 12));
    rest = 2;
  } else {
    store<u8>(to, 0xf0 | (code >> 18));
    rest = 3;
  }
  to++;
  while (rest-- > 0) store<u8>(to++, 0x80 | ((code >> (rest * 6)) & 0x3f));
  return to;
}
