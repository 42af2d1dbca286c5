import { Decoder } from '@msgpack/msgpack';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { isUtf8Range } from '../base/utf8.js';
import { parseMessageInput } from '../fipa/input.js';
import type { Message } from '../fipa/message.js';
import { messagePackFault } from '../fipa/message-pack-check.js';
import { HOST_INVALID_ARGUMENT, HOST_LIMIT_EXCEEDED } from '../wire/host-calls.js';
import { ENCODING_MESSAGE_PACK } from './guest-encoding.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACKET = 0x5b;
/** A closing bracket of either kind is so far behind its opening one. */
const TO_CLOSING = 2;

/** The levels that a message may nest: its content's, and itself. */
const DEPTH_MAX = LIMITS.content_depth + 1;

const MESSAGE_PACK_BOUNDS = Object.freeze({
  depth: DEPTH_MAX,
  values: LIMITS.message_pack_values,
  blobs: false,
});

/** Reads what guests hand over: bounded in size and depth before anything is built from it. */
export class GuestInput {
  readonly #messagePack = new Decoder();
  readonly #contentBytes: number;

  constructor(contentBytes: number) {
    this.#contentBytes = contentBytes;
  }

  /**
   * A message to be sent, in the guest's encoding.
   * @param receiver stands in for an absent receiver, where the caller has another way to name it
   * @returns the message, or the host call's negative result
   */
  message(
    memory: Buffer,
    start: number,
    length: number,
    encoding: number,
    receiver?: string,
  ): Message | number {
    // Escapes make JSON text longer than the content it stands for, six times at most.
    if (length > (this.#contentBytes + LIMITS.envelope_bytes) * 6) return HOST_LIMIT_EXCEEDED;
    const packed = encoding === ENCODING_MESSAGE_PACK;
    const value = this.#value(memory, start, length, packed);
    if (value === undefined) return HOST_INVALID_ARGUMENT;
    const input = receiver === undefined ? value : withReceiver(value, receiver);
    try {
      return parseMessageInput(input, { contentBytes: this.#contentBytes, strict: false });
    } catch (error) {
      if (!(error instanceof CaxtonError)) throw error;
      return 'limit_bytes' in error.details ? HOST_LIMIT_EXCEEDED : HOST_INVALID_ARGUMENT;
    }
  }

  /** A filter: JSON, or MessagePack from a guest that uses it. @returns undefined when malformed */
  filter(memory: Buffer, start: number, length: number, encoding: number): unknown {
    if (length > LIMITS.envelope_bytes * 16) return undefined;
    // As MessagePack, an opening brace would be a number and no filter.
    const packed = encoding === ENCODING_MESSAGE_PACK && memory[start] !== BRACE;
    return this.#value(memory, start, length, packed);
  }

  #value(memory: Buffer, start: number, length: number, packed: boolean): unknown {
    try {
      if (packed) {
        if (messagePackFault(memory, start, length, MESSAGE_PACK_BOUNDS) !== undefined) {
          return undefined;
        }
        return this.#messagePack.decode(memory.subarray(start, start + length));
      }
      // Else what is no text would be replaced without a word.
      if (!isUtf8Range(memory, start, start + length)) return undefined;
      if (jsonDepthExceeds(memory, start, start + length, DEPTH_MAX)) return undefined;
      return JSON.parse(memory.toString('utf8', start, start + length));
    } catch (error) {
      // The guest's recursion has used up the stack: that traps it, whatever it handed over.
      if (error instanceof RangeError && error.message.startsWith('Maximum call stack'))
        throw error;
      return undefined;
    }
  }
}

function withReceiver(value: unknown, receiver: string): unknown {
  if (typeof value !== 'object' || value === null || 'receiver' in value) return value;
  return { ...value, receiver };
}

/** Writing JSON recurses for each level, so that deep nesting is refused before it is parsed. */
function jsonDepthExceeds(bytes: Buffer, start: number, end: number, depthMax: number): boolean {
  if (end - start <= depthMax) return false;
  let depth = 0;
  let inString = false;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) inString = !inString;
    else if (inString) {
      if (byte === BACKSLASH) i++;
    } else if (byte === BRACE || byte === BRACKET) {
      depth++;
      if (depth > depthMax) return true;
    } else if (byte === BRACE + TO_CLOSING || byte === BRACKET + TO_CLOSING) depth--;
  }
  return false;
}
