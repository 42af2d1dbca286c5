import { chartSvg } from './chart-library.js';
import type { BenchResult } from './result.js';
import { count, microseconds } from './units.js';

const WIDTH = 900;
const HEIGHT = 320;
const COLOURS = ['#2563eb', '#dc2626'];

export interface ChartText {
  readonly title: string;
  readonly svg: string;
}

/** The charts of a result that has any answers, as SVG. */
export function chartsOf(result: BenchResult): ChartText[] {
  if (result.latency_us === null) return [];
  return [
    { title: 'Latency by percentile', svg: draw(percentileChart(result)) },
    { title: 'Latencies', svg: draw(histogramChart(result)) },
    { title: 'Messages answered in each second', svg: draw(rateChart(result)) },
    { title: 'Latency in each second', svg: draw(latencyChart(result)) },
  ];
}

function draw(option: object): string {
  const frame = { left: 84, right: 32, top: 36, bottom: 52 };
  return chartSvg({ color: COLOURS, grid: frame, ...option }, WIDTH, HEIGHT);
}

const line = (name: string, data: unknown, extra: object = {}) => ({
  ...{ name, data, type: 'line', symbol: 'none' },
  ...extra,
});

const named = (name: string) => ({ name, nameLocation: 'middle', nameGap: 30 });

const latencyAxis = {
  type: 'value',
  min: 0,
  axisLabel: { formatter: (us: number) => microseconds(us) },
};

/** Percentiles whose latencies are told beside the curve. */
const MARKED = [50, 90, 99, 99.9] as const;

/**
 * 90 %, 99 %, 99.9 % … are as far from each other, so that the tail is to be seen, and so are tenfold
 * latencies, as otherwise a long tail leaves a flat line of all others.
 */
function percentileChart({ percentiles, latency_us: latency }: BenchResult): object {
  const finite = percentiles.filter(({ percentile }) => percentile < 100);
  const points = finite.map(({ percentile, us }) => [1 / (1 - percentile / 100), us]);
  return {
    xAxis: {
      ...named('percentile'),
      type: 'log',
      axisLabel: { formatter: (share: number) => percentileText(share) },
    },
    yAxis: {
      type: 'log',
      axisLabel: latencyAxis.axisLabel,
      minorSplitLine: { show: true },
    },
    series: [line('latency', points, { markPoint: marks(points, latency) })],
  };
}

function marks(points: readonly number[][], latency: BenchResult['latency_us']): object {
  const end = points.at(-1)?.[0] ?? 0;
  const data = MARKED.flatMap((percentile) => {
    const us = latency?.[`p${percentile}`];
    const share = 1 / (1 - percentile / 100);
    // A curve of few latencies ends before.
    if (us === undefined || share > end) return [];
    return [{ coord: [share, us], value: `p${percentile} ${microseconds(us)}` }];
  });
  return { symbol: 'circle', symbolSize: 7, label: { position: 'top', formatter: '{c}' }, data };
}

function percentileText(share: number): string {
  return `${Number((100 * (1 - 1 / share)).toFixed(6))} %`;
}

function histogramChart({ histogram }: BenchResult): object {
  return {
    xAxis: {
      ...named('less than'),
      type: 'category',
      data: histogram.map(({ to_us }) => microseconds(to_us)),
    },
    yAxis: { type: 'value', axisLabel: { formatter: (value: number) => count(value) } },
    series: [
      {
        type: 'bar',
        barCategoryGap: '4%',
        data: histogram.map((bar) => bar.count),
      },
    ],
  };
}

function rateChart({ seconds }: BenchResult): object {
  const failed = line('failed', of(seconds, 'failed'));
  return {
    legend: { top: 0 },
    xAxis: overTime(seconds),
    yAxis: { type: 'value', min: 0, axisLabel: { formatter: (value: number) => count(value) } },
    series: [
      line('answered', of(seconds, 'per_second')),
      ...(seconds.some((second) => second.failed > 0) ? [failed] : []),
    ],
  };
}

function latencyChart({ seconds }: BenchResult): object {
  return {
    legend: { top: 0 },
    xAxis: overTime(seconds),
    yAxis: latencyAxis,
    series: [line('p50', of(seconds, 'p50_us')), line('p99', of(seconds, 'p99_us'))],
  };
}

type Seconds = BenchResult['seconds'];

const of = (seconds: Seconds, field: keyof Seconds[number]): Array<number | null> =>
  seconds.map((second) => second[field]);

const overTime = (seconds: Seconds) => ({
  ...named('seconds'),
  type: 'category',
  boundaryGap: seconds.length === 1,
  data: seconds.map(({ second }) => second),
});
