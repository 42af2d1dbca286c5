import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { LIMITS } from '../../src/base/limits.js';
import { encodedMessageId } from '../../src/fipa/binary.js';
import { AgentThreads } from '../support/agent-threads.js';
import { eventually } from '../support/eventually.js';
import { fillsMemory } from '../support/fills-memory.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';

/** Runs far longer than the tests. */
const ENDLESS = { cpu: String(LIMITS.fuel_max), max_message_ms: 300 };

let threads: AgentThreads;
let runtime: TestRuntime;
/** Threads that were told to end, and don't. */
let told: Worker[];
let warnings: string[];

before(async () => {
  threads = new AgentThreads();
  told = [];
  warnings = [];
  const stream = { write: (line: string) => void warnings.push(line) };
  runtime = await startTestRuntime({ workers: 1 }, pino({ level: 'warn' }, stream));
  for (const thread of threads.all) {
    thread.terminate = () => {
      told.push(thread);
      return new Promise(() => undefined);
    };
  }
});
after(async () => {
  for (const thread of threads.all) Reflect.deleteProperty(thread, 'terminate');
  await threads.terminateAll();
  await runtime?.close();
  threads.close();
});

test('agents go on in another thread when theirs does not end, and only its message is lost', async () => {
  await runtime.deploy('echo');
  await runtime.deploy('counter');
  await runtime.deploy(await fillsMemory(), { name: 'fill', resources: ENDLESS });
  assert.equal(await runtime.askContent('echo', 'before'), 'before');
  const [hanging] = threads.all;
  const failed = runtime.askFailure('fill');
  await sleep(10);
  const waiting = [1, 2, 3].map((n) => runtime.askContent('echo', n));
  assert.equal((await failed).resource, 'time');
  assert.deepEqual(await Promise.all(waiting), [1, 2, 3]);
  assert.ok(hanging !== undefined && threads.all.includes(hanging), 'the old thread still runs');
  const letters = await runtime.deadLetters();
  assert.deepEqual(
    letters.map(({ error }) => error.code),
    ['RESOURCE_LIMIT_EXCEEDED'],
  );
  await eventually(
    'the guilty agent is back',
    () => runtime.runtime.agents.get('fill').state === 'running',
  );
  assert.deepEqual(told, [hanging], 'it was told to end once');
  assert.equal(warnings.filter((line) => line.includes('outlasted')).length, 1);
});

test('what the thread does after that reaches nobody', async () => {
  const before = (await runtime.history()).length;
  for (const thread of told) {
    Reflect.deleteProperty(thread, 'terminate');
    await thread.terminate();
  }
  assert.equal(await runtime.askContent('echo', 'after'), 'after');
  assert.equal((await runtime.history()).length, before + 2);
});

test('a server that stops over a message keeps it, and what waits behind it, for the next start', async () => {
  const stopping = await startTestRuntime({ workers: 1 });
  try {
    await stopping.deploy('echo');
    await stopping.deploy(await fillsMemory(), {
      name: 'fill',
      resources: { ...ENDLESS, max_message_ms: LIMITS.max_message_ms_max },
    });
    const { messageId } = await stopping.send('fill', 'hand');
    const behind = await stopping.send('echo', 'behind');
    await stopping.runtime.stop();
    assert.deepEqual(await stopping.deadLetters(), []);
    const kept = stopping.store.pending.all();
    assert.deepEqual(
      kept.map(({ bytes }) => encodedMessageId(bytes)).sort(),
      [messageId, behind.messageId].sort(),
    );
  } finally {
    await stopping.close();
  }
});
