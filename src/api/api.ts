import type { ErrorObject } from 'ajv/dist/2020.js';
import { CaxtonError } from '../base/errors.js';
import { type LazyValidator, lazyValidator } from '../base/validators.js';
import type { Runtime } from '../runtime/runtime.js';
import type { AnswerTaker } from '../runtime/types.js';
import { Audit } from './audit.js';
import { Authenticator, checkRole } from './auth.js';
import { inputError } from './input-error.js';
import { KeptResults } from './kept-results.js';
import type {
  AnswerTaken,
  CallContext,
  Operation,
  Principal,
  StreamOperation,
} from './operation.js';
import { allOperations, STREAM_OPERATIONS } from './operations.js';
import type { RateClass } from './rate-account.js';

/** What has to be known of an operation to say whether somebody may call it. */
export type Admission = Pick<Operation, 'name' | 'role' | 'rateClass'>;

/**
 * The door of all transports: a call names an operation of the table, is counted against its
 * caller's rate, checked for role and input, and is run. What it throws is always a CaxtonError
 * from the error table or a defect.
 */
export class Api {
  readonly runtime: Runtime;
  readonly audit: Audit;
  readonly #authenticator: Authenticator;
  readonly #validators = new Map<unknown, LazyValidator>();
  readonly #results = new KeptResults();

  constructor(runtime: Runtime, audit: Audit = new Audit(undefined)) {
    this.runtime = runtime;
    this.audit = audit;
    this.#authenticator = new Authenticator(runtime.config, (rateClass, calls) =>
      runtime.metrics.rateLimited(rateClass, calls),
    );
    for (const operation of [...allOperations(), ...STREAM_OPERATIONS]) {
      this.#validators.set(operation, lazyValidator('api', operation.name));
    }
  }

  /** Whether `authenticate` needs the client's address, which costs something to find out. */
  get needsAddress(): boolean {
    return this.#authenticator.needsAddress;
  }

  /** @param address '' unless `needsAddress` @throws CaxtonError UNAUTHORIZED */
  authenticate(token: string, address = ''): Principal {
    return this.#authenticator.authenticate(token, address);
  }

  /**
   * Whether a caller may call at all, to be asked before its input is read; `perform` then does it.
   * @throws CaxtonError RATE_LIMITED, FORBIDDEN
   */
  admit({ rateClass, role, name }: Admission, principal: Principal): void {
    principal.rates?.take(rateClass);
    checkRole(principal, role, name);
  }

  /** Counts calls of a batch against the caller's rate. @returns how many of them are allowed */
  admitUpTo(rateClass: RateClass, principal: Principal, count: number): number {
    return principal.rates?.takeUpTo(rateClass, count) ?? count;
  }

  /**
   * A call of which nothing was asked before.
   * @throws CaxtonError RATE_LIMITED, and as `perform`
   */
  call<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    context: CallContext,
  ): Output | Promise<Output> {
    context.principal.rates?.take(operation.rateClass);
    return this.perform(operation, input, context);
  }

  /**
   * A call that was admitted and counted.
   * @throws CaxtonError FORBIDDEN, UNAVAILABLE, INVALID_REQUEST, or what the operation throws
   */
  perform<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    context: CallContext,
  ): Output | Promise<Output> {
    checkRole(context.principal, operation.role, operation.name);
    this.#checkReady();
    if (operation.checksInput !== true)
      this.#check(operation as unknown as Operation<never, unknown>, input);
    if (operation.keepsResult === true && context.idempotencyKey !== '') {
      const key = `${context.principal.name}\n${operation.name}\n${context.idempotencyKey}`;
      const attempt = () => operation.run(this.runtime, input, context);
      return this.#results.once(key, attempt);
    }
    return operation.run(this.runtime, input, context);
  }

  /** As `perform`, for a caller that takes the reply to a message as it comes. */
  performFor<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    context: CallContext,
    taker: AnswerTaker,
  ): Output | Promise<Output> | AnswerTaken {
    const { runFor } = operation;
    if (runFor === undefined) return this.perform(operation, input, context);
    checkRole(context.principal, operation.role, operation.name);
    this.#checkReady();
    return runFor(this.runtime, input, context, taker);
  }

  /**
   * Checks with what a stream is opened; `admit` has said who may.
   * @throws CaxtonError UNAVAILABLE, INVALID_REQUEST
   */
  checkStream(operation: StreamOperation, input: unknown): void {
    this.#checkReady();
    this.#check(operation, input);
  }

  #checkReady(): void {
    if (this.runtime.state === 'ready') return;
    // With a time to come again, which says that nothing was done.
    throw new CaxtonError('UNAVAILABLE', `The server is ${this.runtime.state}.`, {
      status: this.runtime.state,
      retry_after_seconds: 1,
    });
  }

  #check(operation: Operation<never, unknown> | StreamOperation, input: unknown): void {
    const validator = this.#validators.get(operation);
    if (validator === undefined) {
      throw new CaxtonError('NOT_FOUND', `There is no operation ${operation.name}`);
    }
    const validate = validator();
    if (!validate(input)) throw inputError((validate.errors as ErrorObject[])[0] as ErrorObject);
  }
}

/** An answer as JSON text. */
export function outputJson<Output>(operation: Operation<never, Output>, output: Output): string {
  return operation.toJson ? operation.toJson(output) : JSON.stringify(output);
}
