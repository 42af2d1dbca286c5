import type { StoredRow } from '../harness/results.js';
import { targetsOf } from '../harness/targets.js';
import { type BarItem, barChart } from './bar-charts.js';
import { columnChart } from './column-charts.js';
import { COST_LOADS, hasCosts, PARTS } from './costs.js';
import type { Figures } from './figures.js';
import { lineChart } from './line-chart.js';
import { LOOK } from './look.js';
import type { Chart } from './render-svg.js';

const RATIOS = [
  'rest_send',
  'rest_wait',
  'rest_persist',
  'ws_batch',
  'ws_fanout',
  'grpc_unary',
  'grpc_stream',
  'agent_to_agent_same_worker',
  'agent_to_agent_two_workers',
  'many_agents_10000_rate',
  'history_cost',
];
const PEERS = [
  ['peer_extism_worker', 'Extism plugin\nin a worker'],
  ['peer_piscina_run', 'piscina.run'],
  ['peer_post_message', 'postMessage'],
  ['peer_node_http', 'node:http'],
  ['peer_fastify', 'Fastify'],
  ['peer_nats', 'NATS'],
] as const;
const SIZES = [
  ['payload_100b', '100 B'],
  ['payload_1kb', '1 KB'],
  ['payload_10kb', '10 KB'],
  ['payload_100kb', '100 KB'],
  ['payload_1mb', '1 MB'],
] as const;
const COUNTS = ['100', '1000', '10000'];
const WORKERS = ['1', '2', '4'];
const VERDICTS = 'green: target reached, orange: not reached';

/** All charts of the results, by the names of their files; what was not measured has none. */
export function chartsOf(figures: Figures): ReadonlyMap<string, Chart> {
  const charts: Record<string, Chart | undefined> = {
    'ratios.svg': ratios(figures),
    'latency.svg': latency(figures),
    'payload.svg': payload(figures),
    'cost.svg': hasCosts(figures) ? cost(figures) : undefined,
    'workers.svg': workers(figures),
    'many-agents-rate.svg': manyAgentsRate(figures),
    'many-agents-memory.svg': manyAgentsMemory(figures),
    'many-agents-start.svg': manyAgentsStart(figures),
    'metering.svg': metering(figures),
    'native.svg': native(figures),
    'peers.svg': peers(figures),
  };
  return new Map(
    Object.entries(charts).filter((entry): entry is [string, Chart] => entry[1] !== undefined),
  );
}

const spoken = (name: string): string => name.replaceAll('_', ' ');

function ratioItem(row: StoredRow, label: string): BarItem {
  const target = targetsOf(row.name).find(({ of }) => of === 'ratio');
  const met = target === undefined ? null : row.met;
  const common = { label, value: row.ratio ?? 0, min: row.ratio_min, max: row.ratio_max, met };
  return { ...common, target: target?.atLeast ?? target?.atMost };
}

function ratios(figures: Figures): Chart {
  return barChart({
    title: 'Against the baselines',
    subtitle: `Bars: median ratio of the rounds; thin lines: least and most; thick marks: targets; ${VERDICTS}`,
    axis: 'rate, as a share of the baseline’s',
    items: figures.those(RATIOS).map((row) => ratioItem(row, spoken(row.name))),
    axisMax: 1.2,
    line: 1,
  });
}

function latency(figures: Figures): Chart {
  const rows = figures.those(['latency_wait_p50', 'latency_wait_p99']);
  const ranges = rangesOfBaselines(rows);
  const whose = ranges === undefined ? 'Caxton’s rounds' : 'the rounds';
  return columnChart({
    title: 'Latency of a request that waits for an agent’s answer',
    subtitle: `One connection; thin lines: least and most of ${whose}`,
    axis: 'latency, µs',
    categories: rows.map(({ name }) => (name.endsWith('p50') ? 'median' : '99th percentile')),
    series: [
      {
        name: 'Caxton: sent, handled by an agent, answered',
        color: LOOK.caxton,
        values: rows.map(({ value }) => value),
        mins: rows.map(({ value_min }) => value_min),
        maxs: rows.map(({ value_max }) => value_max),
      },
      {
        name: 'bare uWebSockets.js',
        color: LOOK.baseline,
        values: rows.map(({ baseline }) => baseline ?? 0),
        ...ranges,
      },
    ],
    height: 400,
  });
}

/** The ranges of the baselines' rounds, which results of before have none of. */
function rangesOfBaselines(
  rows: readonly StoredRow[],
): { readonly mins: readonly number[]; readonly maxs: readonly number[] } | undefined {
  const mins = rows.flatMap(({ baseline_min }) => baseline_min ?? []);
  const maxs = rows.flatMap(({ baseline_max }) => baseline_max ?? []);
  return mins.length === rows.length && maxs.length === rows.length ? { mins, maxs } : undefined;
}

function payload(figures: Figures): Chart {
  const rows = SIZES.map(([name]) => figures.row(name));
  return lineChart({
    title: 'Rate by the size of the content',
    subtitle: 'POST /api/v1/messages to an agent that only consumes; both axes are logarithmic',
    xAxis: 'content of each message',
    yAxis: 'requests/s',
    categories: SIZES.map(([, size]) => size),
    lines: [
      {
        name: 'bare uWebSockets.js',
        color: LOOK.baseline,
        values: rows.map(({ baseline }) => baseline ?? 0),
      },
      { name: 'Caxton', color: LOOK.caxton, values: rows.map(({ value }) => value) },
    ],
  });
}

