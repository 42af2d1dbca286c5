import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { LatencyHistogram } from '../../src/metrics/latency-histogram.js';
import { BOUNCE_NO_AGENT, BOUNCE_THROTTLED, LOG_ERROR, OUTCOME_OK } from '../../src/wire/frames.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { type HarnessOptions, WorkerHarness } from '../support/worker-harness.js';

async function withWorker(
  run: (worker: WorkerHarness) => Promise<void>,
  options: HarnessOptions = {},
): Promise<void> {
  const worker = new WorkerHarness(options);
  try {
    await run(worker);
  } finally {
    await worker.close();
  }
}

function mirror(): string {
  const guest = new GuestBuilder();
  return guest.build(`(call ${guest.use('send_message')} (local.get $ptr) (local.get $len))`);
}

/** Turns a loop so often for each message. */
function busy(turns: number): string {
  return new GuestBuilder().build(`
    (local $left i32)
    (local.set $left (i32.const ${turns}))
    (loop $next
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $next (local.get $left)))
    (i32.const 0)`);
}

function contentsOf(worker: WorkerHarness): unknown[] {
  return worker.replies.flatMap((reply) => (reply.kind === 'send' ? [reply.message.content] : []));
}

function doneCount(worker: WorkerHarness): number {
  return worker.replies.filter((reply) => reply.kind === 'done').length;
}

test('frames are handled in the order in which they came, for all agents of the worker', () =>
  withWorker(async (worker) => {
    const slots = [await worker.install(mirror()), await worker.install(mirror())];
    const count = 2_000;
    for (let i = 0; i < count; i++) worker.send(slots[i % 2]!, { content: i });
    await worker.until(() => doneCount(worker) === count);
    assert.deepEqual(
      contentsOf(worker),
      Array.from({ length: count }, (_, i) => i),
    );
    // The frames of one message lie together, with DONE as the last.
    const kinds = worker.replies.map((reply) => reply.kind);
    assert.deepEqual(kinds.slice(0, 4), ['send', 'done', 'send', 'done']);
    // Answered behind the last frame's end, which is noted after it is published.
    await worker.report();
    assert.equal(worker.status.sequenceInHand, 0);
    assert.equal(worker.status.lastFinished, count);
  }));

test('a frame for a slot without an agent comes back as it was', () =>
  withWorker(async (worker) => {
    const bounce = await worker.bounced(worker.send(99, { content: 'nobody' }));
    assert.equal(bounce.reason, BOUNCE_NO_AGENT);
    assert.ok(bounce.frame.includes('nobody'));
  }));

test('control verbs are obeyed between frames while the ring is full of work', () =>
  withWorker(async (worker) => {
    const slot = await worker.install(busy(200_000));
    const count = 400;
    for (let i = 0; i < count; i++) worker.send(slot, {});
    await worker.install(mirror());
    assert.ok(doneCount(worker) < count, 'the installation waited for all frames');
    await worker.until(() => doneCount(worker) === count);
  }));

test('a worker that sleeps wakes for a verb and for a frame', () =>
  withWorker(async (worker) => {
    const slot = await worker.install(mirror());
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await worker.report();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal((await worker.handle(slot, { content: round })).done.outcome, OUTCOME_OK);
    }
  }));

test('a reply ring without room makes the worker wait, and nothing is lost or reordered', () =>
  withWorker(
    async (worker) => {
      const slot = await worker.install(mirror());
      worker.hold();
      const count = 60;
      const content = (i: number): string => `${i} ${'x'.repeat(4_000)}`;
      // More than the reply ring holds, but no more than fits the request ring at once.
      const sequences: number[] = [];
      for (let i = 0; i < count; i++) {
        if (i % 12 === 11) await new Promise((resolve) => setTimeout(resolve, 20));
        try {
          sequences.push(worker.send(slot, { content: content(i) }));
        } catch {
          break;
        }
      }
      assert.ok(sequences.length > 15, `${sequences.length} frames went in`);
      worker.resume();
      await worker.until(() => doneCount(worker) === sequences.length);
      assert.deepEqual(
        contentsOf(worker),
        sequences.map((_, i) => content(i)),
      );
    },
    { ringBytes: 64 * 1024, contentBytes: 16 * 1024 },
  ));

test('in a small ring the effects of one message are bounded so that they fit', () =>
  withWorker(
    async (worker) => {
      const guest = new GuestBuilder();
      const send = guest.use('send_message');
      const message = guest.json({
        performative: 'inform',
        receiver: 'x',
        content: 'y'.repeat(500),
      });
      const slot = await worker.install(
        guest.build(`
          (loop $next (br_if $next (i32.eqz (call ${send} ${message}))))
          (i32.const 0)`),
      );
      for (let round = 0; round < 20; round++) {
        const { done, effects } = await worker.handle(slot, {});
        assert.equal(done.outcome, OUTCOME_OK);
        assert.ok(effects.length > 10 && effects.length < 50, `${effects.length} effects`);
      }
    },
    { ringBytes: 64 * 1024, contentBytes: 16 * 1024 },
  ));

