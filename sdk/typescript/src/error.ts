/** The server's codes; docs/errors.md says what each means. */
export const SERVER_CODES = Object.freeze([
  'AGENT_NOT_FOUND',
  'AGENT_ALREADY_EXISTS',
  'INVALID_WASM',
  'RESOURCE_LIMIT_EXCEEDED',
  'DEPLOYMENT_FAILED',
  'MESSAGE_DELIVERY_FAILED',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'INTERNAL_ERROR',
  'INVALID_REQUEST',
  'NOT_FOUND',
  'CONFLICT',
  'TIMEOUT',
  'UNAVAILABLE',
] as const);

/**
 * What the client itself tells: no server answers (`UNREACHABLE`), something answers that is no
 * Caxton server (`INVALID_ANSWER`), the channel or the client was closed (`CLOSED`), as much waits in
 * a fast channel as it takes (`CHANNEL_FULL`), this version of Node.js has no WebSocket and there is
 * no package `ws` (`NO_WEBSOCKET`).
 */
export const CLIENT_CODES = Object.freeze([
  'UNREACHABLE',
  'INVALID_ANSWER',
  'CLOSED',
  'CHANNEL_FULL',
  'NO_WEBSOCKET',
] as const);

export type ServerErrorCode = (typeof SERVER_CODES)[number];
export type ErrorCode = ServerErrorCode | (typeof CLIENT_CODES)[number];

/** Codes with which the same request may succeed later without being changed. */
const RETRYABLE: ReadonlySet<string> = new Set<ErrorCode>([
  'RESOURCE_LIMIT_EXCEEDED',
  'MESSAGE_DELIVERY_FAILED',
  'RATE_LIMITED',
  'TIMEOUT',
  'UNAVAILABLE',
  'UNREACHABLE',
  'CHANNEL_FULL',
]);

export interface ErrorInfo {
  readonly code: ErrorCode;
  readonly message: string;
  /** Of the HTTP answer; 0 where none came, or it came over a WebSocket. */
  readonly status?: number;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly traceId?: string;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The `error` of an answer, as every API of the server sends it. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details?: Record<string, unknown>;
  readonly trace_id?: string;
}

/**
 * Every failure of a call, but for those that the caller's AbortSignal brings about: these reject
 * with the signal's reason.
 */
export class CaxtonError extends Error {
  override readonly name = 'CaxtonError';
  readonly code: ErrorCode;
  /** Of the HTTP answer; 0 where none came, or it came over a WebSocket. */
  readonly status: number;
  /** For programs: `field`, `limit`, `agent_id` and the like, by the code. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Finds the request in the server's log; empty where the server did not answer. */
  readonly traceId: string;
  /** When the server said to come again; undefined where it said nothing. */
  readonly retryAfterMs: number | undefined;

  constructor(info: ErrorInfo) {
    super(info.message, info.cause === undefined ? undefined : { cause: info.cause });
    this.code = info.code;
    this.status = info.status ?? 0;
    this.details = info.details ?? {};
    this.traceId = info.traceId ?? '';
    this.retryAfterMs = info.retryAfterMs;
  }

  /** Whether the same call may succeed later without being changed. */
  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }

  /** Whether something is a CaxtonError, and of one of these codes where any are given. */
  static is<Code extends ErrorCode = ErrorCode>(
    error: unknown,
    ...codes: readonly Code[]
  ): error is CaxtonError & { readonly code: Code } {
    if (!(error instanceof CaxtonError)) return false;
    return codes.length === 0 || (codes as readonly string[]).includes(error.code);
  }

  /**
   * The error that an answer's body tells.
   * @param retryAfterS the header Retry-After, where there is one
   */
  static fromBody(body: ErrorBody, status = 0, retryAfterS?: number): CaxtonError {
    const details = body.details ?? {};
    return new CaxtonError({
      code: body.code as ErrorCode,
      message: body.message,
      status,
      details,
      traceId: body.trace_id ?? '',
      retryAfterMs: retryAfter(details) ?? (retryAfterS && retryAfterS * 1_000),
    });
  }
}

function retryAfter(details: Readonly<Record<string, unknown>>): number | undefined {
  if (typeof details.retry_after_ms === 'number') return details.retry_after_ms;
  if (typeof details.retry_after_seconds === 'number') return details.retry_after_seconds * 1_000;
  return undefined;
}

/** The error of a body such as `{"error": {…}}`, or undefined when it is none. */
export function errorBodyOf(value: unknown): ErrorBody | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { error } = value as { error?: ErrorBody | null };
  return typeof error?.code === 'string' ? error : undefined;
}
