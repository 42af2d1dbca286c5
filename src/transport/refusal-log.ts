import type { CaxtonError } from '../base/errors.js';
import type { Logger } from '../base/log.js';

/** A refusal is the caller's affair; the log has it at level debug, to be found by its trace id. */
export function logRefusal(logger: Logger, error: CaxtonError, traceId: string): void {
  const { code, message, details } = error;
  logger.debug({ code, reason: message, details, trace_id: traceId }, 'a request was refused');
}
