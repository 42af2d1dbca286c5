import { isUtf8Range } from '../base/utf8.js';

const MAP = 1;
const ARRAY = 2;

/** Length prefixes that binary data and extensions have, by type byte from 0xc4 to 0xc9. */
const BLOB_PREFIX_BYTES = [1, 2, 4, 1, 2, 4] as const;
/** Behind the length, or behind the type byte of 0xd4 to 0xd8, an extension says its kind. */
const EXTENSION_KIND_BYTES = 1;

/** What is asked of MessagePack from outside before anything is built from it. */
export interface MessagePackBounds {
  /** Arrays and maps inside one another. */
  readonly depth: number;
  /** Values in all, keys among them. */
  readonly values: number;
  /** Whether binary and extension types may occur, for which JSON has no form. */
  readonly blobs: boolean;
}

export type MessagePackFault = 'malformed' | 'too deep' | 'too many values';

/**
 * Whether a range holds exactly one MessagePack value within bounds. A decoder sets memory aside
 * for as many elements as a header claims, so that a few hostile bytes could claim all there is:
 * here every claim is held against the bytes that follow.
 * @returns undefined when it does
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export function messagePackFault(
  bytes: Uint8Array,
  start: number,
  length: number,
  bounds: MessagePackBounds,
): MessagePackFault | undefined {
  const end = start + length;
  /** Values still to come at each open level. */
  const open: number[] = [1];
  let valuesLeft = bounds.values - 1;
  let at = start;
  for (;;) {
    while (open.length > 0 && open[open.length - 1] === 0) open.pop();
    if (open.length === 0) return at === end ? undefined : 'malformed';
    open[open.length - 1]! -= 1;
    if (at >= end) return 'malformed';
    const type = bytes[at++]!;
    const container = containerOf(type);
    const blob = isBlob(type);
    if (type === 0xc1 || (blob && !bounds.blobs)) return 'malformed';
    const prefixBytes = blob ? blobPrefixBytes(type) : lengthPrefixBytes(type);
    if (at + prefixBytes > end) return 'malformed';
    const count = prefixBytes === 0 ? fixedCount(type) : bigEndian(bytes, at, prefixBytes);
    at += prefixBytes;
    if (container === 0) {
      at += count + (blob && type > 0xc6 ? EXTENSION_KIND_BYTES : 0);
      if (at > end) return 'malformed';
      // A decoder would put something else in the place of what is no text.
      if (isText(type) && !isUtf8Range(bytes, at - count, at)) return 'malformed';
      continue;
    }
    const values = container === MAP ? count * 2 : count;
    // Each value takes a byte at least.
    if (values > end - at) return 'malformed';
    if (open.length > bounds.depth) return 'too deep';
    if (values > valuesLeft) return 'too many values';
    valuesLeft -= values;
    open.push(values);
  }
}

/** How many elements the array at the start of the bytes claims; 0 when none begins there. */
export function messagePackArrayLength(bytes: Uint8Array): number {
  const type = bytes[0] ?? 0;
  if (containerOf(type) !== ARRAY) return 0;
  const prefixBytes = lengthPrefixBytes(type);
  if (prefixBytes === 0) return fixedCount(type);
  return bytes.length > prefixBytes ? bigEndian(bytes, 1, prefixBytes) : 0;
}

function containerOf(type: number): number {
  if ((type & 0xf0) === 0x80 || type === 0xde || type === 0xdf) return MAP;
  if ((type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd) return ARRAY;
  return 0;
}

function isText(type: number): boolean {
  return (type & 0xe0) === 0xa0 || (type >= 0xd9 && type <= 0xdb);
}

/** Binary data or an extension. */
function isBlob(type: number): boolean {
  return (type >= 0xc4 && type <= 0xc9) || (type >= 0xd4 && type <= 0xd8);
}

function blobPrefixBytes(type: number): number {
  return BLOB_PREFIX_BYTES[type - 0xc4] ?? 0;
}

/** Bytes of the length behind a type byte that is no blob's. */
function lengthPrefixBytes(type: number): number {
  if (type === 0xd9) return 1;
  if (type === 0xda || type === 0xdc || type === 0xde) return 2;
  if (type === 0xdb || type === 0xdd || type === 0xdf) return 4;
  return 0;
}

/** Elements of a small container, or bytes that follow the type byte of any other value. */
function fixedCount(type: number): number {
  if (type < 0x80 || type >= 0xe0) return 0;
  if (type < 0xa0) return type & 0x0f;
  if (type < 0xc0) return type & 0x1f;
  switch (type) {
    case 0xcc:
    case 0xd0:
    case 0xd4:
      return 1;
    case 0xcd:
    case 0xd1:
    case 0xd5:
      return 2;
    case 0xca:
    case 0xce:
    case 0xd2:
    case 0xd6:
      return 4;
    case 0xcb:
    case 0xcf:
    case 0xd3:
    case 0xd7:
      return 8;
    case 0xd8:
      return 16;
    default:
      return 0;
  }
}

function bigEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]!;
  return value;
}
