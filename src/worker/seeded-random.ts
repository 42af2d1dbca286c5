/**
 * xoshiro128** (Blackman and Vigna, 2018) with its state from two 32-bit FNV-1a hashes of a text,
 * spread by splitmix32. The same text gives the same numbers on every machine.
 */
export class SeededRandom {
  // Typed, since a number of 32 bits in an ordinary field is an object of its own.
  readonly #state = new Int32Array(4);

  seed(text: string): void {
    let low = 0x811c9dc5;
    let high = 0xcbf29ce4;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit ^ (low >>> 16), 0x01000193);
    }
    this.#state[0] = mix(low);
    this.#state[1] = mix(low + 0x9e3779b9);
    this.#state[2] = mix(high);
    // Odd, so that the state is never all zero, from which the generator could not leave.
    this.#state[3] = mix(high + 0x9e3779b9) | 1;
  }

  /** The next number, 0 to 2^32 − 1. */
  next(): number {
    const s = this.#state;
    const b = s[1]!;
    const c = s[2]! ^ s[0]!;
    const d = s[3]! ^ b;
    s[1] = b ^ c;
    s[0] = s[0]! ^ d;
    s[2] = c ^ (b << 9);
    s[3] = rotateLeft(d, 11);
    return Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
  }

  /** Fills a range with bytes, four of each number, lowest first. */
  fill(target: Uint8Array, start: number, length: number): void {
    const end = start + length;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      const word = this.next();
      target[at] = word;
      target[at + 1] = word >>> 8;
      target[at + 2] = word >>> 16;
      target[at + 3] = word >>> 24;
    }
    if (at === end) return;
    for (let word = this.next(); at < end; word >>>= 8) target[at++] = word;
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
