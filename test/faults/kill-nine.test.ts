import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { deployForm } from '../support/rest-client.js';
import { checkHandled, checkHistory } from './acknowledged-history.js';
import { AcknowledgedLoad, count } from './acknowledged-load.js';
import { agentsOf, api, ChangingWorld } from './changing-world.js';
import { Dice } from './load.js';

/** Rounds of kill -9; continuous integration does more of them. */
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 40);
/** Longest that a server runs under load before it is killed, in milliseconds. */
const LOAD_MS = 400;
/** Longest that a server that is killed while it starts is given, in milliseconds. */
const START_MS = 700;

async function deploy(server: ServeProcess, agent: 'echo' | 'counter', config: object) {
  await api(server, 'POST', '/agents', deployForm(sampleAgent(agent), config));
}

async function beginWorld(server: ServeProcess): Promise<void> {
  const resources = { memory: '50MB', cpu: '2000000', mailbox: 5_000 };
  await deploy(server, 'echo', { name: 'echo', version: '2.1.0', resources });
  await deploy(server, 'counter', { name: 'counter' });
  await deploy(server, 'echo', { name: 'sleeper' });
  await api(server, 'POST', '/agents/sleeper/stop', { grace_period_seconds: 5 });
  await eventually('sleeper stops', async () => {
    return (await agentsOf(server)).get('sleeper')?.status === 'stopped';
  });
}

/** A start that is killed at a random moment, most often before it is done. */
async function killWhileStarting(folder: string, dice: Dice): Promise<void> {
  const starting = ServeProcess.spawn(folder);
  await sleep(dice.whole(0, START_MS));
  await starting.signal('SIGKILL');
}

test(`kill -9 at ${ROUNDS} random moments under load loses nothing that was acknowledged as persisted`, async (t) => {
  const dice = new Dice();
  t.diagnostic(`CAXTON_SEED=${dice.seed} KILL_ROUNDS=${ROUNDS}`);
  const folder = mkdtempSync(join(tmpdir(), 'caxton-kill-'));
  const world = new ChangingWorld(dice);
  const loads: AcknowledgedLoad[] = [];
  let server = await ServeProcess.start([], folder);
  let twice = 0;
  try {
    await beginWorld(server);
    await world.begin(server);
    const expected = await agentsOf(server);
    expected.delete('roller');

    const check = async (): Promise<void> => {
      const agents = await agentsOf(server);
      for (const [agent, view] of expected) assert.deepEqual(agents.get(agent), view, agent);
      const load = loads.at(-1);
      if (load === undefined) return;
      await checkHistory(server, load);
      const handled = await checkHandled(server, load);
      // A kill under load and one more while it starts: no message has used up its starts.
      assert.equal(handled.letters, 0, 'what was acknowledged is handled');
      twice += handled.twice;
      const counted = await count(server, { action: 'get' });
      const triedTotal = loads.reduce((total, { addsTried }) => total + addsTried, 0);
      const durable = Math.max(...loads.map(({ durableCount }) => durableCount));
      assert.ok(counted >= durable, `${counted} of ${durable} counted`);
      assert.ok(counted <= triedTotal, `${counted} counted, ${triedTotal} sent`);
      await world.check(server);
    };

    for (let round = 0; round < ROUNDS; round++) {
      const load = new AcknowledgedLoad(server, `round-${round}`, true);
      world.change(server, round);
      // Most often something has been acknowledged by then.
      if (dice.whole(0, 3) > 0) await eventually('a count is durable', () => load.durableCount > 0);
      await sleep(dice.whole(0, LOAD_MS));
      load.expectEnd();
      await server.process.signal('SIGKILL');
      await load.end();
      loads.push(load);
      if (dice.whole(0, 4) === 0) await killWhileStarting(folder, dice);
      server = await ServeProcess.start([], folder);
      await check();
    }

    // What earlier rounds left is as it was.
    for (const load of loads) {
      await checkHistory(server, load);
      await checkHandled(server, load);
    }
    await world.settle(server);
    const messages = loads.reduce((sum, { total }) => sum + total, 0);
    assert.ok(messages > 0, 'something was acknowledged');
    t.diagnostic(
      `${ROUNDS} rounds: ${messages} messages acknowledged with persist, ${twice} handled twice, ` +
        world.told,
    );
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
