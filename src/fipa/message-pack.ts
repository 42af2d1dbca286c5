import { decode, encode } from '@msgpack/msgpack';
import { type CaxtonError, invalidRequest } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { messagePackFault } from './message-pack-check.js';

const BOUNDS = Object.freeze({
  depth: LIMITS.message_pack_depth,
  values: LIMITS.message_pack_values,
  blobs: true,
});

// The library's own bound is less than what content may nest, and it throws there.
const ENCODING = Object.freeze({ ignoreUndefined: true, maxDepth: LIMITS.message_pack_depth });

export function encodeMessagePack(value: unknown): Uint8Array {
  return encode(value, ENCODING);
}

/**
 * Reads MessagePack from outside, checked before the first object is made of it.
 * @param field named in the error
 * @param subject how the error calls the bytes at the start of its sentence
 * @throws CaxtonError INVALID_REQUEST
 */
export function decodeMessagePack(bytes: Uint8Array, field: string, subject: string): unknown {
  switch (messagePackFault(bytes, 0, bytes.length, BOUNDS)) {
    case 'too deep':
      throw beyond(`${subject} is nested deeper than`, BOUNDS.depth, 'levels', field);
    case 'too many values':
      throw beyond(`${subject} holds more than`, BOUNDS.values, 'values', field);
    case 'malformed':
      throw malformed(
        'it ends too early, goes on too long, claims more than it holds, or has text that is not UTF-8',
      );
    case undefined:
  }
  try {
    return decode(bytes);
  } catch (error) {
    throw malformed((error as Error).message);
  }

  function malformed(reason: string): CaxtonError {
    return invalidRequest(`${subject} is not valid MessagePack: ${reason}.`, field);
  }
}

function beyond(what: string, limit: number, unit: string, field: string): CaxtonError {
  return invalidRequest(`${what} ${limit} ${unit}; send it flatter, or in parts.`, field, {
    limit,
  });
}
