/** A set of page numbers below a bound, a bit for each. */
export class PageSet {
  readonly #bits: Uint8Array;

  constructor(pages: number) {
    this.#bits = new Uint8Array(Math.ceil(pages / 8));
  }

  has(number: number): boolean {
    return (this.#bits[Math.floor(number / 8)]! & (1 << (number % 8))) !== 0;
  }

  add(number: number): void {
    this.#bits[Math.floor(number / 8)]! |= 1 << (number % 8);
  }
}
