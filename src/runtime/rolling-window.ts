/** One second's worth of an agent's figures. */
export interface WindowSample {
  readonly processed: number;
  readonly failed: number;
  readonly handlingUs: number;
  /** Share of one core, 0 to 1. */
  readonly cpu: number;
  readonly memoryBytes: number;
}

/** Samples of a period, added up. */
export interface WindowTotals {
  processed: number;
  failed: number;
  handlingUs: number;
  cpuPeak: number;
  memoryPeakBytes: number;
  memorySumBytes: number;
  samples: number;
}

interface Bucket extends WindowTotals {
  startMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MINUTES_KEPT = 61;
const HOURS_KEPT = 25;

/**
 * Figures of the last hour by the minute and of the last day by the hour. Buckets are made only
 * for times in which something happened, so ten thousand idle agents keep nothing.
 */
export class RollingWindow {
  readonly #minutes: Bucket[] = [];
  readonly #hours: Bucket[] = [];

  add(nowMs: number, sample: WindowSample): void {
    addTo(this.#minutes, nowMs, MINUTE_MS, MINUTES_KEPT, sample);
    addTo(this.#hours, nowMs, HOUR_MS, HOURS_KEPT, sample);
  }

  /** Adds up the last `periodMs`; a bucket counts when any part of it lies within. */
  totals(nowMs: number, periodMs: number): WindowTotals {
    const byMinute = periodMs <= HOUR_MS;
    const buckets = byMinute ? this.#minutes : this.#hours;
    const width = byMinute ? MINUTE_MS : HOUR_MS;
    const totals = emptyTotals();
    for (const bucket of buckets) {
      if (bucket.startMs + width <= nowMs - periodMs) continue;
      totals.processed += bucket.processed;
      totals.failed += bucket.failed;
      totals.handlingUs += bucket.handlingUs;
      totals.memorySumBytes += bucket.memorySumBytes;
      totals.samples += bucket.samples;
      totals.cpuPeak = Math.max(totals.cpuPeak, bucket.cpuPeak);
      totals.memoryPeakBytes = Math.max(totals.memoryPeakBytes, bucket.memoryPeakBytes);
    }
    return totals;
  }
}

function addTo(
  buckets: Bucket[],
  nowMs: number,
  widthMs: number,
  kept: number,
  sample: WindowSample,
): void {
  const startMs = Math.floor(nowMs / widthMs) * widthMs;
  let bucket = buckets.at(-1);
  if (bucket === undefined || bucket.startMs !== startMs) {
    bucket = { ...emptyTotals(), startMs };
    buckets.push(bucket);
    if (buckets.length > kept) buckets.shift();
  }
  bucket.processed += sample.processed;
  bucket.failed += sample.failed;
  bucket.handlingUs += sample.handlingUs;
  bucket.memorySumBytes += sample.memoryBytes;
  bucket.samples += 1;
  bucket.cpuPeak = Math.max(bucket.cpuPeak, sample.cpu);
  bucket.memoryPeakBytes = Math.max(bucket.memoryPeakBytes, sample.memoryBytes);
}

function emptyTotals(): WindowTotals {
  return {
    processed: 0,
    failed: 0,
    handlingUs: 0,
    cpuPeak: 0,
    memoryPeakBytes: 0,
    memorySumBytes: 0,
    samples: 0,
  };
}
