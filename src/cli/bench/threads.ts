import { Worker } from 'node:worker_threads';
import { monotonicMs } from '../../base/clock.js';
import { ApiError, UnreachableError } from '../failures.js';
import { type Failure, LOCAL_CODES } from './connection-lane.js';
import type { Measurement } from './measurement.js';
import type { BenchSettings, ThreadInput } from './settings.js';
import type { Done, FromThread, ToThread } from './thread-frames.js';

/** So that all threads have heard of the beginning when it comes. */
const HEAD_START_MS = 20;

/** The threads that make a load. */
export class LoadThreads {
  readonly #settings: BenchSettings;
  readonly #workers: readonly Worker[];

  constructor(settings: BenchSettings, receivers: readonly string[]) {
    this.#settings = settings;
    this.#workers = threadInputs(settings, receivers).map(
      (workerData) =>
        new Worker(new URL('./thread.js', import.meta.url), { workerData, name: 'bench' }),
    );
  }

  /**
   * Resolves when all connections are there.
   * @throws ApiError, UnreachableError, or the reason of the signal
   */
  async open(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    // It may be rejected when nobody looks any more.
    aborted.catch(() => undefined);
    const ready = this.#workers.map((worker) => frameOf(worker, 'ready'));
    await Promise.race([Promise.all(ready), aborted]);
  }

  /**
   * Makes the load, until its end or until the signal is aborted.
   * @returns when it began to count, on the clock of `monotonicMs`
   */
  async run(measurement: Measurement, signal: AbortSignal): Promise<number> {
    const { warmup_ms, duration_ms } = this.#settings.load;
    const begin_ms = monotonicMs() + HEAD_START_MS;
    const measure_ms = begin_ms + warmup_ms;
    const ends = this.#workers.map(async (worker) => {
      worker.on('message', (frame: FromThread) => {
        if (frame.type === 'second') measurement.second(frame);
      });
      measurement.done((await frameOf(worker, 'done')) as Done);
    });
    this.#tell({ type: 'begin', begin_ms, measure_ms, end_ms: measure_ms + duration_ms });
    const stop = (): void => this.#tell({ type: 'stop' });
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
    await Promise.all(ends);
    measurement.finish(measure_ms);
    return measure_ms;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #tell(frame: ToThread): void {
    for (const worker of this.#workers) worker.postMessage(frame);
  }
}

/** The connections and messages, shared out among the threads as evenly as can be. */
export function threadInputs(
  settings: BenchSettings,
  receivers: readonly string[],
): readonly ThreadInput[] {
  const { threads, connections, count } = settings.load;
  const share = (whole: number, index: number): number =>
    Math.floor((whole * (index + 1)) / threads) - Math.floor((whole * index) / threads);
  return Array.from({ length: threads }, (_, index) => ({
    ...{ settings, receivers, index },
    connections: share(connections, index),
    count: count === undefined ? undefined : share(count, index),
  }));
}

/** The first frame of a type. */
function frameOf(worker: Worker, type: FromThread['type']): Promise<FromThread> {
  return new Promise((resolve, reject) => {
    worker.on('message', (frame: FromThread) => {
      if (frame.type === type) resolve(frame);
      else if (frame.type === 'refused') reject(errorOf(frame.failure));
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`A thread ended with the code ${code}.`)));
  });
}

/** A failure as the command line tells it. */
export function errorOf({ code, message, details = {} }: Failure): Error {
  const isServers = code !== LOCAL_CODES.unreachable && code !== LOCAL_CODES.strange;
  return isServers ? new ApiError({ code, message, details }) : new UnreachableError(message);
}
