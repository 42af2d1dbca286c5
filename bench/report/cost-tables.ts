import type { IdleMemory } from '../profile/idle-memory.js';
import {
  busyWork_us,
  COST_LOADS,
  costOf,
  costOfKilobyte,
  hasCosts,
  PARTS,
  type Prediction,
  predict,
} from './costs.js';
import { type Figures, figure } from './figures.js';
import { type Column, markdownTable } from './markdown.js';

const NONE = 'Not among the results: `npm run bench -- cost` measures it, on Linux.';
const right = (title: string): Column => ({ title, right: true });
const us = (value: number): string => `${figure(value)} µs`;

/** Microseconds of CPU time of each message, by the thread. */
export function messageCosts(figures: Figures): string {
  if (!hasCosts(figures)) return NONE;
  return markdownTable(
    [
      { title: 'A message of 100 B' },
      ...PARTS.map(({ label }) => right(label)),
      right('all'),
      right('most that one main thread takes'),
    ],
    COST_LOADS.map(({ load, label }) => {
      const costs = PARTS.map(({ part }) => costOf(figures, load, part));
      const all = costs.reduce((sum, cost) => sum + cost, 0);
      const most = 1e6 / costOf(figures, load, 'main');
      return [label, ...costs.map(us), us(all), `${figure(most)}/s`];
    }),
  );
}

/** Microseconds of CPU time of each further KB, by the thread. */
export function byteCosts(figures: Figures): string {
  if (!hasCosts(figures)) return NONE;
  return markdownTable(
    [{ title: 'Each further KB of content' }, ...PARTS.map(({ label }) => right(label))],
    COST_LOADS.map(({ load, label }) => [
      label,
      ...PARTS.map(({ part }) => us(costOfKilobyte(figures, load, part))),
    ]),
  );
}

/** What agents and workers cost by being there. */
export function residentCosts(figures: Figures, memory: IdleMemory | null): string {
  const start = (agents: number): number => figures.value(`many_agents_${agents}_start`);
  const startOfEach_ms = ((start(10_000) - start(100)) / 9_900) * 1_000;
  const [overhead, deploy] = ['overhead', 'deploy'].map((what) =>
    figures.value(`many_agents_10000_${what}`),
  ) as [number, number];
  const worker_mb = memory === null ? null : (memory.four_workers - memory.one_worker) / 3 / 1e6;
  return markdownTable(
    [{ title: 'What' }, right('Costs'), { title: 'From' }],
    [
      [
        'An agent: memory, beside its linear memory',
        `${figure(overhead)} KiB`,
        '`many_agents_10000_overhead`',
      ],
      [
        'An agent: time at each start of the server',
        `${figure(startOfEach_ms)} ms`,
        '`many_agents_10000_start` less `many_agents_100_start`',
      ],
      [
        'An agent: time of its deploy over REST',
        `${figure(deploy)} ms`,
        '`many_agents_10000_deploy`',
      ],
      ...(worker_mb === null
        ? []
        : [
            [
              'A worker: memory while it is idle',
              `${figure(worker_mb)} MB`,
              '`npm run bench-profile -- idle_memory`: four workers less one',
            ],
          ]),
    ],
  );
}

const LIMITS: ReadonlyArray<readonly [keyof Omit<Prediction, 'rate'>, string]> = [
  ['main', 'main thread'],
  ['workers', 'workers'],
  ['writer', 'history’s writer'],
  ['cores', 'all cores'],
];

/**
 * What the model says of a row of workers. A main thread with time to spare looks at the rings
 * instead of sleeping, so what all cores together do for busy agents is taken as it was measured.
 */
function predictRow(figures: Figures, workers: number, busy: boolean): Prediction {
  const at = { workers, cores: figures.results.machine.cores, client: true };
  if (!busy) return predict(figures, 'rest_wait', at);
  const limits = predict(figures, 'rest_wait', { ...at, work_us: busyWork_us(figures) });
  const { cores } = predict(figures, 'rest_wait_busy', at);
  return { ...limits, cores, rate: Math.min(limits.rate, cores) };
}

/** What the model says of the rows of workers, beside what was measured. */
export function predictions(figures: Figures): string {
  if (!hasCosts(figures)) return NONE;
  const cases = [1, 2, 4].flatMap((workers) =>
    ['echo', 'busy'].map((kind) => ({ workers, kind, name: `workers_${workers}_${kind}` })),
  );
  return markdownTable(
    [
      { title: 'Row' },
      ...LIMITS.map(([, label]) => right(label)),
      right('so at most'),
      right('measured'),
      right('of that'),
    ],
    cases.map(({ workers, kind, name }) => {
      const limits = predictRow(figures, workers, kind === 'busy');
      const value = figures.value(name);
      return [
        `\`${name}\``,
        ...LIMITS.map(([limit]) => figure(limits[limit])),
        `**${figure(limits.rate)}**`,
        figure(value),
        `${Math.round((value / limits.rate) * 100)} %`,
      ];
    }),
  );
}

const WORKS_US = [0, 50, 200, 1_000];

/** Workers that keep up with all that the main thread can take, by what agents compute. */
export function workersNeeded(figures: Figures): string {
  if (!hasCosts(figures)) return NONE;
  return markdownTable(
    [
      { title: 'Each message' },
      right('most, by the main thread'),
      ...WORKS_US.map((work) => right(`workers for that, agents work ${work} µs`)),
    ],
    COST_LOADS.map(({ load, label }) => {
      const most = 1e6 / costOf(figures, load, 'main');
      const needed = WORKS_US.map((work) =>
        Math.ceil((most * (costOf(figures, load, 'worker') + work)) / 1e6),
      );
      return [label, `${figure(most)}/s`, ...needed.map(String)];
    }),
  );
}

const BIG_CORES = 8;

/** What a machine of eight cores is predicted to reach, its load coming from elsewhere. */
export function biggerMachine(figures: Figures): string {
  if (!hasCosts(figures)) return NONE;
  const limits = (workers: number, work_us: number): Prediction =>
    predict(figures, 'rest_wait', { workers, cores: BIG_CORES, client: false, work_us });
  const cell = (workers: number, work_us: number): string => {
    const found = limits(workers, work_us);
    const limit = LIMITS.find(([name]) => found[name] === found.rate);
    return `${figure(found.rate)}/s (${limit?.[1]})`;
  };
  return markdownTable(
    [{ title: '`--workers`' }, ...WORKS_US.map((work) => right(`agents work ${work} µs`))],
    [1, 2, 4, 6].map((workers) => [
      String(workers),
      ...WORKS_US.map((work) => cell(workers, work)),
    ]),
  );
}