function cost(figures: Figures): Chart {
  const cases = COST_LOADS.flatMap(({ load, label }) =>
    (['100b', '10kb'] as const).map((size) => ({
      prefix: `cost_${load}_${size}`,
      label: `${label.replace(' ', '\n')}\n${size === '100b' ? '100 B' : '10 KB'}`,
    })),
  );
  return columnChart({
    title: 'CPU time of a message, by the thread that spends it',
    subtitle: 'Full load on one worker; contents of 100 B and of 10 KB',
    axis: 'CPU time, µs/message',
    categories: cases.map(({ label }) => label),
    series: PARTS.map(({ part, label }, at) => ({
      name: label,
      color: LOOK.parts[at] as string,
      values: cases.map(({ prefix }) => figures.value(`${prefix}_${part}`)),
    })),
    stacked: true,
  });
}

function workers(figures: Figures): Chart {
  const kinds = [
    ['echo', 'eight agents that answer at once'],
    ['busy', 'eight agents that work for some 40 µs'],
  ] as const;
  return columnChart({
    title: 'Rate with 1, 2 and 4 workers',
    subtitle: `POST /api/v1/messages?wait=true, ${figures.results.machine.cores} cores for server and load; thin lines: least and most`,
    axis: 'requests/s',
    categories: kinds.map(([, label]) => label),
    series: WORKERS.map((count, at) => {
      const rows = kinds.map(([kind]) => figures.row(`workers_${count}_${kind}`));
      return {
        name: count === '1' ? '1 worker' : `${count} workers`,
        color: LOOK.steps[at] as string,
        values: rows.map(({ value }) => value),
        mins: rows.map(({ value_min }) => value_min),
        maxs: rows.map(({ value_max }) => value_max),
      };
    }),
  });
}

const countOf = (count: string): string => `${Number(count).toLocaleString('en-US')} agents`;

function manyAgentsRate(figures: Figures): Chart {
  const rows = COUNTS.map((count) => figures.row(`many_agents_${count}_rate`));
  return barChart({
    title: 'Rate with many agents',
    subtitle: `Sends to all of them in turns; thin lines: least and most; thick mark: target; ${VERDICTS}`,
    axis: 'rate, as a share of that of a server with one agent',
    items: rows.map((row, at) => ratioItem(row, countOf(COUNTS[at] as string))),
    axisMax: 1.2,
    line: 1,
  });
}

function valueItem(figures: Figures, count: string, what: string): BarItem {
  const row = figures.row(`many_agents_${count}_${what}`);
  const target = targetsOf(row.name).find(({ of }) => of === 'value')?.atMost;
  return { label: countOf(count), value: row.value, met: row.met, target };
}

function manyAgentsMemory(figures: Figures): Chart {
  return barChart({
    title: 'Memory of each further agent',
    subtitle: `Beside its linear memory, after load; thick mark: the most it may be; ${VERDICTS}`,
    axis: 'resident memory, KiB for each agent',
    items: COUNTS.map((count) => valueItem(figures, count, 'overhead')),
  });
}

function manyAgentsStart(figures: Figures): Chart {
  return barChart({
    title: 'Start with many agents',
    subtitle: `From the start of the process until all agents run; thick mark: the most it may be; ${VERDICTS}`,
    axis: 'time, s',
    items: COUNTS.map((count) => valueItem(figures, count, 'start')),
  });
}

const KERNEL = /^(?:metering|native_kernel)_/;
const NOT_KERNELS = /_(mean|worst|large_module|rewriter)$/;

function kernels(figures: Figures, prefix: string): BarItem[] {
  const rows = figures.startingWith(prefix).filter(({ name }) => !NOT_KERNELS.test(name));
  return rows.map((row) => ratioItem(row, spoken(row.name.replace(KERNEL, ''))));
}

/** A figure that sums up, with its target. */
function summary(figures: Figures, name: string, label: string): BarItem {
  const row = figures.row(name);
  const target = targetsOf(name).find(({ of }) => of === 'value')?.atMost;
  return { label, value: row.value, met: row.met, target };
}

function metering(figures: Figures): Chart {
  return barChart({
    title: 'What fuel metering costs',
    subtitle: `Time with fuel over time without; thin lines: least and most; thick marks: the most it may be; ${VERDICTS}`,
    axis: 'time, as a multiple of that of the module that is not metered',
    items: [
      ...kernels(figures, 'metering_'),
      summary(figures, 'metering_mean', 'geometric mean'),
      summary(figures, 'metering_worst', 'worst'),
    ],
    line: 1,
  });
}

function native(figures: Figures): Chart | undefined {
  if (figures.find('native_kernel_mean') === undefined) return undefined;
  return barChart({
    title: 'Metered WebAssembly beside C++',
    subtitle: 'The same programs by g++ -O3; thin lines: least and most of the rounds',
    axis: 'time, as a multiple of that of C++',
    items: [
      ...kernels(figures, 'native_kernel_'),
      summary(figures, 'native_kernel_mean', 'geometric mean'),
    ],
    line: 1,
  });
}

function peers(figures: Figures): Chart | undefined {
  const found = PEERS.filter(([name]) => figures.find(name) !== undefined);
  if (found.length === 0) return undefined;
  const rows = found.map(([name]) => figures.row(name));
  return columnChart({
    title: 'Beside peers',
    subtitle: 'Messages, calls or requests per second; the axis is logarithmic',
    axis: 'per second',
    categories: found.map(([, label]) => label),
    series: [
      { name: 'Caxton', color: LOOK.caxton, values: rows.map(({ value }) => value) },
      {
        name: 'the peer',
        color: LOOK.baseline,
        values: rows.map(({ baseline }) => baseline ?? 0),
      },
    ],
    log: true,
  });
}
