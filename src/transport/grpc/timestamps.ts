import { invalidRequest } from '../../base/errors.js';

/** google.protobuf.Timestamp. */
export interface Timestamp {
  readonly seconds?: number;
  readonly nanos?: number;
}

// Years 1 to 9999, the bounds that timestamp.proto states.
const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_300_799;

/** @param us microseconds since the Unix epoch */
export function timestampOfUs(us: number): Timestamp {
  const seconds = Math.floor(us / 1_000_000);
  return { seconds, nanos: Math.round(us - seconds * 1_000_000) * 1_000 };
}

/** @param ms milliseconds since the Unix epoch; parts of one are kept to the microsecond */
export function timestampOfMs(ms: number): Timestamp {
  // Not by way of microseconds, which are exact only until the year 2255.
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * 1_000) * 1_000 };
}

/** @param text RFC 3339, as operations give times */
export function timestampOf(text: string): Timestamp {
  return timestampOfMs(Date.parse(text));
}

/**
 * RFC 3339 text with milliseconds, as operations take times.
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function timeText(timestamp: Timestamp, field: string): string {
  const seconds = timestamp.seconds ?? 0;
  const nanos = timestamp.nanos ?? 0;
  if (!(seconds >= SECONDS_MIN && seconds <= SECONDS_MAX && nanos >= 0 && nanos < 1e9)) {
    throw invalidRequest(
      `${field} is not a time: seconds must be those of the years 1 to 9999, nanos 0 to 999999999.`,
      field,
    );
  }
  return new Date(seconds * 1_000 + Math.floor(nanos / 1e6)).toISOString();
}
