import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { monotonicMs } from '../../base/clock.js';
import { LIMITS } from '../../base/limits.js';
import { connectionFailure, type Lane } from './connection-lane.js';
import { Load } from './load.js';
import { laneMaker } from './open-lane.js';
import { Schedule } from './schedule.js';
import type { ThreadInput } from './settings.js';
import type { FromThread, ToThread } from './thread-frames.js';

/* A thread of `caxton bench`: some connections, and the load on them. */

/** Beyond the time that the server waits, so that its own answer comes first. */
const ANSWER_MARGIN_MS = 1_000;

const input = workerData as ThreadInput;
const { settings, receivers } = input;
const port = parentPort as NonNullable<typeof parentPort>;
const tell = (frame: FromThread): void => port.postMessage(frame);

let lanes: readonly Lane[] = [];
let load: Load | undefined;
let before: EventLoopUtilization | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
/** The second that was not told of yet. */
let second = 0;

function begin({ begin_ms, measure_ms, end_ms }: ToThread & { type: 'begin' }): void {
  const { rate, inFlight, threads } = settings.load;
  const schedule =
    rate === undefined ? undefined : new Schedule(begin_ms, rate, input.index, threads);
  const margin_ms = settings.message.wait ? ANSWER_MARGIN_MS : 0;
  load = new Load(
    {
      ...{ lanes, inFlight, schedule, begin_ms, measure_ms, end_ms },
      receivers: receivers.length,
      count: input.count,
      giveUp_ms: settings.message.timeout_ms + margin_ms,
    },
    input.index,
  );
  load.run().then(() => done(load as Load));
  timer = setTimeout(() => {
    before = performance.eventLoopUtilization();
    tellSeconds(load as Load, measure_ms);
  }, measure_ms - monotonicMs());
}

function tellSeconds(running: Load, measure_ms: number): void {
  timer = setTimeout(
    () => {
      const { tally, inFlight } = running;
      tell({ type: 'second', second, tally: tally.toPlain(), inFlight });
      tally.reset();
      second += 1;
      tellSeconds(running, measure_ms);
    },
    measure_ms + (second + 1) * 1_000 - monotonicMs(),
  );
}

function done({ tally, sent, warmed, unsent, late }: Load): void {
  clearTimeout(timer);
  const { utilization } = performance.eventLoopUtilization(before);
  const counts = { second, sent, warmed, unsent, late };
  tell({ type: 'done', tally: tally.toPlain(), ...counts, utilization, ended_ms: monotonicMs() });
  for (const lane of lanes) lane.close();
  port.close();
}

port.on('message', (frame: ToThread) => {
  if (frame.type === 'begin') begin(frame);
  else load?.stop(LIMITS.bench_stop_ms);
});

try {
  const make = await laneMaker(settings, receivers);
  lanes = Array.from({ length: input.connections }, make);
  await Promise.all(lanes.map((lane) => lane.open()));
  tell({ type: 'ready' });
} catch (error) {
  for (const lane of lanes) lane.close();
  tell({ type: 'refused', failure: connectionFailure(error) });
  port.close();
}
