import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { monotonicUs, rfc3339, wallMs, wallUs } from '../../src/base/clock.js';

test('wall time is the same moment in milliseconds and microseconds', () => {
  const us = wallUs();
  assert.ok(Number.isSafeInteger(us));
  // Two clocks of the system are compared, one of which may be stepped: minutes are no doubt.
  assert.ok(Math.abs(us / 1_000 - wallMs()) < 60_000);
});

test('monotonic time never runs back', () => {
  let previous = monotonicUs();
  for (let i = 0; i < 10_000; i++) {
    const now = monotonicUs();
    assert.ok(now >= previous);
    previous = now;
  }
});

test('monotonic time is one clock for all threads', async () => {
  const url = new URL('../../src/base/clock.js', import.meta.url);
  const before = monotonicUs();
  const worker = new Worker(
    `import { parentPort } from 'node:worker_threads';
     import { monotonicUs } from ${JSON.stringify(url.href)};
     parentPort.postMessage(monotonicUs());`,
    { eval: true, execArgv: ['--input-type=module'] },
  );
  const inWorker = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  const after = monotonicUs();
  // The threads' clocks may differ by as much as reading two of them one after the other takes.
  const slack = 50_000;
  assert.ok(
    before - slack <= inWorker && inWorker <= after + slack,
    `${before} ${inWorker} ${after}`,
  );
});

test('RFC 3339 text is UTC with milliseconds, whatever was asked before', () => {
  assert.equal(rfc3339(0), '1970-01-01T00:00:00.000Z');
  assert.equal(rfc3339(1_705_314_600_123.9), '2024-01-15T10:30:00.123Z');
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 8.64e12 }), { minLength: 1 }), (moments) => {
      for (const ms of moments) assert.equal(rfc3339(ms), new Date(ms).toISOString());
    }),
  );
});
