import { invalidRequest } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';

/** A shorter text takes no time that anybody would notice, whatever it holds. */
const LOOKED_AT_BYTES = 256 * 1024;
/** Beside the content: the message's other fields, options, filters. */
const OTHER_WEIGHT = 10_000;
/** An object's field costs about as much to read as so many entries of a list. */
const NAME_WEIGHT = 3;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/**
 * Refuses JSON that is made to be slow. A text of megabytes of brackets takes seconds to read, in
 * which nobody else is served, where the same bytes as one string take milliseconds. The bound is
 * what the densest content may hold: `{"":1},` again and again, which weighs 5 and has 7 bytes.
 * @param field named in the error
 * @param subject how the error calls the text at the start of its sentence
 * @throws CaxtonError INVALID_REQUEST
 */
export function checkJsonWeight(
  bytes: Buffer,
  contentBytes: number,
  field: string,
  subject: string,
): void {
  if (bytes.length < LOOKED_AT_BYTES) return;
  const weightMax = Math.ceil((contentBytes * 5) / 7) + OTHER_WEIGHT;
  let weight = 0;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) i = endOfString(bytes, i);
    else if (byte === COMMA) weight += 1;
    else if (byte === COLON) weight += NAME_WEIGHT;
    // Brackets and braces differ in one bit, and so do those that open from those that close.
    else if ((byte & 0xdf) === 0x5b) {
      weight += 1;
      depth += 1;
      if (depth > LIMITS.message_pack_depth) throw tooDeep(field, subject);
    } else if ((byte & 0xdf) === 0x5d) depth -= 1;
    if (weight > weightMax) throw tooMany(field, subject);
  }
}

/** Where the string that begins at `start` ends, or the text. */
function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let before = end;
    while (bytes[before - 1] === BACKSLASH) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
  return bytes.length;
}

function tooDeep(field: string, subject: string): Error {
  return invalidRequest(
    `${subject} is nested deeper than ${LIMITS.message_pack_depth} levels.`,
    field,
    { limit: LIMITS.message_pack_depth },
  );
}

function tooMany(field: string, subject: string): Error {
  return invalidRequest(
    `${subject} holds more fields and entries than the largest content could. Send less at once, or binary data as text in base64.`,
    field,
  );
}
