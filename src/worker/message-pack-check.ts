const MAP = 1;
const ARRAY = 2;

/**
 * Whether a range holds exactly one MessagePack value of the JSON kinds, nested no deeper than
 * `depthMax`. A decoder sets memory aside for as many elements as a header claims, so that a few
 * hostile bytes could claim all there is: here every claim is held against the bytes that follow.
 * Binary and extension types are refused, since a message's content is a JSON value.
 * @see https://github.com/msgpack/msgpack/blob/master/spec.md
 */
export function isJsonLikeMessagePack(
  bytes: Uint8Array,
  start: number,
  length: number,
  depthMax: number,
): boolean {
  const end = start + length;
  /** Values still to come at each open level. */
  const open: number[] = [1];
  let at = start;
  for (;;) {
    while (open.length > 0 && open[open.length - 1] === 0) open.pop();
    if (open.length === 0) return at === end;
    open[open.length - 1]! -= 1;
    if (at >= end) return false;
    const type = bytes[at++]!;
    const container = containerOf(type);
    const prefixBytes = lengthPrefixBytes(type);
    if (prefixBytes < 0 || at + prefixBytes > end) return false;
    const count = prefixBytes === 0 ? fixedCount(type) : bigEndian(bytes, at, prefixBytes);
    at += prefixBytes;
    if (container === 0) {
      at += count;
      if (at > end) return false;
      continue;
    }
    const values = container === MAP ? count * 2 : count;
    // Each value takes a byte at least.
    if (values > end - at || open.length > depthMax) return false;
    open.push(values);
  }
}

function containerOf(type: number): number {
  if ((type & 0xf0) === 0x80 || type === 0xde || type === 0xdf) return MAP;
  if ((type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd) return ARRAY;
  return 0;
}

/** Bytes of the length behind a type byte; -1 = a type that isn't allowed. */
function lengthPrefixBytes(type: number): number {
  if (type === 0xd9) return 1;
  if (type === 0xda || type === 0xdc || type === 0xde) return 2;
  if (type === 0xdb || type === 0xdd || type === 0xdf) return 4;
  const binaryOrExtension =
    type === 0xc1 || (type >= 0xc4 && type <= 0xc9) || (type >= 0xd4 && type <= 0xd8);
  return binaryOrExtension ? -1 : 0;
}

/** Elements of a small container, or bytes that follow the type byte of any other value. */
function fixedCount(type: number): number {
  if (type < 0x80 || type >= 0xe0) return 0;
  if (type < 0xa0) return type & 0x0f;
  if (type < 0xc0) return type & 0x1f;
  switch (type) {
    case 0xcc:
    case 0xd0:
      return 1;
    case 0xcd:
    case 0xd1:
      return 2;
    case 0xca:
    case 0xce:
    case 0xd2:
      return 4;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 8;
    default:
      return 0;
  }
}

function bigEndian(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]!;
  return value;
}
