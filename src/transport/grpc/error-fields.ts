import { wellFormed, writeStruct } from './struct.js';

interface ErrorParts {
  readonly code: string;
  readonly message: string;
  readonly details: Record<string, unknown>;
}

/** The fields of caxton.v1.Error. */
export function errorFields(error: ErrorParts, traceId = '') {
  return {
    code: error.code,
    message: wellFormed(error.message),
    details: writeStruct(error.details),
    trace_id: traceId,
  };
}