test('messages of the largest content pass through a ring of the usual size one after another', () =>
  withWorker(async (worker) => {
    const slot = await worker.install(mirror());
    for (let i = 0; i < 12; i++) {
      const content = `${i}${'é'.repeat((LIMITS.content_bytes - 16) / 2)}`;
      const { done, effects } = await worker.handle(slot, { content });
      assert.equal(done.outcome, OUTCOME_OK);
      assert.ok(effects[0]?.kind === 'send' && effects[0].message.content === content);
    }
  }));

test('log lines of one message are bounded, and the last says so', () =>
  withWorker(async (worker) => {
    const guest = new GuestBuilder();
    const log = guest.use('console_log');
    const slot = await worker.install(
      guest.build(`
        (local $left i32)
        (local.set $left (i32.const 200))
        (loop $next
          (call ${log} (i32.const 0) (i32.const 5000))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br_if $next (local.get $left)))
        (i32.const 0)`),
    );
    for (let round = 0; round < 2; round++) {
      const { effects } = await worker.handle(slot, {});
      const lines = effects.flatMap((effect) => (effect.kind === 'log' ? [effect] : []));
      const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line.text), 0);
      assert.ok(bytes <= LIMITS.log_bytes_per_message && bytes > LIMITS.log_bytes_per_message / 2);
      assert.equal(lines[0]?.text.length, LIMITS.log_line_bytes);
      assert.equal(lines.at(-1)?.level, LOG_ERROR);
      assert.match(lines.at(-1)!.text, /further log lines were dropped/);
    }
  }));

test('a cut log line ends with a whole character', () =>
  withWorker(async (worker) => {
    const guest = new GuestBuilder();
    const text = guest.text(`x${'€'.repeat(2_000)}`);
    const slot = await worker.install(
      guest.build(`(call ${guest.use('console_log')} ${text}) (i32.const 0)`),
    );
    const [line] = (await worker.handle(slot, {})).effects;
    assert.ok(line?.kind === 'log');
    assert.equal(line.text, `x${'€'.repeat(1_365)}`);
  }));

test('an agent over its share of a core is paused, its neighbour is not', () =>
  withWorker(async (worker) => {
    // A thousandth of a core is 1 ms in a second: one message takes far more.
    const greedy = await worker.install(busy(3_000_000), {
      cpuShare: { millis: 1, account: new BigInt64Array(new SharedArrayBuffer(8)) },
      fuelPerMessage: 100_000_000,
    });
    const neighbour = await worker.install(mirror());
    const first = worker.send(greedy, {});
    const second = worker.send(greedy, { content: 'later' });
    const other = worker.send(neighbour, {});
    const { done } = await worker.handled(first);
    assert.equal(done.outcome, OUTCOME_OK);
    assert.ok(done.pauseMs > 0);
    const bounce = await worker.bounced(second);
    assert.equal(bounce.reason, BOUNCE_THROTTLED);
    assert.ok(bounce.resumeMs > 0 && bounce.resumeMs <= done.pauseMs);
    assert.ok(bounce.frame.includes('later'));
    assert.equal((await worker.handled(other)).done.pauseMs, 0);
  }));

test('an instance waits for what another of its agent did', () =>
  withWorker(async (worker) => {
    const cpuShare = { millis: 1, account: new BigInt64Array(new SharedArrayBuffer(8)) };
    const greedy = await worker.install(busy(3_000_000), {
      cpuShare,
      fuelPerMessage: 100_000_000,
    });
    const other = await worker.install(mirror(), { cpuShare });
    const first = worker.send(greedy, {});
    const second = worker.send(other, {});
    await worker.handled(first);
    assert.equal((await worker.bounced(second)).reason, BOUNCE_THROTTLED);
  }));

test('reports hold the times of what was handled since the last one', () =>
  withWorker(async (worker) => {
    const slot = await worker.install(mirror());
    for (let i = 0; i < 10; i++) await worker.handle(slot, {});
    const report = await worker.report();
    const count = (encoded: Uint8Array): number => {
      const histogram = new LatencyHistogram();
      histogram.add(encoded);
      return histogram.count;
    };
    assert.equal(count(report.queueWait), 10);
    assert.equal(count(report.handling), 10);
    assert.equal(count(report.endToEnd), 10);
    assert.equal(count((await worker.report()).endToEnd), 0);
  }));

test('while a frame is in hand the status block names it', () =>
  withWorker(
    async (worker) => {
      const slot = await worker.install(mirror());
      worker.hold();
      // The reply ring fills up, and the worker stands still with a frame in hand.
      const { status } = worker;
      const send = (): number => worker.send(slot, { content: 'x'.repeat(6_000) });
      for (let i = 0; i < 8; i++) send();
      while (status.lastFinished < 8) await new Promise((resolve) => setImmediate(resolve));
      for (let i = 0; i < 4; i++) send();
      for (let seen = -1; seen !== status.sequenceInHand || seen === 0; ) {
        seen = status.sequenceInHand;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.equal(status.sequenceInHand, status.lastFinished + 1);
      assert.equal(status.slotInHand, slot);
      worker.resume();
      await worker.until(() => doneCount(worker) === 12);
      // The worker notes the end behind publishing it, and answers a verb behind both.
      await worker.report();
      assert.equal(status.lastFinished, 12);
    },
    { ringBytes: 64 * 1024, contentBytes: 16 * 1024 },
  ));
