import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../../src/base/log.js';
import type { WorkerChannel } from '../../src/pool/worker-channel.js';
import { WorkerPool } from '../../src/pool/worker-pool.js';
import { ARMED, CONSUMER_WAITING } from '../../src/ring/layout.js';
import { eventually } from '../support/eventually.js';
import { FaultyThreads } from '../support/faulty-threads.js';

const MARK = 'one after the other';

let threads: FaultyThreads;
let pool: WorkerPool;
let frames: number;
/** The pool's look after the bell, which comes when the test wants it, and how often it was due. */
let look: () => void;
let due: number;

before(() => {
  threads = new FaultyThreads();
});
after(() => threads.close());

beforeEach(async () => {
  frames = 0;
  due = 0;
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((act: () => void, ms: number) => {
    const timer = setTimeout(() => undefined, ms);
    look = act;
    timer.refresh = () => {
      due += 1;
      return timer;
    };
    return timer;
  }) as typeof setTimeout;
  pool = new WorkerPool(
    {
      workers: 1,
      ringBytes: 1024 * 1024,
      contentBytes: 100_000,
      logger: createLogger({ level: 'silent' }),
    },
    {
      ready: () => true,
      frame: () => {
        frames += 1;
      },
      workerDied: () => undefined,
      workerReplaced: () => undefined,
    },
  );
  globalThis.setTimeout = setTimeout;
  await pool.start();
});
afterEach(async () => {
  threads.board.stopClock(false);
  await pool.close();
});

function isArmed({ replyRing }: WorkerChannel): boolean {
  return Atomics.load(new Int32Array(replyRing), CONSUMER_WAITING) === ARMED;
}

/** Takes replies in each turn, before the pool looks in that turn. @returns what ends it */
function takeReplies(): () => void {
  let goesOn = true;
  const turn = (): void => {
    pool.takeReplies();
    if (goesOn) setImmediate(turn);
  };
  setImmediate(turn);
  return () => {
    goesOn = false;
  };
}

test('a reply for which a worker left the bell does not wait for the slow message behind it, whoever took the one before', async () => {
  const channel = pool.channels[0] as WorkerChannel;
  threads.arm('waiting', 'goes on', MARK, 3);
  const body = Buffer.from(MARK);
  // There are no such agents: each frame comes back.
  for (let slot = 1; slot <= 3; slot++) channel.deliver(slot, body, 0, body.length, 0);
  pool.expectReplies();
  await threads.standing();
  await eventually('the pool waits for the bell', () => isArmed(channel));

  // By its clock the worker rings for the first, and leaves the bell for what follows at once.
  threads.board.stopClock(true);
  const taken = takeReplies();
  threads.board.strike();
  await eventually('the first is taken', () => frames === 1 && isArmed(channel));
  taken();
  assert.equal(due, 1, 'it will look once more');
  await threads.standing();
  threads.board.strike();
  await threads.standing();
  threads.board.stopClock(false);
  await sleep(20);
  assert.deepEqual([frames, isArmed(channel)], [1, true], 'nobody rang for the second');

  look();
  await eventually('the second is taken while the third is at work', () => frames === 2);
  assert.notEqual(threads.board.threadAtPoint, undefined);
  threads.board.strike();
  await eventually('the third is taken', () => frames === 3);
});
