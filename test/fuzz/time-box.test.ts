import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { readCorpus } from './corpus.js';
import { runApart } from './run-apart.js';
import { TARGETS } from './targets.js';

/** How many cases of each target `npm test` tries, about four seconds' worth, and what they hold. */
const BOXES: Readonly<Record<string, readonly [cases: number, promise: string]>> = {
  'module-mutation': [
    4_000,
    'a broken module is refused by rule and place, or runs within its fuel',
  ],
  'module-generation': [500, 'a metered module does the same and takes what a count gives'],
  'ring-frames': [12_000, 'frames come as they were sent, or the ring is known to be corrupt'],
  envelopes: [2_000, 'plain and general readers of messages agree on whatever bytes they get'],
  'config-files': [500, 'a config is complete and frozen, or refused by name or line'],
  'http-requests': [1_200, 'whatever bytes come over HTTP, the server answers by HTTP or closes'],
  'websocket-frames': [
    600,
    'a WebSocket answers what the RFC allows, and closes on what it does not',
  ],
  'grpc-frames': [150, 'whatever bytes come over gRPC, other channels are served'],
  api: [1_000, 'no request gets an answer that openapi.json does not allow'],
};
/** For a machine that is slower than all others. */
const SECONDS_MAX = 60;

test('every target has its time box', () => {
  assert.deepEqual(Object.keys(BOXES).sort(), Object.keys(TARGETS).sort());
});

for (const [name, [cases, promise]] of Object.entries(BOXES)) {
  test(promise, async (t) => {
    const seed = Number(process.env.CAXTON_SEED ?? randomInt(1, 2 ** 31));
    const run = { name, seed, seconds: SECONDS_MAX, cases, withCorpus: true };
    const { outcome } = await runApart(run);
    const { find, seconds } = outcome;
    t.diagnostic(
      `${name}: corpus ${outcome.replayed}, cases ${outcome.cases}, ${seconds.toFixed(1)} s`,
    );
    const again = `npm run fuzz -- --seed ${seed} --target ${name}`;
    t.diagnostic(again);
    assert.equal(find, undefined, `${again}\n${find?.path}\n${find?.reason}`);
    assert.equal(outcome.replayed, readCorpus(name).length);
    assert.ok(outcome.cases > 0);
  });
}
