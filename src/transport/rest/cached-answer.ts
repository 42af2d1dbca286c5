import { createHash } from 'node:crypto';
import { statusLine } from '../http-reply.js';
import type { UwsRequest, UwsResponse } from '../uws-loader.js';

/**
 * An answer that is the same for everybody until the server ends: one buffer, from which every
 * client is sent, however slowly it reads.
 */
export class CachedAnswer {
  readonly #bytes: Buffer;
  readonly #headers: readonly (readonly [name: string, value: string])[];
  readonly #etag: string;

  constructor(body: string | Buffer, headers: Readonly<Record<string, string>>) {
    this.#bytes = Buffer.from(body);
    this.#etag = `"${createHash('sha256').update(this.#bytes).digest('base64url').slice(0, 22)}"`;
    this.#headers = Object.entries(headers);
  }

  /** Answers a GET or a HEAD; a client that has it already is told so (RFC 9110, section 13.1.2). */
  send(response: UwsResponse, request: UwsRequest): void {
    // The library wants it of answers that are over later, as it takes those to HEAD to be.
    response.onAborted(() => {});
    const isKnown = matches(request.getHeader('if-none-match'), this.#etag);
    const isHead = request.getMethod() === 'head';
    if (isKnown) response.writeStatus(statusLine(304));
    response.writeHeader('etag', this.#etag);
    for (const [name, value] of this.#headers) response.writeHeader(name, value);
    if (isKnown) response.endWithoutBody();
    else if (isHead) response.endWithoutBody(this.#bytes.byteLength);
    else this.#sendBody(response);
  }

  // Not end(): what a slow client doesn't take would be copied for each of them.
  #sendBody(response: UwsResponse): void {
    const { byteLength } = this.#bytes;
    const [, isOver] = response.tryEnd(this.#bytes, byteLength);
    if (isOver) return;
    response.onWritable((offsetBytes) => {
      const [wentWhole] = response.tryEnd(this.#bytes.subarray(offsetBytes), byteLength);
      return wentWhole;
    });
  }
}

/** Whether a list of entity tags has this one, weak or not. */
function matches(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === '') return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}
