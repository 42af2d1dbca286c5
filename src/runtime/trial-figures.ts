import { LatencyHistogram } from '../metrics/latency-histogram.js';

/** What a version has done since a deployment began with it. */
export class TrialFigures {
  messages = 0;
  failed = 0;
  readonly #latency = new LatencyHistogram();

  record(ok: boolean, latencyUs: number): void {
    this.messages += 1;
    if (!ok) this.failed += 1;
    this.#latency.record(latencyUs);
  }

  get latencyP99Ms(): number {
    return this.messages === 0 ? 0 : this.#latency.percentile(99) / 1_000;
  }
}
