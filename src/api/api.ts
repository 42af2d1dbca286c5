import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { CaxtonError } from '../base/errors.js';
import type { Runtime } from '../runtime/runtime.js';
import { Authenticator, checkRole } from './auth.js';
import { inputError } from './input-error.js';
import type { CallContext, Operation, Principal } from './operation.js';
import { allOperations } from './operations.js';

/**
 * The door of all transports: a call names an operation of the table, is checked for role and
 * input, and is run. What it throws is always a CaxtonError from the error table or a defect.
 */
export class Api {
  readonly runtime: Runtime;
  readonly #authenticator: Authenticator;
  readonly #validators = new Map<Operation<never, unknown>, ValidateFunction>();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.#authenticator = new Authenticator(runtime.config.tokens);
    const ajv = new Ajv2020({ strict: false, allErrors: false, coerceTypes: false, verbose: true });
    ajv.addKeyword({
      keyword: 'x-bytes',
      validate: (_: unknown, data: unknown) => data instanceof Uint8Array,
      error: { message: 'must be the bytes of a WebAssembly module' },
    });
    ajv.addFormat('date-time', true);
    for (const operation of allOperations()) {
      this.#validators.set(operation as Operation<never, unknown>, ajv.compile(operation.input));
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
    if (this.runtime.state !== 'ready') {
      throw new CaxtonError('UNAVAILABLE', `The server is ${this.runtime.state}.`);
    }
    if (operation.checksInput !== true) this.#check(operation, input);
    return operation.run(this.runtime, input, context);
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
