/** Bytes from which a generator takes its choices, so that fast-check can shrink what it makes. */
export class Tape {
  private readonly bytes: Uint8Array;
  private position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get ended(): boolean {
    return this.position >= this.bytes.length;
  }

  /** A number below `bound`; 0 once the tape has ended. */
  next(bound: number): number {
    return this.ended ? 0 : this.bytes[this.position++]! % bound;
  }

  /** One of these; the first once the tape has ended. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.next(choices.length)]!;
  }
}
