import { CommanderError } from 'commander';
import { CaxtonError } from '../base/errors.js';
import { EXIT } from './exit-codes.js';
import type { OutputFormat } from './output.js';
import { printable } from './printable.js';

/** The command line asks for something that can't be done as written. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** No server answers at a URL, or the connection to it was lost. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
}

/** The `error` of an answer. */
export interface ApiErrorFields {
  readonly code: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly trace_id?: string;
}

/** The server answered with an error. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly fields: ApiErrorFields;

  constructor(fields: ApiErrorFields) {
    super(fields.message);
    this.fields = fields;
  }
}

/** The error that an answer's body tells, or undefined when it tells none. */
export function apiError(text: string): ApiError | undefined {
  try {
    const body = JSON.parse(text) as { error?: ApiErrorFields } | null;
    return typeof body?.error?.code === 'string' ? new ApiError(body.error) : undefined;
  } catch {
    return undefined;
  }
}

interface Report {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
  /** For `--output json`. */
  readonly json: string;
  readonly traceId?: string;
}

/**
 * Tells on stderr why a command failed.
 * @param suggestion the name that was likely meant
 * @returns the exit code
 */
export function reportFailure(error: unknown, format: OutputFormat, suggestion?: string): number {
  if (error instanceof CommanderError) {
    // Commander has told it already, and asking for help or the version is no failure.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const report = describe(error);
  if (format === 'json') {
    process.stderr.write(`${report.json}\n`);
    return report.exitCode;
  }
  const trace = report.traceId === undefined ? '' : ` (trace_id ${report.traceId})`;
  const meant = suggestion === undefined ? '' : `Did you mean ${printable(suggestion)}?\n`;
  process.stderr.write(
    `error ${report.code}: ${printable(report.message, true)}${trace}\n${meant}`,
  );
  return report.exitCode;
}

function describe(error: unknown): Report {
  if (error instanceof ApiError) {
    const { code, message, trace_id: traceId } = error.fields;
    const json = JSON.stringify({ error: error.fields });
    return { code, message, exitCode: EXIT.failed, json, ...(traceId && { traceId }) };
  }
  if (error instanceof CaxtonError) return local(error.code, error, EXIT.failed, error.details);
  if (error instanceof UnreachableError) return local('UNAVAILABLE', error, EXIT.unreachable);
  if (error instanceof UsageError) return local('INVALID_REQUEST', error, EXIT.usage);
  const failure = error instanceof Error ? error : new Error(String(error));
  return local('INTERNAL_ERROR', new Error(failure.stack ?? failure.message), EXIT.failed);
}

/** An error that never was at a server, so that there is no trace of it. */
function local(code: string, error: Error, exitCode: number, details: object = {}): Report {
  const { message } = error;
  return { code, message, exitCode, json: JSON.stringify({ error: { code, message, details } }) };
}
