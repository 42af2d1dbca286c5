import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { CaxtonError } from '../base/errors.js';
import type { Runtime } from '../runtime/runtime.js';
import { Authenticator, checkRole } from './auth.js';
import { inputError } from './input-error.js';
import type { CallContext, Operation, Principal, StreamOperation } from './operation.js';
import { allOperations, STREAM_OPERATIONS } from './operations.js';

/**
 * The door of all transports: a call names an operation of the table, is checked for role and
 * input, and is run. What it throws is always a CaxtonError from the error table or a defect.
 */
export class Api {
  readonly runtime: Runtime;
  readonly #authenticator: Authenticator;
  readonly #validators = new Map<Operation<never, unknown>, ValidateFunction>();
  readonly #streamValidators = new Map<StreamOperation, ValidateFunction>();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.#authenticator = new Authenticator(runtime.config.tokens);
    const ajv = new Ajv2020({ strict: false, allErrors: false, coerceTypes: false });
    ajv.addKeyword({
      keyword: 'x-bytes',
      validate: (_: unknown, data: unknown) => data instanceof Uint8Array,
      error: { message: 'must be the bytes of a WebAssembly module' },
    });
    ajv.addFormat('date-time', true);
    for (const operation of allOperations()) {
      this.#validators.set(operation as Operation<never, unknown>, ajv.compile(operation.input));
    }
    for (const operation of STREAM_OPERATIONS) {
      this.#streamValidators.set(operation, ajv.compile(operation.input));
    }
  }

  /** @throws CaxtonError UNAUTHORIZED */
  authenticate(token: string): Principal {
    return this.#authenticator.authenticate(token);
  }

  /** @throws CaxtonError FORBIDDEN, UNAVAILABLE, INVALID_REQUEST, or what the operation throws */
  call<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    context: CallContext,
  ): Output | Promise<Output> {
    checkRole(context.principal, operation.role, operation.name);
    this.#checkReady();
    if (operation.checksInput !== true) this.#check(operation, input);
    return operation.run(this.runtime, input, context);
  }

  /**
   * Checks who opens a stream, and with what.
   * @throws CaxtonError FORBIDDEN, UNAVAILABLE, INVALID_REQUEST
   */
  checkStream(operation: StreamOperation, input: unknown, principal: Principal): void {
    checkRole(principal, operation.role, operation.name);
    this.#checkReady();
    const validate = this.#streamValidators.get(operation) as ValidateFunction;
    if (!validate(input)) throw inputError((validate.errors as ErrorObject[])[0] as ErrorObject);
  }

  #checkReady(): void {
    if (this.runtime.state === 'ready') return;
    throw new CaxtonError('UNAVAILABLE', `The server is ${this.runtime.state}.`);
  }

  #check<Input, Output>(operation: Operation<Input, Output>, input: Input): void {
    const validate = this.#validators.get(operation as unknown as Operation<never, unknown>);
    if (validate === undefined) {
      throw new CaxtonError('NOT_FOUND', `There is no operation ${operation.name}`);
    }
    if (validate(input)) return;
    throw inputError((validate.errors as ErrorObject[])[0] as ErrorObject);
  }
}

/** An answer as JSON text. */
export function outputJson<Output>(operation: Operation<never, Output>, output: Output): string {
  return operation.toJson ? operation.toJson(output) : JSON.stringify(output);
}
