/** Timestamps from `fromUs` inclusive to `toUs` exclusive. */
export interface TimeRange {
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * Tells which of consecutive messages lie in a time range, reading the timestamps of few. They are
 * almost in order: none lies more than `disorderUs` before an earlier one. So a message that is
 * more than that before a limit vouches for all in front of it, and one behind it for all that
 * follow; only those in between have to be read.
 */
export class TimeZone {
  readonly #range: TimeRange;
  readonly #timeOf: (number: number) => number;
  readonly #possibleFrom: number;
  readonly #certainFrom: number;
  readonly #certainTo: number;
  readonly #possibleTo: number;

  /** For the messages from number `first` inclusive to `end` exclusive. */
  constructor(
    range: TimeRange,
    first: number,
    end: number,
    disorderUs: number,
    timeOf: (number: number) => number,
  ) {
    this.#range = range;
    this.#timeOf = timeOf;
    const cut = (passed: (timeUs: number) => boolean): number => {
      let low = first;
      let high = end;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (passed(timeOf(middle))) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    const { fromUs, toUs } = range;
    // Cuts end behind a message that passed (everything before it is certain) or before one that
    // didn't (everything from it on is certain), whichever the test is about.
    this.#possibleFrom = cut((timeUs) => timeUs + disorderUs < fromUs);
    this.#certainFrom = cut((timeUs) => timeUs - disorderUs < fromUs);
    this.#certainTo = cut((timeUs) => timeUs + disorderUs < toUs);
    this.#possibleTo = cut((timeUs) => timeUs - disorderUs < toUs);
  }

  has(number: number): boolean {
    if (number < this.#possibleFrom || number >= this.#possibleTo) return false;
    if (number >= this.#certainFrom && number < this.#certainTo) return true;
    const timeUs = this.#timeOf(number);
    return timeUs >= this.#range.fromUs && timeUs < this.#range.toUs;
  }
}
