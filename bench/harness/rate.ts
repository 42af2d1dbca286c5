import assert from 'node:assert/strict';
import { Bench } from 'tinybench';

/** Operations per second of a task that does `operations` each time it is called, in this process. */
export async function ratePerSecond(
  seconds: number,
  operations: number,
  task: () => unknown,
): Promise<number> {
  const time = seconds * 1_000;
  const bench = new Bench({ time, iterations: 3, warmupTime: time / 4, throws: true });
  bench.add('task', task);
  await bench.run();
  const result = bench.tasks[0]?.result;
  assert.ok(result !== undefined && 'period' in result, 'the benchmark came to its end');
  return (operations * 1_000) / result.period;
}

/** What one call takes, in microseconds. */
export async function microseconds(seconds: number, task: () => unknown): Promise<number> {
  return 1e6 / (await ratePerSecond(seconds, 1, task));
}
