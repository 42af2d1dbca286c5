import { LatencyHistogram } from './latency-histogram.js';

/** How far back quantiles look, and by which steps what is older is left out; milliseconds. */
const WINDOW_MS = 300_000;
const SLOT_MS = 10_000;

interface Slot {
  readonly endMs: number;
  readonly encoded: Uint8Array;
}

/** What a summary shows: quantiles of the last minutes, number and sum since the start. */
export interface LatencySummary {
  readonly recent: LatencyHistogram;
  readonly count: number;
  /** In µs. */
  readonly sum: number;
}

/**
 * Latencies of the last five minutes, forgotten by ten seconds. Times are milliseconds on a clock
 * that never steps.
 */
export class RollingHistogram {
  readonly #open = new LatencyHistogram();
  readonly #recent = new LatencyHistogram();
  readonly #closed: Slot[] = [];
  #openSlot = -1;
  #count = 0;
  #sum = 0;

  /** Merges what a worker measured since its last report. */
  add(encoded: Uint8Array, nowMs: number): void {
    const slot = Math.floor(nowMs / SLOT_MS);
    if (slot !== this.#openSlot) {
      this.#close(nowMs);
      this.#openSlot = slot;
    }
    const { count, sum } = this.#open;
    this.#open.add(encoded);
    this.#count += this.#open.count - count;
    this.#sum += this.#open.sum - sum;
  }

  /** What is shown now; valid until the next call. */
  summary(nowMs: number): LatencySummary {
    this.#recent.reset();
    for (const { endMs, encoded } of this.#closed) {
      if (endMs > nowMs - WINDOW_MS) this.#recent.add(encoded);
    }
    if (this.#openEndMs > nowMs - WINDOW_MS) this.#recent.add(this.#open.encode());
    return { recent: this.#recent, count: this.#count, sum: this.#sum };
  }

  get #openEndMs(): number {
    return (this.#openSlot + 1) * SLOT_MS;
  }

  #close(nowMs: number): void {
    if (this.#open.count > 0) {
      this.#closed.push({ endMs: this.#openEndMs, encoded: this.#open.encode() });
      this.#open.reset();
    }
    while (this.#closed[0] !== undefined && this.#closed[0].endMs <= nowMs - WINDOW_MS) {
      this.#closed.shift();
    }
  }
}
