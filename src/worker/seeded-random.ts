/**
 * xoshiro128** (Blackman and Vigna, 2018) with its state from two 32-bit FNV-1a hashes of a text,
 * spread by splitmix32. The same text gives the same numbers on every machine.
 */
export class SeededRandom {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;

  seed(text: string): void {
    let low = 0x811c9dc5;
    let high = 0xcbf29ce4;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit ^ (low >>> 16), 0x01000193);
    }
    this.#a = mix(low);
    this.#b = mix(low + 0x9e3779b9);
    this.#c = mix(high);
    // Odd, so that the state is never all zero, from which the generator could not leave.
    this.#d = mix(high + 0x9e3779b9) | 1;
  }

  /** The next number, 0 to 2^32 − 1. */
  next(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return result >>> 0;
  }

  /** Fills a range with bytes, four of each number, lowest first. */
  fill(target: Uint8Array, start: number, length: number): void {
    let word = 0;
    for (let i = 0; i < length; i++) {
      word = (i & 3) === 0 ? this.next() : word >>> 8;
      target[start + i] = word;
    }
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
