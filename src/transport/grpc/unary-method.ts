import type { Admission, Api } from '../../api/api.js';
import type { CallContext, Operation } from '../../api/operation.js';

/** What a method needs to know of its call beside the request. */
export interface CallFacts {
  /** Milliseconds until the client gives up; Infinity when it set no deadline. */
  readonly remainingMs: number;
}

/** One gRPC method: request → operation → response, all as plain objects. */
export interface UnaryMethod {
  readonly service: string;
  readonly name: string;
  readonly operation: Admission;
  /** The call must have been admitted. @throws CaxtonError whatever the operation throws */
  readonly call: (
    api: Api,
    request: object,
    context: CallContext,
    facts: CallFacts,
  ) => object | Promise<object>;
}

/** Keeps the types of one method together while a list holds them all. */
export function unaryMethod<Request extends object, Input, Output>(
  name: string,
  operation: Operation<Input, Output>,
  toInput: (request: Request, facts: CallFacts) => Input,
  toResponse: (output: Output) => object,
): UnaryMethod {
  return {
    service: operation.grpc!.service,
    name,
    operation,
    call: (api, request, context, facts) => {
      const output = api.perform(operation, toInput(request as Request, facts), context);
      // The message path answers at once and must not pay for a promise.
      return output instanceof Promise ? output.then(toResponse) : toResponse(output as Output);
    },
  };
}
