import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { monotonicMs } from '../../src/base/clock.js';
import { LatencyCounts } from '../../src/metrics/latency-counts.js';
import { AgentActivity } from '../../src/runtime/agent-activity.js';
import { AgentFigures } from '../../src/runtime/agent-figures.js';
import type { AgentTotals } from '../../src/runtime/agent-window.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

class Watched {
  readonly agent = { memoryBytes: 65_536, instanceCount: 1, discarded: false };
  readonly activity: AgentActivity;
  readonly figures: AgentFigures;
  nowMs = monotonicMs();

  constructor(activity = new AgentActivity()) {
    this.activity = activity;
    this.figures = new AgentFigures(this.agent, activity);
    activity.sample(this.nowMs);
  }

  sampleAfter(ms: number): void {
    this.nowMs += ms;
    this.activity.sample(this.nowMs);
  }

  totals(periodMs = HOUR_MS): AgentTotals {
    return this.figures.totals(this.nowMs, periodMs);
  }
}

function latenciesOf({ latencies }: AgentTotals): LatencyCounts {
  const counts = new LatencyCounts();
  if (latencies !== undefined) counts.add(latencies);
  return counts;
}

test('what a message took is added up, and the last fuel and the most memory are kept', () => {
  const { figures } = new Watched();
  figures.memory(131_072);
  figures.handled(true, 100, 1_000, 1_000);
  figures.memory(65_536);
  figures.handled(false, 50, 90, 400);
  figures.handled(true, 10, 20, 20);
  assert.equal(figures.processed, 2);
  assert.equal(figures.failed, 1);
  assert.equal(figures.handlingTotalUs, 160);
  assert.equal(figures.latencyTotalUs, 1_110);
  assert.equal(figures.fuelTotal, 1_420);
  assert.equal(figures.lastFuel, 20);
  assert.equal(figures.memoryPeakBytes, 131_072);
});

test('a sample tells what was done since the one before', () => {
  const watched = new Watched();
  const { figures } = watched;
  figures.handled(true, 250_000, 300_000, 1);
  watched.sampleAfter(1_000);
  assert.ok(Math.abs(figures.cpuUsage - 0.25) < 1e-6);
  figures.handled(true, 100_000, 400_000, 1);
  figures.handled(false, 0, 0, 1);
  watched.sampleAfter(1_000);
  assert.ok(Math.abs(figures.cpuUsage - 0.1) < 1e-6);
  assert.ok(Math.abs(figures.cpuPeak - 0.25) < 1e-6);
  const totals = watched.totals();
  assert.equal(totals.processed, 2);
  assert.equal(totals.failed, 1);
  assert.equal(totals.handlingUs, 350_000);
  assert.equal(totals.latencyUs, 700_000);
  assert.equal(totals.samples, 2);
});

test('a share never exceeds the cores that instances can use, and an idle second has none', () => {
  const watched = new Watched();
  const { figures, agent } = watched;
  figures.handled(true, 5_000_000, 1, 1);
  watched.sampleAfter(1_000);
  assert.equal(figures.cpuUsage, 1);
  agent.instanceCount = 3;
  figures.handled(true, 5_000_000, 1, 1);
  watched.sampleAfter(1_000);
  assert.equal(figures.cpuUsage, 3);
  watched.sampleAfter(1_000);
  assert.equal(figures.cpuUsage, 0);
});

test('looking at figures changes none of them', () => {
  const looked = new Watched();
  const left = new Watched();
  for (let second = 0; second < 30; second++) {
    for (const { figures } of [looked, left]) {
      figures.handled(second % 3 > 0, 20_000 * second, 30_000 * second, 1);
    }
    for (const period of [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS]) {
      const once = looked.totals(period);
      assert.deepEqual(looked.totals(period), once);
    }
    for (const watched of [looked, left]) watched.sampleAfter(1_000);
  }
  const { latencies: seen, ...figures } = looked.totals();
  const { latencies: unseen, ...expected } = left.totals();
  assert.deepEqual(seen, unseen);
  assert.ok(Math.abs(figures.cpuPeak - expected.cpuPeak) < 1e-6);
  assert.deepEqual({ ...figures, cpuPeak: 0 }, { ...expected, cpuPeak: 0 });
});

