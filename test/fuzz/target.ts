import type fc from 'fast-check';

/** One part of the server that is given inputs nobody thought of, and what must hold of each. */
export interface FuzzTarget<Case = unknown> {
  /** Inputs to try; the same seed gives the same ones. */
  readonly cases: fc.Arbitrary<Case>;
  /** Tries one. @throws any error when what must hold doesn't */
  check(one: Case): void | Promise<void>;
  /** A case as it is kept in the corpus. */
  bytesOf(one: Case): Uint8Array;
  /** Tries a file of the corpus. */
  replay(bytes: Uint8Array): void | Promise<void>;
  /** What is looked at once more when all cases were tried. */
  finish?(): void | Promise<void>;
  /** What became of the cases, in a few lines for a person. */
  details?(): readonly string[];
  close?(): Promise<void>;
}

/** A target whose cases are bytes that lie in the corpus as they are. */
export function bytesTarget(
  cases: fc.Arbitrary<Uint8Array>,
  check: (bytes: Uint8Array) => void | Promise<void>,
  rest: Pick<FuzzTarget, 'finish' | 'details' | 'close'> = {},
): FuzzTarget<Uint8Array> {
  return { cases, check, replay: check, bytesOf: (bytes) => bytes, ...rest };
}

/** Counts what became of cases, to see that they reach what they are meant for. */
export class Fates {
  readonly #counts = new Map<string, number>();

  add(fate: string): void {
    this.#counts.set(fate, (this.#counts.get(fate) ?? 0) + 1);
  }

  get lines(): string[] {
    return [...this.#counts]
      .sort(([, a], [, b]) => b - a)
      .map(([fate, count]) => `${fate}: ${count}`);
  }
}
