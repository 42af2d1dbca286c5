import type { Metadata } from '@grpc/grpc-js';
import type { Api } from '../../api/api.js';
import { bearerToken } from '../../api/auth.js';
import type { CallContext, Principal } from '../../api/operation.js';
import { assert } from '../../base/assert.js';
import type { Awaited, Caller } from '../../base/caller.js';
import { invalidRequest } from '../../base/errors.js';
import { newTraceId, traceIdOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { addressOfPeer } from '../client-address.js';

/** The part of a call that this needs. */
export interface CallLike {
  readonly metadata: Metadata;
  /** ADDRESS:PORT of the client. */
  getPeer(): string;
  on(event: 'cancelled', listener: () => void): unknown;
}

/** Who calls and how, from the metadata. What a call seldom needs is made when it is asked for. */
export class GrpcContext implements CallContext, Caller {
  readonly traceparent: string;
  readonly #call: CallLike;
  #principal: Principal | undefined;
  #idempotencyKey = '';
  #traceId = '';
  #watched = false;
  gone = false;
  waiting: Awaited | undefined;

  constructor(call: CallLike) {
    this.#call = call;
    const given = this.#text('traceparent');
    // A traceparent that is not one is not passed on (W3C Trace Context, section 4.3).
    const known = given.length <= LIMITS.field_bytes && traceIdOf(given) !== undefined;
    this.traceparent = known ? given : '';
  }

  /** @throws CaxtonError UNAUTHORIZED, INVALID_REQUEST */
  authenticate(api: Api): Principal {
    const principal = api.authenticate(
      this.#text('x-caxton-token') || bearerToken(this.#text('authorization')),
      api.needsAddress ? this.clientAddress : '',
    );
    this.#principal = principal;
    const key = this.#text('idempotency-key');
    if (key.length > LIMITS.field_bytes) {
      throw invalidRequest(
        `The metadata idempotency-key has ${key.length} characters; the limit is ${LIMITS.field_bytes}.`,
        'idempotency-key',
        { limit: LIMITS.field_bytes },
      );
    }
    this.#idempotencyKey = key;
    return principal;
  }

  get clientAddress(): string {
    return addressOfPeer(this.#call.getPeer());
  }

  /** undefined as long as the caller is not known. */
  get knownPrincipal(): Principal | undefined {
    return this.#principal;
  }

  get principal(): Principal {
    assert(this.#principal !== undefined, 'a call was used before its token was checked');
    return this.#principal;
  }

  get idempotencyKey(): string {
    return this.#idempotencyKey;
  }

  get traceId(): string {
    if (this.#traceId === '') this.#traceId = traceIdOf(this.traceparent) ?? newTraceId();
    return this.#traceId;
  }

  get caller(): Caller {
    if (!this.#watched) {
      this.#watched = true;
      this.#call.on('cancelled', () => {
        this.gone = true;
        this.waiting?.callerGone();
      });
    }
    return this;
  }

  #text(key: string): string {
    return this.#call.metadata.get(key)[0]?.toString() ?? '';
  }
}
