import type { Api } from '../api/api.js';
import { bearerToken } from '../api/auth.js';
import type { CallContext, Principal } from '../api/operation.js';
import type { Awaited, Caller } from '../base/caller.js';
import { invalidRequest } from '../base/errors.js';
import { newTraceId, traceIdOf } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { checkBrowser } from './browser-guard.js';
import { remoteAddress } from './client-address.js';
import type { UwsRequest, UwsResponse } from './uws-loader.js';

/**
 * What is known of an HTTP request beside its input. The trace id is made when it is
 * first asked for, which on the message path it seldom is.
 */
export class HttpContext implements CallContext, Caller {
  readonly principal: Principal;
  readonly traceparent: string;
  readonly idempotencyKey: string;
  #traceId = '';
  gone = false;
  waiting: Awaited | undefined;

  constructor(principal: Principal, traceparent: string, idempotencyKey: string) {
    this.principal = principal;
    this.traceparent = traceparent;
    this.idempotencyKey = idempotencyKey;
  }

  get traceId(): string {
    if (this.#traceId === '') this.#traceId = traceIdOf(this.traceparent) ?? newTraceId();
    return this.#traceId;
  }

  get caller(): Caller {
    return this;
  }

  /** The client is gone: what waits on its behalf may end. */
  abandon(): void {
    this.gone = true;
    this.waiting?.callerGone();
  }
}

// A later version of W3C Trace Context may have more fields than the 55 characters of the first.
const TRACEPARENT_CHARACTERS_MAX = 128;

/** A traceparent that is not one is not passed on, as W3C Trace Context (section 4.3) has it. */
export function traceparentOf(request: UwsRequest): string {
  const given = request.getHeader('traceparent');
  if (given === '' || given.length > TRACEPARENT_CHARACTERS_MAX) return '';
  return traceIdOf(given) === undefined ? '' : given;
}

/** @throws CaxtonError INVALID_REQUEST when the key is too long */
export function idempotencyKeyOf(request: UwsRequest): string {
  const key = request.getHeader('idempotency-key');
  if (key.length <= LIMITS.field_bytes) return key;
  throw invalidRequest(
    `The header Idempotency-Key has ${key.length} characters; the limit is ${LIMITS.field_bytes}.`,
    'Idempotency-Key',
    { limit: LIMITS.field_bytes },
  );
}

/** What else tells of a request's sender. */
export interface RequestKind {
  /** For browsers' WebSockets, which can't set headers; '' = none. */
  readonly queryToken?: string;
  /** Whether the method is one that brings a body. */
  readonly bringsBody?: boolean;
}

/**
 * Tells who sends a request.
 * @throws CaxtonError UNAUTHORIZED, FORBIDDEN
 */
export function authenticateRequest(
  api: Api,
  request: UwsRequest,
  response: UwsResponse,
  { queryToken = '', bringsBody = false }: RequestKind = {},
): Principal {
  const { tokens, allowed_hosts: allowedHosts } = api.runtime.config;
  if (tokens.length === 0) {
    checkBrowser(request, allowedHosts, bringsBody);
    return api.authenticate('', api.needsAddress ? remoteAddress(response) : '');
  }
  return api.authenticate(
    request.getHeader('x-caxton-token') ||
      bearerToken(request.getHeader('authorization')) ||
      queryToken,
  );
}
