import { CaxtonError, invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { formatBytes } from '../../base/units.js';
import type { HeldBytes } from '../held-bytes.js';
import type { UwsResponse } from '../uws-loader.js';

/** How much of an oversize body is read and dropped, so that the client gets to read the refusal. */
const DROPPED_BYTES_MAX = 2 * LIMITS.request_body_bytes;

export interface BodyReceiver {
  /** The bytes may not be used after the call returns: they may be the network's own memory. */
  body(bytes: Buffer): void;
  /** @param drained whether the connection can go on */
  refused(error: CaxtonError, drained: boolean): void;
  /** The body comes in pieces; they are to be let go of when the client is gone. */
  holding(pieces: HeldPieces): void;
}

/** Bodies of all requests that came in part; each caller is known by its name. */
export type HeldBodies = HeldBytes<string>;

/** What has come of one body. */
export class HeldPieces {
  readonly #held: HeldBodies;
  readonly #caller: string;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(held: HeldBodies, caller: string) {
    this.#held = held;
    this.#caller = caller;
  }

  /** @returns whether there was room for it */
  add(chunk: ArrayBuffer): boolean {
    if (!this.#held.take(this.#caller, chunk.byteLength)) return false;
    this.#bytes += chunk.byteLength;
    // A copy: the chunk's memory goes back to the network when its handler returns.
    this.#pieces.push(Buffer.from(chunk.slice(0)));
    return true;
  }

  /** All that came; nothing is held any more. */
  join(): Buffer {
    const body = Buffer.concat(this.#pieces);
    this.letGo();
    return body;
  }

  letGo(): void {
    this.#held.give(this.#caller, this.#bytes);
    this.#bytes = 0;
    this.#pieces = [];
  }
}

/**
 * Reads a request's body, which most often comes in one piece and is then not copied.
 * @param caller to whose share of what is held the pieces count
 */
export function receiveBody(
  response: UwsResponse,
  receiver: BodyReceiver,
  held: HeldBodies,
  caller: string,
): void {
  let pieces: HeldPieces | undefined;
  let totalBytes = 0;
  let refused = false;
  response.onData((chunk, isLast) => {
    if (refused) return;
    totalBytes += chunk.byteLength;
    if (totalBytes > LIMITS.request_body_bytes) {
      pieces?.letGo();
      refused = isLast || totalBytes > DROPPED_BYTES_MAX;
      if (refused) receiver.refused(bodyTooLarge(), isLast);
      return;
    }
    if (isLast && pieces === undefined) {
      receiver.body(Buffer.from(chunk));
      return;
    }
    if (pieces === undefined) {
      pieces = new HeldPieces(held, caller);
      receiver.holding(pieces);
    }
    if (!pieces.add(chunk)) {
      pieces.letGo();
      refused = true;
      // What follows is dropped as it comes: ending the connection could lose the answer.
      receiver.refused(tooManyBodies(), true);
    } else if (isLast) receiver.body(pieces.join());
  });
}

function tooManyBodies(): CaxtonError {
  return new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `Too many bodies are being received at once: those of one caller may take ${formatBytes(LIMITS.held_request_bytes_per_caller)}, of all together ${formatBytes(LIMITS.held_request_bytes)}. Send this one again when others are done.`,
    {
      limit_bytes: LIMITS.held_request_bytes_per_caller,
      total_limit_bytes: LIMITS.held_request_bytes,
      retry_after_seconds: 1,
    },
  );
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

/**
 * A body is read as it is. One that begins so is compressed (RFC 1952, section 2.3.1), which neither
 * JSON nor a form can be taken for.
 * @throws CaxtonError INVALID_REQUEST
 */
export function checkNotCompressed(bytes: Buffer): void {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return;
  throw invalidRequest(
    "The request's body is compressed; send it as it is, without content-encoding.",
    'content-encoding',
    { allowed: ['identity'] },
  );
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
