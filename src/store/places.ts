import { endianness } from 'node:os';

/**
 * A posting list: the places of messages within their segment, ascending, 16 bits each, little
 * endian. The bytes are those of a Uint16Array where the machine is little endian too, which is
 * what makes long lists cheap to read.
 */
const NATIVE = endianness() === 'LE';

export function encodePlaces(places: Uint16Array, count: number, target: Buffer): Buffer {
  const bytes = target.subarray(0, count * 2);
  bytes.set(new Uint8Array(places.buffer, places.byteOffset, count * 2));
  return NATIVE ? bytes : bytes.swap16();
}

export function decodePlaces(bytes: Buffer): Uint16Array {
  // A copy, because a Uint16Array must begin at an even address.
  const places = new Uint16Array(bytes.length >> 1);
  const copy = Buffer.from(places.buffer);
  copy.set(bytes);
  if (!NATIVE) copy.swap16();
  return places;
}
