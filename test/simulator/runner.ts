import { runSchedule, simulationParts } from './load.js';
import { Report } from './report.js';
import type { ScheduleResult, SimulationParts } from './simulation.js';

// The simulator runs no promise of the product from within one of its own: each schedule is called
// by the event loop itself.
function inTurn<T>(act: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(act());
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}

export class Runner {
  readonly report = new Report();
  readonly seed: number;
  readonly #parts: SimulationParts;

  constructor(seed: number, parts: SimulationParts) {
    this.seed = seed;
    this.#parts = parts;
  }

  static async create(seed: number): Promise<Runner> {
    return new Runner(seed, await simulationParts());
  }

  /** @param acts how much clients and operators do at most, instead of what the seed says */
  async run(schedule: number, acts?: number): Promise<ScheduleResult> {
    const result = await inTurn(() => runSchedule(this.#parts, this.seed, schedule, acts));
    this.report.add(result);
    return result;
  }

  /** The first of so many schedules that breaks a promise, made as short as it goes. */
  async firstFailure(from: number, count: number): Promise<ScheduleResult | undefined> {
    for (let schedule = from; schedule < from + count; schedule++) {
      const result = await this.run(schedule);
      if (result.failure !== undefined) return this.shrink(result);
    }
    return undefined;
  }

  /** The same failure with as little as possible before it, and the stack that it came from. */
  async shrink(found: ScheduleResult): Promise<ScheduleResult> {
    const parts = { ...this.#parts, traces: true };
    const again = (acts?: number): Promise<ScheduleResult> =>
      inTurn(() => runSchedule(parts, this.seed, found.schedule, acts));
    for (let acts = 1; acts < ACTS_SHRUNK; acts++) {
      const result = await again(acts);
      if (result.failure !== undefined) return { ...result, acts };
    }
    const result = await again();
    return result.failure === undefined ? found : result;
  }
}

const ACTS_SHRUNK = 40;
