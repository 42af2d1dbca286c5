/**
 * Holds an agent to a share of one core, averaged over a second: a bucket that fills with the
 * share's microseconds and that each message drains by the time it took.
 */
export class CpuShare {
  readonly #perSecondUs: number;
  #balanceUs: number;
  #updatedUs: number;

  /**
   * @param shareMillis thousandths of one core
   * @param nowUs monotonic, µs
   */
  constructor(shareMillis: number, nowUs: number) {
    this.#perSecondUs = shareMillis * 1_000;
    this.#balanceUs = this.#perSecondUs;
    this.#updatedUs = nowUs;
  }

  /** Charges a call. @returns milliseconds for which the agent has to pause, 0 = none */
  charge(handlingUs: number, nowUs: number): number {
    this.#refill(nowUs);
    this.#balanceUs -= handlingUs;
    return this.#pauseMs();
  }

  /** Milliseconds until the agent may take a message, 0 = now. */
  pauseMs(nowUs: number): number {
    this.#refill(nowUs);
    return this.#pauseMs();
  }

  #refill(nowUs: number): void {
    const elapsedUs = Math.max(0, nowUs - this.#updatedUs);
    this.#updatedUs = nowUs;
    const filled = this.#balanceUs + (elapsedUs / 1e6) * this.#perSecondUs;
    this.#balanceUs = Math.min(this.#perSecondUs, filled);
  }

  #pauseMs(): number {
    return this.#balanceUs >= 0 ? 0 : Math.ceil((-this.#balanceUs / this.#perSecondUs) * 1_000);
  }
}
