import { malformed } from './refusal.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads the binary format's primitives. Every read is bounds-checked, so that hostile bytes end in
 * an INVALID_WASM with an offset and never in a read past the end.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  position: number;
  /** The first byte that may not be read: the end of the section or body being read. */
  end: number;

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get atEnd(): boolean {
    return this.position >= this.end;
  }

  byte(): number {
    if (this.position >= this.end) throw malformed('unexpected end', this.position);
    return this.bytes[this.position++]!;
  }

  /** An unsigned LEB128 of 32 bits; the encoding may be longer than it need be. */
  u32(): number {
    const start = this.position;
    let result = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      // Multiplication, as a shift would turn values of 2^31 and above negative.
      result += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (result > 0xffff_ffff) break;
        return result;
      }
    }
    throw malformed('a number is longer than 32 bits', start);
  }

  /** Skips one LEB128 of at most `bytes` bytes. */
  skipLeb(bytes: number): void {
    const start = this.position;
    for (let i = 0; i < bytes; i++) if (this.byte() < 0x80) return;
    throw malformed('a number is too long', start);
  }

  skip(bytes: number): void {
    if (bytes > this.end - this.position) throw malformed('unexpected end', this.position);
    this.position += bytes;
  }

  name(): string {
    const start = this.position;
    const length = this.u32();
    const from = this.position;
    this.skip(length);
    try {
      return utf8.decode(this.bytes.subarray(from, this.position));
    } catch {
      throw malformed('a name is not UTF-8', start);
    }
  }
}
