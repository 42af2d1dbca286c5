import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.js';
import { notesOn } from '../../../src/cli/bench/notes.js';
import type { BenchResult } from '../../../src/cli/bench/result.js';
import { settingsRecord } from '../../../src/cli/bench/text-report.js';

const RESULT: BenchResult = {
  ...{ started_at: '2026-01-01T00:00:00.000Z', interrupted: false, caxton: '1.0.0' },
  server: { url: 'http://127.0.0.1:8080/', version: '1.0.0', workers: 1 },
  machine: { processor: 'any', cores: 2, memory_bytes: 1, system: 'any', node: 'v20' },
  settings: {
    ...{ transport: 'rest', grpc: null, agents: ['echo'], wait: true, persist: false },
    ...{ performative: 'request', content_bytes: 100, connections: 1, in_flight: 1, threads: 1 },
    ...{ rate_per_second: 10, duration_ms: 1_000, count: null, warmup_ms: 0, timeout_ms: 1_000 },
  },
  elapsed_ms: 1_000,
  messages: {
    ...{ sent: 10, answered: 10, failed: 0, unsent: 0, warmup: 0 },
    ...{ answered_per_second: 10, content_bytes: 1_000 },
  },
  replies: { inform: 10 },
  ...{ errors: [], latency_us: null, histogram: [], percentiles: [], seconds: [], notes: [] },
  generator: { utilization: 0.1, late: 0 },
};

test('a load without anything to be told of has no notes', () => {
  assert.deepEqual(notesOn(RESULT), []);
});

test('notes speak of one message and of more', () => {
  const notesOf = (number: number): string =>
    notesOn({
      ...RESULT,
      messages: { ...RESULT.messages, unsent: number },
      replies: { failure: number },
      generator: { utilization: 0.1, late: number },
    }).join('\n');
  assert.match(notesOf(1), / 1 message was due .*\n.* sent 1 message late .*\n1 reply was failure/);
  assert.match(
    notesOf(2),
    / 2 messages were due .*\n.* sent 2 messages late .*\n2 replies were failure/,
  );
});

test('the time of a load names what ends it', () => {
  const timeOf = (change: Partial<BenchResult['settings']>): string =>
    settingsRecord({ ...RESULT, settings: { ...RESULT.settings, ...change } }).time;
  assert.equal(timeOf({ warmup_ms: 500 }), '1 s, after 0.50 s of warm-up');
  assert.equal(timeOf({ count: 100 }), 'until 100 messages or for 1 s, without warm-up');
  const alone = { count: 1, duration_ms: LIMITS.bench_duration_max_ms };
  assert.equal(timeOf(alone), 'until 1 message, without warm-up');
});
