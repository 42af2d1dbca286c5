import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { FaultyThreads } from '../support/faulty-threads.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';

const MARK = 'the marked one';
const VICTIMS = 10;
const ASKS = 2_000;

let threads: FaultyThreads;
let runtime: TestRuntime;
before(async () => {
  threads = new FaultyThreads();
  runtime = await startTestRuntime({ workers: 2 });
});
after(async () => {
  threads.close();
  await runtime?.close();
});

const workerOf = (agent: string): number | undefined => runtime.runtime.agents.get(agent).worker;

/** Asks the neighbour again and again until it is enough; how long each answer took, ms. */
async function askUntil(isEnough: (answers: number) => boolean): Promise<number[]> {
  const took: number[] = [];
  while (!isEnough(took.length)) {
    const begun = performance.now();
    assert.equal(await runtime.askContent('neighbour', took.length), took.length);
    took.push(performance.now() - begun);
  }
  return took.sort((a, b) => a - b);
}

const told = (took: readonly number[]): string =>
  `${took.length} answers, p50 ${took[Math.floor(took.length / 2)]!.toFixed(2)} ms, p99 ${took[Math.floor(took.length * 0.99)]!.toFixed(2)} ms`;

test('a neighbour on another worker answers each message while workers die, and the test says how fast', async (t) => {
  await runtime.deploy('echo', { name: 'neighbour' });
  const victims: string[] = [];
  for (let i = 0; victims.length < VICTIMS; i++) {
    await runtime.deploy('echo', { name: `victim-${i}` });
    if (workerOf(`victim-${i}`) !== workerOf('neighbour')) victims.push(`victim-${i}`);
  }
  await askUntil((answers) => answers >= ASKS);
  const quiet = await askUntil((answers) => answers >= ASKS);

  let deaths = 0;
  let over = false;
  const dying = (async () => {
    for (const victim of victims) {
      // It may have come back beside the neighbour, where its death would be another test's.
      if (workerOf(victim) === workerOf('neighbour')) continue;
      const former = threads.all;
      threads.poison('called', 'exits', MARK, 1);
      assert.equal(await runtime.askContent(victim, MARK), MARK);
      await eventually('its worker has a successor', () => threads.all.length === 2);
      assert.ok(
        former.some((thread) => !threads.all.includes(thread)),
        'a worker died',
      );
      deaths += 1;
    }
  })().finally(() => {
    over = true;
  });
  const disturbed = await askUntil((answers) => over && answers >= ASKS);
  await dying;
  assert.ok(deaths > 0, 'workers died');
  t.diagnostic(`nothing dies: ${told(quiet)}`);
  t.diagnostic(`${deaths} workers die: ${told(disturbed)}`);
});
