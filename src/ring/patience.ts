import { availableParallelism } from 'node:os';

/** Who waits longer than this on average is better asleep. */
const WORTHWHILE_US = 150;
/** A longer wait counts as this one, so that a pause is soon forgotten. */
const LONGEST_US = 1_000;
const SMOOTHING = 0.25;
const MARGIN_US = 20;

/**
 * How long to look for what is expected before going to sleep. To be woken takes a thread tens of
 * microseconds, often longer than what it waits for. So who waited shortly the last times looks on
 * for about as long again; who waits long sleeps at once, and an idle thread takes no core.
 */
export class Patience {
  readonly #isFree: boolean;
  #averageUs = LONGEST_US;

  /** @param cores on one core, looking would keep the other side from its work */
  constructor(cores: number = availableParallelism()) {
    this.#isFree = cores > 1;
  }

  /** It took so long, in microseconds. */
  waited(us: number): void {
    this.#averageUs += (Math.min(us, LONGEST_US) - this.#averageUs) * SMOOTHING;
  }

  /** For how many microseconds to look before the next sleep; 0 = not at all. */
  get us(): number {
    if (!this.#isFree || this.#averageUs > WORTHWHILE_US) return 0;
    return 2 * this.#averageUs + MARGIN_US;
  }
}
