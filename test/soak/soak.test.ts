import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { Soak } from './soak.js';

const MINUTES = 0.4;

test('a short soak with a killed process loses no message, leaks no thread and has no error that is not explained', async (t) => {
  const seed = Number(process.env.CAXTON_SOAK_SEED ?? randomInt(1, 2 ** 31 - 1));
  t.diagnostic(`npm run soak -- --minutes ${MINUTES} --seed ${seed}`);
  const report = await Soak.run({ minutes: MINUTES, seed, say: (line) => t.diagnostic(line) });
  assert.deepEqual(report.unexplained, []);
  assert.deepEqual(
    report.leaks.filter(({ leak }) => leak !== undefined),
    [],
  );
  assert.ok(report.processes.killed > 0);
  assert.ok(report.rests.length > 0);
  for (const transport of ['rest', 'json', 'binary', 'grpc']) {
    assert.ok((report.done[`messages by ${transport}`] ?? 0) > 0, transport);
  }
});
