import { Tally } from './tally.js';
import type { Done, Second } from './thread-frames.js';

/** What all threads together did in one second. */
export interface SecondFigures {
  /** From 1, since it began to count. */
  readonly second: number;
  /** Answers; of a last second that was cut short, as many as a whole one would have had. */
  readonly per_second: number;
  readonly failed: number;
  /** `null` when nothing was answered. */
  readonly p50_us: number | null;
  readonly p99_us: number | null;
  /** Messages under way at its end. */
  readonly in_flight: number;
}

/** Least part of a second whose rate is told. */
const LEAST_PART = 0.5;

/** Puts together what the threads measured. */
export class Measurement {
  readonly total = new Tally();
  readonly series: SecondFigures[] = [];
  sent = 0;
  warmed = 0;
  unsent = 0;
  late = 0;
  /** Of the busiest thread, 0 to 1. */
  utilization = 0;
  ended_ms = 0;
  readonly #threads: number;
  readonly #onSecond: (figures: SecondFigures) => void;
  readonly #seconds = new Map<number, { tally: Tally; threads: number; inFlight: number }>();

  /** @param onSecond is told what all did in a second that is over */
  constructor(threads: number, onSecond: (figures: SecondFigures) => void) {
    this.#threads = threads;
    this.#onSecond = onSecond;
  }

  second({ second, tally, inFlight }: Second): void {
    this.total.add(tally);
    const sum = this.#sumOf(second);
    sum.tally.add(tally);
    sum.inFlight += inFlight;
    sum.threads += 1;
    if (sum.threads === this.#threads) this.#close(second, 1);
  }

  done(frame: Done): void {
    this.total.add(frame.tally);
    this.#sumOf(frame.second).tally.add(frame.tally);
    this.sent += frame.sent;
    this.warmed += frame.warmed;
    this.unsent += frame.unsent;
    this.late += frame.late;
    this.utilization = Math.max(this.utilization, frame.utilization);
    this.ended_ms = Math.max(this.ended_ms, frame.ended_ms);
  }

  /**
   * All threads are done: what is left is a second that was cut short.
   * @param measure_ms when it began to count
   */
  finish(measure_ms: number): void {
    for (const second of [...this.#seconds.keys()].sort((a, b) => a - b)) {
      const part = Math.min(1, (this.ended_ms - measure_ms) / 1_000 - second);
      // Too short a part of a second, such as that of the last answers, tells no rate.
      if (part >= LEAST_PART || (this.series.length === 0 && part > 0)) this.#close(second, part);
    }
  }

  #sumOf(second: number) {
    let sum = this.#seconds.get(second);
    if (sum === undefined) {
      sum = { tally: new Tally(), threads: 0, inFlight: 0 };
      this.#seconds.set(second, sum);
    }
    return sum;
  }

  #close(second: number, part: number): void {
    const { tally, inFlight } = this.#sumOf(second);
    this.#seconds.delete(second);
    const { latencies, answered, failed } = tally;
    const figures = {
      second: second + 1,
      per_second: Math.round(answered / part),
      failed,
      p50_us: answered === 0 ? null : latencies.getValueAtPercentile(50),
      p99_us: answered === 0 ? null : latencies.getValueAtPercentile(99),
      in_flight: inFlight,
    };
    this.series.push(figures);
    this.#onSecond(figures);
  }
}
