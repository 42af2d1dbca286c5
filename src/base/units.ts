import { invalidRequest } from './errors.js';

const BYTE_UNITS: Readonly<Record<string, number>> = Object.freeze({
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
});

const DURATION_UNITS_MS: Readonly<Record<string, number>> = Object.freeze({
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
});

/**
 * Reads "50MB" (50·10^6), "50MiB" (50·2^20) or a number of bytes.
 * @param field named in the INVALID_REQUEST that a malformed value raises
 */
export function parseBytes(value: string | number, field: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(String(value).trim());
  const unit = match ? BYTE_UNITS[match[2]!.toUpperCase()] : undefined;
  const bytes = match && unit !== undefined ? Math.floor(Number(match[1]) * unit) : Number.NaN;
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw invalidRequest(
      `${field} is not a size: ${JSON.stringify(value)}. Write bytes, or a number with KB, MB, GB, KiB, MiB or GiB, such as "50MB".`,
      field,
    );
  }
  return bytes;
}

/**
 * Reads "500ms", "5m", "1h" or "0" into milliseconds.
 * @param field named in the INVALID_REQUEST that a malformed value raises
 */
export function parseDurationMs(value: string | number, field: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(String(value).trim());
  const known =
    match && (match[2] !== undefined || Number(match[1]) === 0 || typeof value === 'number');
  if (!known) {
    throw invalidRequest(
      `${field} is not a duration: ${JSON.stringify(value)}. Write a number with ms, s, m, h or d, such as "5m".`,
      field,
    );
  }
  return Math.round(Number(match[1]) * DURATION_UNITS_MS[match[2] ?? 'ms']!);
}

/** Bytes as a short decimal text: 25000000 → "25MB". */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${round(bytes / 1e9)}GB`;
  if (bytes >= 1e6) return `${round(bytes / 1e6)}MB`;
  if (bytes >= 1e3) return `${round(bytes / 1e3)}KB`;
  return `${bytes}B`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
