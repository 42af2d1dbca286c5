import { STATUS_CODES } from 'node:http';
import type { RateAccount, RateClass } from '../api/rate-account.js';
import { type CaxtonError, toCaxtonError } from '../base/errors.js';
import type { Logger } from '../base/log.js';
import { logRefusal } from './refusal-log.js';
import type { UwsResponse } from './uws-loader.js';

/** "404 Not Found": uWebSockets.js wants the reason with the number. */
export function statusLine(status: number): string {
  return `${status} ${STATUS_CODES[status] ?? 'Unknown'}`;
}

/** What an error answer says beside its body. */
export interface ErrorReply {
  /** Another status than the error's own, where HTTP has a more exact one. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the connection is of no more use. */
  readonly close?: boolean;
  /** For HEAD requests, which get no body. */
  readonly withoutBody?: boolean;
  /** The rate that the request was counted against. */
  readonly rates?: RateAccount | undefined;
  readonly rateClass?: RateClass;
}

/** Writes what is left of a rate, as the API reference has it. */
export function writeRate(response: UwsResponse, rates: RateAccount, rateClass: RateClass): void {
  const bucket = rates[rateClass];
  response.writeHeader('X-RateLimit-Limit', String(bucket.policy.limit));
  response.writeHeader('X-RateLimit-Remaining', String(bucket.remaining));
  response.writeHeader('X-RateLimit-Reset', String(rates.resetS(rateClass)));
}

/** Writes an error answer. The caller has corked the response, or is in a handler of the request. */
export function writeError(
  response: UwsResponse,
  error: CaxtonError,
  traceId: string,
  reply: ErrorReply = {},
): void {
  response.writeStatus(statusLine(reply.status ?? error.httpStatus));
  response.writeHeader('content-type', 'application/json');
  const { retryAfterS } = error;
  if (retryAfterS !== undefined) response.writeHeader('retry-after', String(retryAfterS));
  if (error.code === 'UNAUTHORIZED') response.writeHeader('www-authenticate', 'Bearer');
  if (reply.rates && reply.rateClass) writeRate(response, reply.rates, reply.rateClass);
  for (const [name, value] of Object.entries(reply.headers ?? {})) {
    response.writeHeader(name, value);
  }
  if (reply.withoutBody) response.endWithoutBody(0, reply.close ?? false);
  else response.end(JSON.stringify(error.toBody(traceId)), reply.close ?? false);
}

/** Gives an error its code and logs it; what the caller is not told, as an error. */
export function reportError(error: unknown, traceId: string, logger: Logger): CaxtonError {
  const known = toCaxtonError(error);
  if (known.code === 'INTERNAL_ERROR') {
    logger.error({ err: known.cause ?? known, trace_id: traceId }, 'a request failed');
  } else logRefusal(logger, known, traceId);
  return known;
}
