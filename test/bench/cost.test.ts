import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonServer } from '../../bench/harness/caxton.js';
import { makeContext } from '../../bench/harness/context.js';
import { makeResults } from '../../bench/harness/results.js';
import { makeRow, type Row } from '../../bench/harness/row.js';
import { canReadThreadTimes, ThreadClock } from '../../bench/harness/thread-times.js';
import {
  busyWork_us,
  costOfKilobyte,
  hasCosts,
  type Part,
  predict,
} from '../../bench/report/costs.js';
import { Figures } from '../../bench/report/figures.js';

const linux = { skip: !canReadThreadTimes() };

const figuresOf = (values: Readonly<Record<string, number>>): Figures => {
  const rows = Object.entries(values).map(([name, value]) =>
    makeRow({ name, unit: 'µs/message', better: 'lower', values: [value] }),
  );
  return new Figures(makeResults(rows, { smoke: false, failed: [], loadBefore: 0 }));
};

const costs = (prefix: string, of: Readonly<Record<Part, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(of).map(([part, value]) => [`${prefix}_${part}`, value]));

const FIGURES = figuresOf({
  ...costs('cost_rest_wait_100b', { main: 20, worker: 10, writer: 5, other: 1, client: 4 }),
  ...costs('cost_rest_wait_10kb', { main: 119, worker: 9, writer: 5, other: 1, client: 4 }),
  ...costs('cost_rest_wait_busy_100b', { main: 30, worker: 50, writer: 5, other: 1, client: 4 }),
});

test('a rate is predicted to end at what is used up first', () => {
  const rate = (workers: number, cores: number, work_us = 0): number =>
    predict(FIGURES, 'rest_wait', { workers, cores, client: false, work_us }).rate;
  assert.equal(rate(1, 8), 50_000, 'the main thread');
  assert.equal(rate(1, 8, 40), 20_000, 'one worker');
  assert.equal(rate(2, 8, 40), 40_000, 'two workers');
  assert.equal(rate(4, 8, 40), 50_000, 'the main thread again');
  assert.equal(rate(4, 1), 1e6 / 36, 'the cores');
});

test('a load generator on the same machine takes its share of the cores', () => {
  const at = { workers: 2, cores: 1 };
  assert.equal(predict(FIGURES, 'rest_wait', { ...at, client: true }).cores, 25_000);
});

test('what a kilobyte costs is the slope between two sizes, and never less than nothing', () => {
  assert.equal(costOfKilobyte(FIGURES, 'rest_wait', 'main'), 10);
  assert.equal(costOfKilobyte(FIGURES, 'rest_wait', 'worker'), 0);
  assert.equal(busyWork_us(FIGURES), 40);
  assert.ok(hasCosts(FIGURES));
  assert.ok(!hasCosts(figuresOf({})));
});

test('the threads of a server are told apart, and each has taken time', linux, async (t) => {
  const clock = new ThreadClock();
  const server = await CaxtonServer.start({ workers: 2, nodeFlags: clock.flags });
  t.after(() => server.stop());
  const times = clock.read(server.pid);
  for (const role of ['main', 'worker', 'writer', 'other'] as const) {
    assert.ok(times[role] > 0, role);
  }
  const later = clock.read(server.pid);
  assert.ok(later.main >= times.main);
});

test('the costs of messages have a row for each load and thread', linux, async () => {
  const rows: Row[] = [];
  const { run } = await import('../../bench/rows/cost.js');
  await run(makeContext(true, (measured) => rows.push(makeRow(measured))));
  const names = rows.map(({ name }) => name);
  for (const part of ['main', 'worker', 'writer', 'other', 'client']) {
    for (const load of ['rest_send', 'ws_batch', 'grpc_stream', 'rest_wait_busy']) {
      assert.ok(names.includes(`cost_${load}_100b_${part}`), `${load} ${part}`);
    }
  }
});
