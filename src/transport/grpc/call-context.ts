import type { Metadata } from '@grpc/grpc-js';
import type { Api } from '../../api/api.js';
import { bearerToken } from '../../api/auth.js';
import type { CallContext, Principal } from '../../api/operation.js';
import { invalidRequest } from '../../base/errors.js';
import { newTraceId, traceIdOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';

/** What the metadata of a call says. The trace id is made when it is first asked for. */
export class GrpcContext {
  readonly traceparent: string;
  readonly #metadata: Metadata;
  #traceId = '';

  constructor(metadata: Metadata) {
    this.#metadata = metadata;
    const given = this.#text('traceparent');
    // A traceparent that is not one is not passed on (W3C Trace Context, section 4.3).
    this.traceparent =
      given.length <= LIMITS.field_bytes && traceIdOf(given) !== undefined ? given : '';
  }

  get traceId(): string {
    if (this.#traceId === '') this.#traceId = traceIdOf(this.traceparent) ?? newTraceId();
    return this.#traceId;
  }

  /** @throws CaxtonError UNAUTHORIZED, INVALID_REQUEST */
  callContext(api: Api): CallContext {
    const principal = api.authenticate(
      this.#text('x-caxton-token') || bearerToken(this.#text('authorization')),
    );
    return new AuthenticatedContext(this, principal, this.#idempotencyKey());
  }

  #idempotencyKey(): string {
    const key = this.#text('idempotency-key');
    if (key.length <= LIMITS.field_bytes) return key;
    throw invalidRequest(
      `The metadata idempotency-key has ${key.length} characters; the limit is ${LIMITS.field_bytes}.`,
      'idempotency-key',
      { limit: LIMITS.field_bytes },
    );
  }

  #text(key: string): string {
    return this.#metadata.get(key)[0]?.toString() ?? '';
  }
}

class AuthenticatedContext implements CallContext {
  readonly principal: Principal;
  readonly traceparent: string;
  readonly idempotencyKey: string;
  readonly #call: GrpcContext;

  constructor(call: GrpcContext, principal: Principal, idempotencyKey: string) {
    this.#call = call;
    this.principal = principal;
    this.traceparent = call.traceparent;
    this.idempotencyKey = idempotencyKey;
  }

  get traceId(): string {
    return this.#call.traceId;
  }
}
