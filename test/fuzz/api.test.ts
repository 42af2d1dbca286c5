import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { OPERATIONS } from '../../src/api/operations.js';
import { request } from '../support/rest-client.js';
import { fuzzApi } from './fuzz-api.js';
import { startFuzzedServer } from './fuzzed-server.js';

const SECONDS = 10;

test(`no request in ${SECONDS} s gets an answer that openapi.json does not allow`, async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`npm run fuzz:api -- --seconds ${SECONDS} --seed ${seed}`);
  const fuzzed = await startFuzzedServer();
  try {
    const report = await fuzzApi({ ...fuzzed, seconds: SECONDS, seed });
    for (const id of report.keys()) assert.ok(Object.hasOwn(OPERATIONS, id), id);
    assert.ok(report.size > 0);
    assert.equal((await request(`${fuzzed.url}/readyz`, 'GET')).status, 200);
  } finally {
    await fuzzed.server.close();
  }
});