test('what was done since the last sample is shown at once', () => {
  const watched = new Watched();
  watched.figures.handled(true, 10, 25, 1);
  assert.equal(watched.totals().processed, 1);
  assert.equal(latenciesOf(watched.totals()).percentileUs(50), 25);
});

const seconds = fc.array(
  fc.record({
    stepMs: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 900, max: 1_400 }) },
      { weight: 1, arbitrary: fc.nat(20 * MINUTE_MS) },
      { weight: 1, arbitrary: fc.nat(3 * HOUR_MS) },
    ),
    latencies: fc.array(fc.nat(127), { maxLength: 4 }),
  }),
  { maxLength: 200 },
);

test('every message and its latency counts once in a day, whatever the pauses', () => {
  fc.assert(
    fc.property(seconds, (steps) => {
      const watched = new Watched();
      const startMs = watched.nowMs;
      const handled: { atMs: number; us: number }[] = [];
      for (const { stepMs, latencies } of steps) {
        if (watched.nowMs - startMs > 22 * HOUR_MS) break;
        for (const us of latencies) {
          watched.figures.handled(true, 1, us, 1);
          handled.push({ atMs: watched.nowMs, us });
        }
        const totals = watched.totals(24 * HOUR_MS);
        assert.equal(totals.processed, handled.length);
        assert.equal(latenciesOf(totals).count, handled.length);
        watched.sampleAfter(stepMs);
        // However it is cut into buckets, messages and latencies are cut alike.
        for (const period of [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS]) {
          const some = watched.totals(period);
          assert.equal(latenciesOf(some).count, some.processed);
          const least = handled.filter(({ atMs }) => atMs > watched.nowMs - period).length;
          assert.ok(some.processed >= least, `${some.processed} of ${least}`);
        }
      }
      const whole = latenciesOf(watched.totals(24 * HOUR_MS));
      const sorted = handled.map(({ us }) => us).sort((a, b) => a - b);
      const median = sorted[Math.max(0, Math.ceil(sorted.length / 2) - 1)] ?? 0;
      assert.equal(whole.percentileUs(50), median);
    }),
    { numRuns: 60 },
  );
});

test('a message that nobody could finish counts as failed', () => {
  const watched = new Watched();
  watched.figures.lost();
  watched.figures.error('MESSAGE_DELIVERY_FAILED', 'Worker 0 died');
  watched.sampleAfter(1_000);
  assert.equal(watched.totals().failed, 1);
  assert.equal(watched.figures.errors(monotonicMs(), HOUR_MS)[0]?.count, 1);
});

test('within any period there are as many errors as failures, however these are spread', () => {
  const steps = fc.array(
    fc.record({
      failures: fc.array(fc.constantFrom('fuel', 'time', 'trap'), { maxLength: 4 }),
      pauseMs: fc.integer({ min: 900, max: 400_000 }),
    }),
    { maxLength: 60 },
  );
  const periods = [MINUTE_MS, 5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS];
  fc.assert(
    fc.property(steps, (taken) => {
      const watched = new Watched();
      const { figures } = watched;
      const agree = (): void => {
        for (const periodMs of periods) {
          const errors = figures.errors(watched.nowMs, periodMs);
          const count = errors.reduce((sum, error) => sum + error.count, 0);
          assert.equal(count, watched.totals(periodMs).failed);
        }
      };
      for (const { failures, pauseMs } of taken) {
        for (const text of failures) {
          figures.handled(false, 10, 10, 1);
          figures.error('INTERNAL_ERROR', text);
        }
        agree();
        watched.sampleAfter(1_000);
        agree();
        watched.sampleAfter(pauseMs);
        agree();
      }
    }),
    { numRuns: 50 },
  );
});
