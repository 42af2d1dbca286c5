import { median } from '../../bench/harness/statistics.js';
import type { InsideSample } from './inside-server.js';
import type { ProcessSample } from './process-sample.js';
import type { SoakedServer } from './soaked-server.js';

/** A server at rest, all clients gone and all work done. */
export interface RestSample extends ProcessSample, InsideSample {
  /** Since the soak began. */
  readonly atSeconds: number;
}

export interface LeakRow {
  readonly what: string;
  readonly first: number;
  readonly last: number;
  readonly most: number;
  /** Why it is taken for a leak. */
  readonly leak: string | undefined;
}

const MB = 1_000_000;
/** Of the samples; memory is still coming to rest in them. */
const WARM_UP = 0.25;
/** With fewer samples behind the warm-up memory is shown and not judged. */
const SAMPLES_TO_JUDGE = 9;

interface Measure {
  readonly what: string;
  readonly of: (sample: RestSample) => number;
  /** What the last third of the samples may have more than the first, in the measure's unit. */
  readonly allowed: (first: number) => number;
}

const MEASURES: readonly Measure[] = [
  {
    what: 'memory without files (MB)',
    of: ({ anonymousBytes }) => anonymousBytes / MB,
    allowed: (first) => 20 + first * 0.1,
  },
  {
    what: 'resident memory (MB)',
    of: ({ residentBytes }) => residentBytes / MB,
    allowed: (first) => 40 + first * 0.15,
  },
  {
    what: 'heap after garbage collection (MB)',
    of: ({ heapBytes }) => heapBytes / MB,
    allowed: (first) => 5 + first * 0.1,
  },
  {
    what: 'data folder (MB)',
    of: ({ folderBytes }) => folderBytes / MB,
    allowed: (first) => 20 + first * 0.15,
  },
];

/**
 * What a process that was not ended had at its rests. Threads, handles and files have to come back to
 * exactly what they were. Of memory the warm-up is left out, and the median of the last third of the
 * other samples is held against that of their first third.
 */
export function leaks(samples: readonly RestSample[]): LeakRow[] {
  const exact = (what: string, values: readonly number[]): LeakRow => {
    const [first = 0] = values;
    const last = values.at(-1) ?? 0;
    const leak = last > first ? `${last - first} more than at first` : undefined;
    return { what, first, last, most: Math.max(...values), leak };
  };
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const third = Math.ceil(warm.length / 3);
  const grown = ({ what, of, allowed }: Measure): LeakRow => {
    const values = warm.map(of);
    const first = median(values.slice(0, third));
    const last = median(values.slice(-third));
    const judged = warm.length >= SAMPLES_TO_JUDGE && last - first > allowed(first);
    const leak = judged ? `grew by ${(last - first).toFixed(1)}` : undefined;
    return { what, first, last, most: Math.max(...values), leak };
  };
  return [
    exact(
      'threads',
      samples.map(({ threads }) => threads),
    ),
    exact(
      'file descriptors',
      samples.map(({ descriptors }) => descriptors),
    ),
    exact(
      'files in the data folder',
      samples.map(({ folderFiles }) => folderFiles),
    ),
    exact('sockets and other handles', samples.map(handles)),
    ...MEASURES.map(grown),
  ];
}

/** What keeps the event loop, without timers: how many there are depends on the moment. */
function handles({ resources }: RestSample): number {
  return Object.entries(resources)
    .filter(([kind]) => kind !== 'Timeout' && kind !== 'Immediate')
    .reduce((sum, [, count]) => sum + count, 0);
}

/** Reads a server at rest. */
export async function restSample(server: SoakedServer, atSeconds: number): Promise<RestSample> {
  const outside = server.outside();
  return { ...outside, ...(await server.inside()), atSeconds };
}
