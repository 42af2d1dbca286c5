import type { Figures } from './figures.js';

/** Whose CPU time `npm run bench -- cost` tells, in the order of the message's way. */
export const PARTS = [
  { part: 'main', label: 'main thread' },
  { part: 'worker', label: 'worker' },
  { part: 'writer', label: 'history’s writer' },
  { part: 'other', label: 'engine’s own threads' },
] as const;

export const COST_LOADS = [
  { load: 'rest_send', label: 'REST send' },
  { load: 'rest_wait', label: 'REST wait' },
  { load: 'ws_batch', label: 'WS batch' },
  { load: 'grpc_unary', label: 'gRPC call' },
  { load: 'grpc_stream', label: 'gRPC stream' },
] as const;

const SMALL_BYTES = 100;
const LARGE_BYTES = 10_000;

export type Part = (typeof PARTS)[number]['part'] | 'client';

/** They need Linux, so results may be without them. */
export function hasCosts(figures: Figures): boolean {
  return figures.find('cost_rest_wait_busy_100b_main') !== undefined;
}

/** Microseconds of CPU time for a message of 100 B. */
export function costOf(figures: Figures, load: string, part: Part): number {
  return figures.value(`cost_${load}_100b_${part}`);
}

/** What each further KB of content costs, in microseconds. */
export function costOfKilobyte(figures: Figures, load: string, part: Part): number {
  const large = figures.value(`cost_${load}_10kb_${part}`);
  const kilobytes = (LARGE_BYTES - SMALL_BYTES) / 1_000;
  return Math.max(0, large - costOf(figures, load, part)) / kilobytes;
}

export interface Prediction {
  /** What the main thread, the workers and the history's writer could do, each by itself. */
  readonly main: number;
  readonly workers: number;
  readonly writer: number;
  /** What all cores together could, with the load generator on them. */
  readonly cores: number;
  /** The least of these. */
  readonly rate: number;
}

export interface Circumstances {
  readonly workers: number;
  readonly cores: number;
  /** Where the load comes from the same machine. */
  readonly client: boolean;
  /** What agents compute for a message beside what the server does, in microseconds. */
  readonly work_us?: number;
}

/** The rate of `rest_wait`, or another load, that the costs of its messages allow. */
export function predict(
  figures: Figures,
  load: string,
  { workers, cores, client, work_us = 0 }: Circumstances,
): Prediction {
  const cost = (part: Part): number => costOf(figures, load, part);
  const worker = cost('worker') + work_us;
  const total =
    cost('main') + worker + cost('writer') + cost('other') + (client ? cost('client') : 0);
  const limits = {
    main: 1e6 / cost('main'),
    workers: (workers * 1e6) / worker,
    writer: 1e6 / cost('writer'),
    cores: (cores * 1e6) / total,
  };
  return { ...limits, rate: Math.min(...Object.values(limits)) };
}

/** What the agents of `workers_N_busy` compute, in microseconds: what they take more than echo. */
export function busyWork_us(figures: Figures): number {
  return Math.max(
    0,
    costOf(figures, 'rest_wait_busy', 'worker') - costOf(figures, 'rest_wait', 'worker'),
  );
}
