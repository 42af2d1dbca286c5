/** How much of a second may be saved up for when messages come again. */
const SAVED_SHARE = 0.02;

/**
 * Holds an agent to a share of one core, averaged over any second. What a message takes is paid for
 * with time: at a tenth of a core, a millisecond pays for ten. All instances of the agent, on all
 * workers and of all versions under way, pay into one account, which says until when their work is
 * paid for; none takes a message before that.
 *
 * A little time may be saved up, so that short messages need no pause each. What is paid leaves as
 * much of the share out, which keeps a second with savings within it too.
 */
export class CpuShare {
  readonly #account: BigInt64Array;
  /** Microseconds that a microsecond of work takes of the account. */
  readonly #price: number;

  /**
   * @param shareMillis thousandths of one core
   * @param account one number of shared memory: monotonic, µs
   */
  constructor(shareMillis: number, account: BigInt64Array) {
    this.#account = account;
    this.#price = 1_000 / (shareMillis * (1 - SAVED_SHARE));
  }

  /** Charges a call. @returns milliseconds for which the agent has to pause, 0 = none */
  charge(handlingUs: number, nowUs: number): number {
    const oldestUs = BigInt(Math.floor(nowUs - SAVED_SHARE * 1e6));
    const costUs = BigInt(Math.ceil(handlingUs * this.#price));
    let paidUs = Atomics.load(this.#account, 0);
    for (;;) {
      const nextUs = (paidUs > oldestUs ? paidUs : oldestUs) + costUs;
      const seenUs = Atomics.compareExchange(this.#account, 0, paidUs, nextUs);
      if (seenUs === paidUs) return pauseMs(nextUs, nowUs);
      paidUs = seenUs;
    }
  }

  /** Milliseconds until the agent may take a message, 0 = now. */
  pauseMs(nowUs: number): number {
    return pauseMs(Atomics.load(this.#account, 0), nowUs);
  }
}

function pauseMs(paidUs: bigint, nowUs: number): number {
  return Math.max(0, Math.ceil((Number(paidUs) - nowUs) / 1_000));
}
