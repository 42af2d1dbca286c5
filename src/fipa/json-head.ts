import { rfc3339 } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import {
  encodedPerformativeCode,
  encodedPriority,
  encodedReplyByMs,
  encodedTextBytes,
  encodedTimestampUs,
  MESSAGE_HEADER_BYTES,
  TEXT_FIELD_COUNT,
} from './binary.js';
import { PERFORMATIVES } from './performative.js';

const ascii = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(Buffer.from(text, 'latin1'));

/** What stands before each text field of the binary form, in its order. */
const BEFORE_SENDER = PERFORMATIVES.map((name) => ascii(`","performative":"${name}","sender":"`));
const BEFORE_MESSAGE_ID = ascii('{"message_id":"');
const BEFORE_RECEIVER = ascii('","receiver":"');
const BEFORE_OTHERS = [
  'conversation_id',
  'reply_with',
  'in_reply_to',
  'reply_to',
  'ontology',
  'language',
  'protocol',
  'traceparent',
].map((name) => ascii(`","${name}":"`));
const BEFORE_PRIORITY = ascii('","priority":');
const BEFORE_TIMESTAMP = ascii('","timestamp":"');
const BEHIND_PRIORITY = ascii(',"timestamp":"');
const ZERO = 0x30;
const QUOTE = 0x22;

/** The first of the fields that may be missing. */
const OTHERS = 3;

/** 1 for bytes that stand in a JSON string as they are. */
const PLAIN = new Uint8Array(256).fill(1, 0x20, 0x7f);
PLAIN[0x22] = 0;
PLAIN[0x5c] = 0;

/** Room that a head takes at most. */
export const JSON_HEAD_BYTES_MAX = LIMITS.envelope_bytes + 512;

let timestampMs = -1;
let timestamp = new Uint8Array(0);

/**
 * Writes the JSON text of the binary message at `offset` without its content and its closing brace,
 * as `messageJsonHead` has it, from its bytes: no string is made.
 * @param target has room for `JSON_HEAD_BYTES_MAX`
 * @returns how many bytes it takes; -1 when the text would need escapes, more than a byte for a
 *   character, or a time to reply by
 */
export function writeJsonHead(target: Uint8Array, source: Buffer, offset: number): number {
  if (encodedReplyByMs(source, offset) !== 0) return -1;
  let from = offset + MESSAGE_HEADER_BYTES;
  let at = 0;
  for (let field = 0; field < TEXT_FIELD_COUNT; field++) {
    const length = encodedTextBytes(source, offset, field);
    if (length === 0 && field >= OTHERS) continue;
    at = put(target, at, before(field, source, offset));
    for (const end = from + length; from < end; from++) {
      const byte = source[from]!;
      if (PLAIN[byte] === 0) return -1;
      target[at++] = byte;
    }
  }
  const priority = encodedPriority(source, offset);
  if (priority === 0) at = put(target, at, BEFORE_TIMESTAMP);
  else {
    at = put(target, at, BEFORE_PRIORITY);
    target[at++] = ZERO + priority;
    at = put(target, at, BEHIND_PRIORITY);
  }
  at = put(target, at, timestampOf(encodedTimestampUs(source, offset) / 1_000));
  target[at++] = QUOTE;
  return at;
}

function before(field: number, source: Buffer, offset: number): Uint8Array {
  if (field >= OTHERS) return BEFORE_OTHERS[field - OTHERS]!;
  if (field === 0) return BEFORE_MESSAGE_ID;
  return field === 1 ? BEFORE_SENDER[encodedPerformativeCode(source, offset)]! : BEFORE_RECEIVER;
}

function put(target: Uint8Array, start: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) target[start + i] = bytes[i]!;
  return start + bytes.length;
}

// Messages of one millisecond come one after the other.
function timestampOf(ms: number): Uint8Array {
  const whole = Math.floor(ms);
  if (whole !== timestampMs) {
    timestamp = ascii(rfc3339(whole));
    timestampMs = whole;
  }
  return timestamp;
}
