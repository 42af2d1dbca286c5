import { assert } from '../base/assert.js';

interface Sample {
  readonly atMs: number;
  readonly total: number;
}

/**
 * How fast a counter grows, over the last so many seconds. The owner samples it about once a
 * second; nothing is done per message.
 */
export class RateWindow {
  readonly #windowMs: number;
  #samples: Sample[] = [];

  /** @param windowSeconds length of the window, in seconds */
  constructor(windowSeconds: number) {
    assert(windowSeconds > 0, 'a rate needs a window');
    this.#windowMs = windowSeconds * 1_000;
  }

  /**
   * Notes the counter's value.
   * @param atMs on a clock that never steps back, in milliseconds
   */
  sample(total: number, atMs: number): void {
    const last = this.#samples.at(-1);
    // A counter that starts over (a replaced worker) would make the rate negative.
    if (last && total < last.total) this.#samples = [];
    this.#samples.push({ atMs, total });
    // One sample at or before the window's start stays: the rate is measured from it.
    const startMs = atMs - this.#windowMs;
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= startMs) this.#samples.shift();
  }

  /** Growth per second between the window's first sample and its last; 0 before there are two. */
  perSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return 0;
    return ((last.total - first.total) * 1_000) / (last.atMs - first.atMs);
  }
}
