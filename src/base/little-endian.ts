/**
 * Numbers in bytes, little endian, for places that every message passes. Buffer's own methods are
 * looked up anew with each call, check what the caller knows, and take several times as long. What
 * lies outside of the bytes reads as garbage and is not written: callers have made room.
 */

const double = new Float64Array(1);
const doubleBytes = new Uint8Array(double.buffer);

export function putUint16(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
}

export function putUint32(target: Uint8Array, at: number, value: number): void {
  target[at] = value;
  target[at + 1] = value >>> 8;
  target[at + 2] = value >>> 16;
  target[at + 3] = value >>> 24;
}

export function putDouble(target: Uint8Array, at: number, value: number): void {
  double[0] = value;
  for (let i = 0; i < 8; i++) target[at + i] = doubleBytes[i]!;
}

export function uint16At(source: Uint8Array, at: number): number {
  return source[at]! | (source[at + 1]! << 8);
}

export function uint32At(source: Uint8Array, at: number): number {
  return (
    (source[at]! | (source[at + 1]! << 8) | (source[at + 2]! << 16) | (source[at + 3]! << 24)) >>> 0
  );
}

export function doubleAt(source: Uint8Array, at: number): number {
  for (let i = 0; i < 8; i++) doubleBytes[i] = source[at + i]!;
  return double[0]!;
}
