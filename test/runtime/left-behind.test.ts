import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CaxtonError } from '../../src/base/errors.js';
import { AgentThreads } from '../support/agent-threads.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';

/** Takes long to start, and answers with nothing. */
async function slowToStart(): Promise<Uint8Array> {
  const guest = new GuestBuilder();
  guest.export(
    'agent_init',
    `(local $rounds i32)
     (loop $next
       (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
       (br_if $next (i32.lt_u (local.get $rounds) (i32.const 10000000))))
     (i32.const 0)`,
    '(result i32)',
  );
  return compileWat('slow-to-start', guest.build());
}

describe('instances and messages that could be left behind', () => {
  let test: TestRuntime;
  let threads: AgentThreads;
  before(async () => {
    threads = new AgentThreads();
    test = await startTestRuntime({ workers: 2 });
  });
  after(async () => {
    await test.close();
    threads.close();
  });

  const instancesOf = (name: string) => test.runtime.agents.find(name)?.instances ?? [];

  it('an instance comes back whose worker died while others of its agent were started', async () => {
    const module = await slowToStart();
    const deployed = test.deploy(module, { name: 'slow-start', resources: { instances: 2 } });
    while (instancesOf('slow-start')[0]?.ready !== true) await nextTurn();
    await threads.terminateAll();
    await deployed;
    await eventually('both run', () => instancesOf('slow-start').every(({ ready }) => ready));
  });

  it('a message fails that comes to an instance which ended before the others of its agent', async () => {
    await test.deploy('slow-agent', { name: 'ending', resources: { instances: 2 } });
    const idle = new Set(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    const busy = test.ask('ending', 1, { conversation_id: 'busy' });
    test.runtime.agents.stop('ending', 0, false);
    // One has ended, the other still handles its message: some of these go to the one.
    while (instancesOf('ending').every(({ worker }) => worker !== undefined)) await nextTurn();
    const answers = [...idle].flatMap((conversation_id) => {
      const state = test.runtime.agents.get('ending').state;
      return state === 'draining' ? [test.ask('ending', 1, { conversation_id })] : [];
    });
    await busy;
    for (const { reply } of await Promise.all(answers)) assert.equal(reply.performative, 'failure');
    const { state, mailboxMessages } = await test.until('ending', 'stopped');
    assert.deepEqual({ state, mailboxMessages }, { state: 'stopped', mailboxMessages: 0 });
  });

  it('messages are answered of an agent that is being stopped when its deploy is taken back', async () => {
    const { store } = test;
    const { durable } = store;
    let refuse: ((error: Error) => void) | undefined;
    store.durable = () =>
      new Promise((_, reject) => {
        refuse = reject;
      });
    const deployed = test.deploy('slow-agent', { name: 'refused' });
    await eventually('it runs', () => refuse !== undefined);
    store.durable = durable;
    const answers = [test.ask('refused', 1), test.ask('refused', 2), test.ask('refused', 3)];
    test.runtime.agents.stop('refused', 30, true);
    refuse?.(new CaxtonError('UNAVAILABLE', 'The disk is full.'));
    await assert.rejects(deployed, { code: 'UNAVAILABLE' });
    for (const { status } of await Promise.all(answers)) assert.equal(status, 'replied');
  });
});
