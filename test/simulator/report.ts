import type { ScheduleResult } from './simulation.js';

/** What many schedules came to. */
export class Report {
  schedules = 0;
  steps = 0;
  /** Those of fewer than forty steps, which the start of a server alone nearly takes. */
  short = 0;
  readonly counts = new Map<string, number>();

  add(result: ScheduleResult): void {
    this.schedules += 1;
    this.steps += result.steps;
    if (result.steps < 40) this.short += 1;
    for (const [what, count] of result.counts) {
      this.counts.set(what, (this.counts.get(what) ?? 0) + count);
    }
  }

  count(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  toString(): string {
    const counts = [...this.counts].sort(([a], [b]) => a.localeCompare(b));
    const lines = counts.map(([what, count]) => `  ${what}: ${count}`);
    return [`${this.schedules} schedules, ${this.steps} steps:`, ...lines].join('\n');
  }
}

/** A schedule that broke a promise, with all that it takes to see it again. */
export function describeFailure(seed: number, result: ScheduleResult): string {
  const { schedule, steps, trace, failure, acts } = result;
  const shrunk = acts === undefined ? '' : ` --acts ${acts}`;
  return [
    `the last steps of seed ${seed}, schedule ${schedule}:`,
    ...trace,
    `broken after ${steps} steps: ${failure?.stack ?? failure}`,
    `repeat it: npm run sim -- --seed ${seed} --schedule ${schedule}${shrunk}`,
  ].join('\n');
}
