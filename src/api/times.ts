import { invalidRequest } from '../base/errors.js';

/** Reads an RFC 3339 time into milliseconds. @throws CaxtonError INVALID_REQUEST naming the field */
export function optionalTimeMs(text: string | undefined, field: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\d([T ].*)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw invalidRequest(
      `${field} is not an RFC 3339 time: '${text}'. Write it as 2030-01-31T12:00:00Z.`,
      field,
    );
  }
  return ms;
}
