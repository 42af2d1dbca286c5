import { LatencyHistogram } from '../metrics/latency-histogram.js';
import type { WorkerReport } from '../wire/control.js';

/** The times of a worker's messages since its last report. All clocks are monotonic, in µs. */
export class Measurements {
  readonly #queueWait = new LatencyHistogram();
  readonly #handling = new LatencyHistogram();
  readonly #endToEnd = new LatencyHistogram();

  record(acceptedUs: number, takenUs: number, doneUs: number): void {
    this.#queueWait.record(takenUs - acceptedUs);
    this.#handling.record(doneUs - takenUs);
    this.#endToEnd.record(doneUs - acceptedUs);
  }

  /** What was measured; counting starts over. */
  report(): WorkerReport {
    const report = {
      queueWait: this.#queueWait.encode(),
      handling: this.#handling.encode(),
      endToEnd: this.#endToEnd.encode(),
    };
    this.#queueWait.reset();
    this.#handling.reset();
    this.#endToEnd.reset();
    return report;
  }
}
