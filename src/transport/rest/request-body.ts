import { type CaxtonError, invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { formatBytes } from '../../base/units.js';
import type { UwsResponse } from '../uws-loader.js';

/** How much of an oversize body is read and dropped, so that the client gets to read the refusal. */
const DROPPED_BYTES_MAX = 2 * LIMITS.request_body_bytes;

export interface BodyReceiver {
  /** The bytes may not be used after the call returns: they may be the network's own memory. */
  body(bytes: Buffer): void;
  /** @param drained whether the whole body was read, so that the connection can go on */
  tooLarge(error: CaxtonError, drained: boolean): void;
}

/** Reads a request's body, which most often comes in one piece and is then not copied. */
export function receiveBody(response: UwsResponse, receiver: BodyReceiver): void {
  let pieces: Buffer[] | undefined;
  let totalBytes = 0;
  let refused = false;
  response.onData((chunk, isLast) => {
    totalBytes += chunk.byteLength;
    if (totalBytes > LIMITS.request_body_bytes) {
      pieces = undefined;
      if (refused || !(isLast || totalBytes > DROPPED_BYTES_MAX)) return;
      refused = true;
      receiver.tooLarge(bodyTooLarge(), isLast);
      return;
    }
    if (isLast && pieces === undefined) {
      receiver.body(Buffer.from(chunk));
      return;
    }
    pieces ??= [];
    // A copy: the chunk's memory goes back to the network when this handler returns.
    pieces.push(Buffer.from(chunk.slice(0)));
    if (isLast) receiver.body(Buffer.concat(pieces));
  });
}

function bodyTooLarge(): CaxtonError {
  return invalidRequest(
    `The request's body is larger than ${formatBytes(LIMITS.request_body_bytes)} (${LIMITS.request_body_bytes} bytes).`,
    'body',
    { limit_bytes: LIMITS.request_body_bytes },
  );
}

/** @throws CaxtonError INVALID_REQUEST when the value is no object */
export function asFields(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalidRequest("The request's body must be a JSON object.", 'body');
}

export type BodyKind = 'json' | 'multipart';

/** @throws CaxtonError INVALID_REQUEST on a type that the server does not read */
export function bodyKind(contentType: string, acceptsFile: boolean): BodyKind {
  if (contentType === 'application/json' || contentType === '') return 'json';
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase();
  // The latter is what curl -d says of any body when it isn't told better.
  if (type === 'application/json' || type === 'application/x-www-form-urlencoded') return 'json';
  if (type === 'multipart/form-data' && acceptsFile) return 'multipart';
  const accepted = ['application/json', ...(acceptsFile ? ['multipart/form-data'] : [])];
  throw invalidRequest(
    `content-type ${type} is not read here; send ${accepted.join(' or ')}.`,
    'content-type',
    { allowed: accepted },
  );
}
