import type { Histogram, JsHistogram } from 'hdr-histogram-js';

/** Latencies from one bound, which belongs to it, to the next, which doesn't. */
export interface Bar {
  readonly from_us: number;
  readonly to_us: number;
  readonly count: number;
}

/** Most bars that are of use to a reader. */
const BARS_MAX = 24;
/** Bounds of bars within a decade, about evenly apart on a scale of logarithms: the finest that fits. */
const SCALES = [
  [1, 1.3, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8],
  [1, 1.6, 2.5, 4, 6.3],
  [1, 2, 5],
];
const LAST_DECADE = 10;

const PERCENTILES = [50, 75, 90, 95, 99, 99.9, 99.99] as const;

export interface Latencies {
  readonly min: number;
  readonly mean: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly 'p99.9': number;
  readonly 'p99.99': number;
  readonly max: number;
}

/** The figures of a histogram that has values, in µs. */
export function latenciesOf(histogram: Histogram): Latencies {
  const percentiles = PERCENTILES.map((percentile) => [
    `p${percentile}`,
    histogram.getValueAtPercentile(percentile),
  ]);
  return {
    min: histogram.minNonZeroValue,
    mean: Math.round(histogram.mean * 10) / 10,
    stddev: Math.round(histogram.stdDeviation * 10) / 10,
    ...Object.fromEntries(percentiles),
    max: histogram.maxValue,
  };
}

/** All latencies in bars that grow with the time: from the first that has any to the last. */
export function barsOf(histogram: Histogram): Bar[] {
  const all = SCALES.map((scale) => barsBetween(boundsOf(scale), histogram));
  return all.find((bars) => bars.length <= BARS_MAX) ?? (all.at(-1) as Bar[]);
}

/** 0, and whole numbers of µs. */
function boundsOf(scale: readonly number[]): number[] {
  const bounds = new Set([0]);
  for (let decade = 0; decade < LAST_DECADE; decade++) {
    for (const step of scale) bounds.add(Math.round(step * 10 ** decade));
  }
  return [...bounds];
}

function barsBetween(bounds: readonly number[], histogram: Histogram): Bar[] {
  const counts = new Float64Array(bounds.length - 1);
  if (histogram.totalCount === 0) return [];
  // Histograms that are built without WebAssembly have it.
  const values = (histogram as unknown as JsHistogram).recordedValuesIterator;
  values.reset();
  let place = 0;
  let first: number | undefined;
  while (values.hasNext()) {
    const { valueIteratedTo: us, countAddedInThisIterationStep: count } = values.next();
    while ((bounds[place + 1] as number) <= us) place += 1;
    first ??= place;
    counts[place]! += count;
  }
  return [...counts.subarray(first ?? 0, place + 1)].map((count, index) => ({
    from_us: bounds[(first ?? 0) + index] as number,
    to_us: bounds[(first ?? 0) + index + 1] as number,
    count,
  }));
}

/** A point of the curve of latency by percentile. */
export interface PercentilePoint {
  readonly percentile: number;
  readonly us: number;
}

/** Points at ever smaller steps towards 100 %, ten for each decimal, as far as there are values. */
export function percentileCurve(histogram: Histogram): PercentilePoint[] {
  const points: PercentilePoint[] = [];
  const { totalCount } = histogram;
  // Beyond one value of all there is nothing between the last point and the longest.
  for (let step = 0; 10 ** (step / 10) <= totalCount; step++) {
    const percentile = 100 * (1 - 10 ** (-step / 10));
    points.push({ percentile, us: histogram.getValueAtPercentile(percentile) });
  }
  if (totalCount > 0) points.push({ percentile: 100, us: histogram.maxValue });
  return points;
}
