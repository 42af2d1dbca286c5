import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { createLogger } from '../../src/base/log.js';
import type { Leftovers } from '../../src/pool/leftovers.js';
import type { WorkerChannel } from '../../src/pool/worker-channel.js';
import { WorkerPool } from '../../src/pool/worker-pool.js';
import { HEAD, TAIL } from '../../src/ring/layout.js';
import { prepareAgentModule } from '../../src/wasm/prepare.js';
import type { AgentInstall } from '../../src/wire/control.js';
import { BOUNCE_NO_AGENT, FRAME_BOUNCE, FRAME_HEADER_BYTES } from '../../src/wire/frames.js';
import { AgentThreads } from '../support/agent-threads.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';

/** Frames to slots without an agent come back at once: enough to see what the pool does. */
describe('a pool of workers', () => {
  let pool: WorkerPool;
  let threads: AgentThreads;
  let frames: Array<{ channel: WorkerChannel; kind: number; reason: number; slot: number }>;
  let deaths: Array<{ channel: WorkerChannel; leftovers: Leftovers }>;
  let replaced: WorkerChannel[];
  let ready: boolean;

  beforeEach(async () => {
    frames = [];
    deaths = [];
    replaced = [];
    ready = true;
    threads = new AgentThreads();
    const options = {
      workers: 2,
      ringBytes: 1024 * 1024,
      contentBytes: 100_000,
      logger: createLogger({ level: 'silent' }),
    };
    pool = new WorkerPool(options, {
      ready: () => ready,
      frame: (channel, source, offset) =>
        frames.push({
          channel,
          kind: source[offset] as number,
          reason: source[offset + 1] as number,
          slot: source.readUInt32LE(offset + 4),
        }),
      workerDied: (channel, leftovers) => deaths.push({ channel, leftovers }),
      workerReplaced: (channel) => replaced.push(channel),
    });
    await pool.start();
  });
  afterEach(async () => {
    await pool.close();
    threads.close();
  });

  const deliver = (channel: WorkerChannel, slot: number, text: string): boolean => {
    const body = Buffer.from(text);
    return channel.deliver(slot, body, 0, body.length, 0);
  };

  it('takes frames there and brings back what comes of them, in order', async () => {
    const [first, second] = pool.channels as [WorkerChannel, WorkerChannel];
    for (let slot = 1; slot <= 500; slot++) {
      assert.ok(deliver(first, slot, 'x'));
      assert.ok(deliver(second, slot, 'y'));
    }
    assert.equal(first.inFlight, 500);
    pool.expectReplies();
    await eventually('all came back', () => frames.length === 1_000);
    for (const channel of [first, second]) {
      const own = frames.filter((frame) => frame.channel === channel);
      assert.deepEqual(
        own.map((frame) => frame.slot),
        Array.from({ length: 500 }, (_, i) => i + 1),
      );
      assert.ok(own.every((one) => one.kind === FRAME_BOUNCE && one.reason === BOUNCE_NO_AGENT));
      assert.equal(channel.inFlight, 0);
    }
  });

  it('is woken by frames that come while it sleeps', async () => {
    const [first] = pool.channels as [WorkerChannel, WorkerChannel];
    for (let round = 1; round <= 20; round++) {
      deliver(first, round, 'x');
      pool.expectReplies();
      await eventually('it came back', () => frames.length === round);
      await sleep(round % 5);
    }
  });

  it('leaves frames in the ring while the receiver has no room, and refuses more than fits', async () => {
    const [first] = pool.channels as [WorkerChannel, WorkerChannel];
    ready = false;
    const large = 'x'.repeat(50_000);
    let handed = 0;
    while (handed < 1_000 && deliver(first, ++handed, large));
    assert.ok(handed < 100, 'a full ring takes no more');
    pool.expectReplies();
    await sleep(50);
    assert.equal(frames.length, 0);
    ready = true;
    await eventually('all came', () => frames.length === handed - 1);
  });

  it('replaces a thread that ends, and gives back what it had not handled', async () => {
    const [first, second] = pool.channels as [WorkerChannel, WorkerChannel];
    const [thread] = threads.all;
    await thread?.terminate();
    const { channel } = await eventually('a death', () => deaths[0]);
    assert.ok(channel.dead);
    assert.equal(deliver(channel, 1, 'x'), false);
    await assert.rejects(channel.report(), { code: 'UNAVAILABLE' });
    const successor = await eventually('a successor', () => replaced[0]);
    assert.equal(successor.index, channel.index);
    assert.equal(successor.generation, channel.generation + 1);
    assert.equal(pool.channels[channel.index], successor);
    const other = channel === first ? second : first;
    assert.equal(pool.channels[other.index], other);
    deliver(successor, 7, 'x');
    pool.expectReplies();
    await eventually('the successor works', () => frames.some((frame) => frame.slot === 7));
  });

  it('replaces a worker whose rings hold what cannot be, and hands on nothing of it', async () => {
    for (const ring of ['replyRing', 'requestRing'] as const) {
      const [first] = pool.channels as [WorkerChannel, WorkerChannel];
      const words = new Int32Array(first[ring]);
      const others = ring === 'replyRing' ? TAIL : HEAD;
      deaths.length = 0;
      replaced.length = 0;
      frames.length = 0;
      Atomics.store(words, others, Atomics.load(words, others) + 64);
      deliver(first, 1, 'x');
      pool.expectReplies();
      await eventually('a death', () => deaths[0]);
      assert.deepEqual(frames, []);
      assert.equal(deliver(first, 1, 'x'), false);
      const successor = await eventually('a successor', () => replaced[0]);
      deliver(successor, 7, 'x');
      pool.expectReplies();
      await eventually('the successor works', () => frames.some((frame) => frame.slot === 7));
    }
  });

  it('replaces a thread that dies before it is ready, as often as that happens', async () => {
    let killed = 0;
    const killAtBirth = (thread: Worker): void => {
      if (killed === 4) return;
      killed += 1;
      void thread.terminate();
    };
    process.on('worker', killAtBirth);
    try {
      await threads.all[0]?.terminate();
      const successor = await eventually('a successor', () => replaced[0]);
      assert.equal(killed, 4);
      deliver(successor, 7, 'x');
      pool.expectReplies();
      await eventually('the successor works', () => frames.some((frame) => frame.slot === 7));
    } finally {
      process.off('worker', killAtBirth);
    }
  });

  it('replaces a worker whose loop broke off though its thread lives', async () => {
    const [first] = pool.channels as [WorkerChannel, WorkerChannel];
    await first.install(await echoInstall(1));
    const before = threads.all;
    // No main thread writes such a frame; a worker that finds one has no way to go on.
    const broken = Buffer.alloc(FRAME_HEADER_BYTES);
    broken[0] = 99;
    assert.ok(first.deliverFrame(1, broken));
    assert.ok(deliver(first, 2, 'x'));
    pool.expectReplies();
    const { channel, leftovers } = await eventually('a death', () => deaths[0]);
    assert.equal(channel, first);
    assert.equal(leftovers.inHand?.[0], 99);
    assert.deepEqual(
      leftovers.waiting.map((frame) => frame.readUInt32LE(4)),
      [2],
    );
    await eventually('a successor', () => replaced[0]);
    assert.equal(threads.all.filter((thread) => before.includes(thread)).length, 1);
  });

  it('ends in time though a frame was never answered', async () => {
    ready = false;
    deliver(pool.channels[0] as WorkerChannel, 1, 'x');
    await pool.close();
    await eventually('no thread is left', () => threads.all.length === 0);
  });
});

async function echoInstall(slot: number): Promise<AgentInstall> {
  const memoryMaxBytes = 64 * 65_536;
  const prepared = prepareAgentModule(sampleAgent('echo'), { memoryMaxBytes });
  return {
    slot,
    agentId: 'agent_1',
    name: 'echo',
    module: await WebAssembly.compile(prepared.metered as Uint8Array<ArrayBuffer>),
    hasStart: prepared.start,
    fuelPerMessage: 1_000_000,
    memoryMaxBytes,
    environment: {},
    data: [],
    sharesData: false,
    nextTimerId: 1,
    timestampUs: 0,
  };
}
