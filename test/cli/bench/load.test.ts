import assert from 'node:assert/strict';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { monotonicMs } from '../../../src/base/clock.js';
import { Load, type LoadOptions } from '../../../src/cli/bench/load.js';
import { RestLane } from '../../../src/cli/bench/rest-lane.js';
import { Schedule } from '../../../src/cli/bench/schedule.js';
import type { BenchSettings } from '../../../src/cli/bench/settings.js';
import type { Tally } from '../../../src/cli/bench/tally.js';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** A server whose answers a test gives. */
async function serverThat(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const accept = (response: ServerResponse): void => void response.end('{"status":"delivered"}');

async function runLoad(url: string, change: Partial<LoadOptions>, stopped?: Promise<unknown>) {
  const settings: BenchSettings = {
    server: { url, token: undefined, ca: undefined },
    grpc: '',
    transport: 'rest',
    message: {
      performative: 'inform',
      content: { value: 1 },
      ...{ wait: false, persist: false, timeout_ms: 60_000 },
    },
    load: {
      ...{ connections: 1, inFlight: 1, threads: 1 },
      ...{ rate: undefined, duration_ms: 0, warmup_ms: 0, count: undefined },
    },
  };
  const lane = new RestLane(settings, ['echo']);
  const begin_ms = monotonicMs();
  const load = new Load({
    ...{ lanes: [lane], inFlight: 1, receivers: 1, schedule: undefined, count: undefined },
    ...{ begin_ms, measure_ms: begin_ms, end_ms: begin_ms + 60_000, giveUp_ms: 60_000 },
    ...change,
  });
  stopped?.then(() => load.stop(0));
  try {
    await load.run();
  } finally {
    lane.close();
  }
  return load;
}

const longerThan = ({ latencies }: Tally, us: number): number => {
  const percent = Array.from({ length: 101 }, (_, p) => latencies.getValueAtPercentile(p));
  return percent.filter((value) => value >= us).length / 100;
};

test('what a stalled server holds back counts as slow, not only the message that stalled', async () => {
  let isFirst = true;
  const url = await serverThat((response) => {
    if (!isFirst) return accept(response);
    isFirst = false;
    void setTimeout(1_000).then(() => accept(response));
  });
  // 100 messages are due while the first is under way, on the only connection.
  const schedule = new Schedule(monotonicMs(), 100);
  const { tally, sent } = await runLoad(url, { schedule, count: 101 });
  assert.equal(sent, 101);
  assert.equal(tally.answered, 101);
  assert.ok(longerThan(tally, 400_000) > 0.5, 'more than half of them waited for 0.4 s');
});

test('without a schedule the same stall is one slow message', async () => {
  let isFirst = true;
  const url = await serverThat((response) => {
    if (!isFirst) return accept(response);
    isFirst = false;
    void setTimeout(1_000).then(() => accept(response));
  });
  const { tally } = await runLoad(url, { count: 101 });
  assert.equal(tally.answered, 101);
  assert.ok(tally.latencies.maxValue >= 990_000);
  assert.ok(longerThan(tally, 990_000) < 0.1);
});

test('what was due and found no free place is told', async () => {
  const held: ServerResponse[] = [];
  const url = await serverThat((response) => held.push(response));
  const begin_ms = monotonicMs();
  const end_ms = begin_ms + 300;
  void setTimeout(400).then(() => held.forEach(accept));
  const schedule = new Schedule(begin_ms, 100);
  const load = await runLoad(url, { schedule, begin_ms, measure_ms: begin_ms, end_ms });
  assert.equal(load.sent + load.unsent, 30);
  assert.equal(load.sent, 1);
});

test('what a warm-up could not send takes no time from what counts', async () => {
  const held: ServerResponse[] = [];
  let isHeld = true;
  const url = await serverThat((response) => {
    if (isHeld) held.push(response);
    else accept(response);
  });
  const begin_ms = monotonicMs();
  const measure_ms = begin_ms + 200;
  void setTimeout(300).then(() => {
    isHeld = false;
    held.forEach(accept);
  });
  // The one message that waits in the warm-up keeps back 199 others.
  const schedule = new Schedule(begin_ms, 1_000);
  const times = { begin_ms, measure_ms, end_ms: measure_ms + 400 };
  const load = await runLoad(url, { schedule, ...times });
  assert.equal(load.warmed, 1);
  assert.equal(load.sent + load.unsent, 400);
  assert.ok(load.tally.answered > 0);
  assert.equal(load.tally.answered, load.sent);
});

test('messages that a schedule has in the warm-up and after it are counted to the border', async () => {
  const url = await serverThat(accept);
  const begin_ms = monotonicMs();
  const measure_ms = begin_ms + 200;
  const schedule = new Schedule(begin_ms, 100);
  const load = await runLoad(url, { schedule, begin_ms, measure_ms, end_ms: measure_ms + 300 });
  assert.equal(load.sent + load.unsent, 30);
  assert.ok(load.warmed <= 20);
});

test('what is sent before it begins to count is not counted', async () => {
  const url = await serverThat(accept);
  const begin_ms = monotonicMs();
  const load = await runLoad(url, { measure_ms: begin_ms + 200, count: 10 });
  assert.ok(load.warmed > 0);
  assert.equal(load.sent, 10);
  assert.equal(load.tally.answered, 10);
});

test('a message that is not answered fails in the end, and its place is used again', async () => {
  let requests = 0;
  const url = await serverThat((response) => {
    requests += 1;
    if (requests > 1) accept(response);
  });
  const { tally } = await runLoad(url, { count: 3, giveUp_ms: 100 });
  assert.equal(tally.answered, 2);
  assert.equal(tally.errors.get('NO_ANSWER')?.count, 1);
});

test('a load that is stopped gives up what is under way', async () => {
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const url = await serverThat(() => arrive());
  const { tally, sent } = await runLoad(url, {}, arrived);
  assert.equal(sent, 1);
  assert.equal(tally.errors.get('NO_ANSWER')?.count, 1);
});

test('what is no answer of the server, and a lost connection, are errors of their own', async () => {
  const strange = await serverThat((response) => void response.end('<html>'));
  const { tally } = await runLoad(strange, { count: 2 });
  assert.equal(tally.errors.get('INVALID_ANSWER')?.count, 2);
  const hangsUp = await serverThat((response) => void response.destroy());
  const lost = await runLoad(hangsUp, { count: 2 });
  assert.equal(lost.tally.errors.get('UNREACHABLE')?.count, 2);
});
