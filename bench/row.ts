import assert from 'node:assert/strict';
import { Bench } from 'tinybench';

/** One result. `ratio` = value / baseline where both were measured in the same run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline: number | null;
  readonly ratio: number | null;
}

export interface RunOptions {
  /** A run of a second or so that shows that the benchmark works; its figures mean little. */
  readonly smoke: boolean;
}

export type Report = (row: Row) => void;

export function makeRow(name: string, unit: string, value: number, baseline?: number): Row {
  if (baseline === undefined) return { name, value, unit, baseline: null, ratio: null };
  return { name, value, unit, baseline, ratio: value / baseline };
}

/** Operations per second of a task that does `operations` each time it is called. */
export async function ratePerSecond(
  timeMs: number,
  operations: number,
  task: () => unknown,
): Promise<number> {
  const bench = new Bench({ time: timeMs, iterations: 3, warmupTime: timeMs / 4, throws: true });
  bench.add('task', task);
  await bench.run();
  const result = bench.tasks[0]?.result;
  assert.ok(result !== undefined && 'period' in result, 'the benchmark came to its end');
  return (operations * 1_000) / result.period;
}

/** The middle value: one disturbed round does not move it. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
