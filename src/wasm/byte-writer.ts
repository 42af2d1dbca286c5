/** Appends the binary format's primitives to a buffer that grows. */
export class ByteWriter {
  private buffer: Uint8Array;
  length = 0;

  constructor(capacityBytes: number) {
    this.buffer = new Uint8Array(Math.max(64, capacityBytes));
  }

  private reserve(bytes: number): void {
    const needed = this.length + bytes;
    if (needed <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }

  byte(value: number): void {
    if (this.length === this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
  }

  u32(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** A signed LEB128 of a whole number that isn't negative: a constant or a type index. */
  positiveSigned(value: number): void {
    let rest = value;
    while (rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  copy(source: Uint8Array, from: number, to: number): void {
    this.reserve(to - from);
    // Runs between two edits are mostly a few bytes, where a view costs more than it saves.
    if (to - from < 24) {
      const target = this.buffer;
      let at = this.length;
      for (let i = from; i < to; i++) target[at++] = source[i]!;
    } else {
      this.buffer.set(source.subarray(from, to), this.length);
    }
    this.length += to - from;
  }

  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u32(encoded.length);
    this.copy(encoded, 0, encoded.length);
  }

  /** Leaves room for a size that isn't known yet; `endSized` fills it in. */
  beginSized(): number {
    this.reserve(5);
    this.length += 5;
    return this.length;
  }

  /** Writes the size of what came after `beginSized` as a five-byte LEB128, and returns it. */
  endSized(start: number): number {
    const size = this.length - start;
    for (let i = 0; i < 5; i++) {
      this.buffer[start - 5 + i] = ((size >>> (7 * i)) & 0x7f) | (i < 4 ? 0x80 : 0);
    }
    return size;
  }

  /** The bytes written, in a buffer of their own. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }
}
