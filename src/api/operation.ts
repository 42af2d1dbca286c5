import type { TSchema } from 'typebox';
import type { Caller } from '../base/caller.js';
import type { ErrorCode } from '../base/errors.js';
import type { Role } from '../base/roles.js';
import type { Runtime } from '../runtime/runtime.js';
import type { AnswerTaker } from '../runtime/types.js';
import type { RateAccount, RateClass } from './rate-account.js';

/** Who calls. */
export interface Principal {
  /** The token's name, or `anonymous` where no tokens are configured. */
  readonly name: string;
  readonly role: Role;
  /** Ids or names of the only agents it may use; undefined = all. */
  readonly agents: ReadonlySet<string> | undefined;
  /** Names of all tokens: under another's it can't send. Undefined where there are no tokens. */
  readonly tokenNames?: ReadonlySet<string> | undefined;
  /** What is left of its rates; undefined = they are not limited. */
  readonly rates?: RateAccount | undefined;
}

/** What a transport knows of a request beside its input. */
export interface CallContext {
  readonly principal: Principal;
  readonly traceId: string;
  readonly traceparent: string;
  readonly idempotencyKey: string;
  /** Tells when nobody waits for the answer any more. */
  readonly caller?: Caller | undefined;
}

/** What an operation gives in place of its output when it has left the answer to a taker. */
export const ANSWER_TAKEN = Symbol('the answer is left to the taker');
export type AnswerTaken = typeof ANSWER_TAKEN;

export interface RestBinding {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With `{name}` for parameters, as printed in the API reference. */
  readonly path: string;
  /** Status of a successful answer. */
  readonly status: number;
  /** Input fields that come from the query string; the rest comes from path and body. */
  readonly query?: readonly string[];
  /** Body field that may come as a file of a multipart form (or base64 text in JSON). */
  readonly file?: string;
}

/** Parts of a multipart form: the file, and the rest of the input as JSON text. */
export const FORM_PARTS = Object.freeze({ file: 'wasm', config: 'config' });

export interface GrpcBinding {
  readonly service: string;
  /** Several methods may lead to one operation: SendMessage and SendMessageAndWait. */
  readonly methods: readonly string[];
  /** Methods that do the operation many times over, or whose answer goes on. */
  readonly streams?: readonly GrpcStream[];
}

export interface GrpcStream {
  readonly name: string;
  /** Which side sends many. */
  readonly kind: 'client' | 'server' | 'both';
}

/** What clients subscribe to: over WebSocket and gRPC, for REST has no answers that go on. */
export interface StreamOperation {
  readonly name: string;
  readonly summary: string;
  readonly role: Role;
  readonly rateClass: RateClass;
  readonly grpc: GrpcBinding;
  readonly input: TSchema;
}

/** What any operation may answer with: bad input, access, rates, a server that isn't able or fails. */
export const COMMON_ERRORS: readonly ErrorCode[] = Object.freeze([
  'INVALID_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'INTERNAL_ERROR',
  'UNAVAILABLE',
]);

/**
 * One operation of the API. REST routes are made from this table, gRPC methods are checked against
 * it. `run` may answer at once or by a promise; the message path must not pay for a promise.
 */
export interface Operation<Input = unknown, Output = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly role: Role;
  readonly rateClass: RateClass;
  readonly rest: RestBinding;
  readonly grpc: GrpcBinding | undefined;
  /** Path, query and body fields together. */
  readonly input: TSchema;
  /** The JSON of a successful answer. */
  readonly output: TSchema;
  /** Codes of its refusals, beside those that every operation may answer with (COMMON_ERRORS). */
  readonly errors?: readonly ErrorCode[];
  readonly run: (runtime: Runtime, input: Input, context: CallContext) => Output | Promise<Output>;
  /** As `run`, for a caller that takes the reply to a message as it comes, in its binary form. */
  readonly runFor?: (
    runtime: Runtime,
    input: Input,
    context: CallContext,
    taker: AnswerTaker,
  ) => NoInfer<Output> | Promise<NoInfer<Output>> | AnswerTaken;
  /** The answer as JSON text; default: JSON.stringify. */
  readonly toJson?: (output: Output) => string;
  /** `run` checks the input itself, on the message path, and the schema only documents it. */
  readonly checksInput?: boolean;
  /** A call repeated under its Idempotency-Key gets the first result; sends see to it themselves. */
  readonly keepsResult?: boolean;
}

/** Keeps the types of one operation together while the table holds them all. */
export function defineOperation<Input, Output>(
  operation: Operation<Input, Output>,
): Operation<Input, Output> {
  return Object.freeze(operation);
}
