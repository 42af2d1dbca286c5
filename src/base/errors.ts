import { hideTokens } from './hide-tokens.js';

/**
 * The one table of errors. Every error that a transport shows comes from here, so that a code has
 * the same meaning, HTTP status and gRPC status everywhere.
 */

export interface ErrorKind {
  /** What the code means, as printed in the documentation. */
  readonly description: string;
  readonly httpStatus: number;
  /** Number of the gRPC status (https://grpc.io/docs/guides/status-codes/). */
  readonly grpcStatus: number;
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
}

const kind = (
  httpStatus: number,
  grpcStatus: number,
  retryable: boolean,
  description: string,
): ErrorKind => Object.freeze({ description, httpStatus, grpcStatus, retryable });

export const ERROR_TABLE = Object.freeze({
  AGENT_NOT_FOUND: kind(404, 5, false, 'Agent does not exist'),
  AGENT_ALREADY_EXISTS: kind(409, 6, false, 'Agent name already in use'),
  INVALID_WASM: kind(400, 3, false, 'Invalid WebAssembly module'),
  RESOURCE_LIMIT_EXCEEDED: kind(429, 8, true, 'Resource limits exceeded'),
  DEPLOYMENT_FAILED: kind(500, 13, false, 'Deployment operation failed'),
  MESSAGE_DELIVERY_FAILED: kind(500, 13, true, 'Message could not be delivered'),
  UNAUTHORIZED: kind(401, 16, false, 'Authentication required'),
  FORBIDDEN: kind(403, 7, false, 'Operation not permitted'),
  RATE_LIMITED: kind(429, 8, true, 'Rate limit exceeded'),
  INTERNAL_ERROR: kind(500, 13, false, 'Internal server error'),
  INVALID_REQUEST: kind(400, 3, false, 'Malformed or unacceptable request'),
  NOT_FOUND: kind(404, 5, false, 'Anything but an agent that does not exist'),
  CONFLICT: kind(409, 9, false, 'Not possible in the present state'),
  TIMEOUT: kind(504, 4, true, 'No answer within the time allowed'),
  UNAVAILABLE: kind(503, 14, true, 'Not able to serve the request now'),
});

export type ErrorCode = keyof typeof ERROR_TABLE;

export type ErrorDetails = Record<string, unknown>;

/** The JSON body of every error answer. */
export interface ErrorBody {
  error: { code: ErrorCode; message: string; details: ErrorDetails; trace_id: string };
}

/**
 * An operating error that a caller is told about: bad input, a limit, a missing thing.
 * `details` name the field, the limit and whatever helps to mend it.
 */
export class CaxtonError extends Error {
  override readonly name = 'CaxtonError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(hideTokens(message), cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = withoutTokens(details);
  }

  get httpStatus(): number {
    return ERROR_TABLE[this.code].httpStatus;
  }

  get grpcStatus(): number {
    return ERROR_TABLE[this.code].grpcStatus;
  }

  /** Not where `retry_after_seconds` of the details is null, which stands for never by itself. */
  get retryable(): boolean {
    return ERROR_TABLE[this.code].retryable && this.details.retry_after_seconds !== null;
  }

  /**
   * After how many seconds to send the same request again, as `retry_after_seconds` of the details
   * says. Only errors that tell of a request of which nothing was done say so: clients repeat it.
   */
  get retryAfterS(): number | undefined {
    const given = this.details.retry_after_seconds;
    return typeof given === 'number' ? Math.max(1, Math.ceil(given)) : undefined;
  }

  toBody(traceId: string): ErrorBody {
    return {
      error: {
        code: this.code,
        message: this.message,
        details: this.details,
        trace_id: traceId,
      },
    };
  }
}

/** The same object where none of its texts holds a token. */
function withoutTokens(details: ErrorDetails): ErrorDetails {
  let hidden = details;
  for (const name in details) {
    const value = details[name];
    const shown = typeof value === 'string' ? hideTokens(value) : value;
    if (shown !== value) hidden = { ...hidden, [name]: shown };
  }
  return hidden;
}

/** The plain form in which an error crosses a thread boundary. */
export interface PlainError {
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

export function toPlainError(error: unknown): PlainError {
  const known = toCaxtonError(error);
  return { code: known.code, message: known.message, details: known.details };
}

/** Whether something was missing that will be back: a worker, the store, the whole server. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof CaxtonError && error.code === 'UNAVAILABLE';
}

export function fromPlainError(plain: PlainError): CaxtonError {
  return new CaxtonError(plain.code, plain.message, plain.details);
}

/** Gives any thrown value a code. What is not ours is INTERNAL_ERROR and hides its own text. */
export function toCaxtonError(error: unknown): CaxtonError {
  if (error instanceof CaxtonError) return error;
  return new CaxtonError(
    'INTERNAL_ERROR',
    'The server failed to process the request; its log has the reason under this trace_id.',
    {},
    error,
  );
}

export function agentNotFound(agent: string): CaxtonError {
  return new CaxtonError('AGENT_NOT_FOUND', `Agent with ID '${agent}' not found`, {
    agent_id: agent,
    searched_at: new Date().toISOString(),
  });
}

export function invalidRequest(
  message: string,
  field: string,
  details: ErrorDetails = {},
): CaxtonError {
  return new CaxtonError('INVALID_REQUEST', message, { field, ...details });
}
