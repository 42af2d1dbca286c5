import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../src/base/limits.js';
import { contentValue } from '../../src/fipa/message.js';
import { AgentThreads } from '../support/agent-threads.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { type TestRuntime, withRuntime } from '../support/runtime.js';

describe('the only worker, when it dies', () => {
  let threads: AgentThreads;
  before(() => {
    threads = new AgentThreads();
  });
  after(() => threads.close());

  // Else it would be given to its agent again.
  const TRIED_ONCE = { supervision: { delivery_tries: 1 } };

  /** Ends the worker while the slow agent has a message in hand. */
  async function killAt(test: TestRuntime, agent: string): Promise<void> {
    await eventually('it takes messages', () => isBack(test)(agent));
    const failing = test.askFailure(agent, 'in hand');
    await killOver(failing);
    assert.equal((await failing).code, 'MESSAGE_DELIVERY_FAILED');
  }

  /** Ends the worker, once more if it had not come to the message yet. */
  async function killOver(failing: Promise<unknown>): Promise<void> {
    let failed = false;
    void failing.finally(() => {
      failed = true;
    });
    while (!failed) {
      await sleep(30);
      await threads.terminateAll();
      await sleep(30);
    }
  }

  // Burns far more than a test waits for, so that it has the message in hand for sure.
  const endless = { resources: { cpu: '10000000000', max_message_ms: 60_000 } };

  it('costs the agent at work one of its three workers, however long the successor takes', async () => {
    await withRuntime(TRIED_ONCE, async (test) => {
      await test.deploy('loop-br', { name: 'busy', ...endless });
      await test.deploy('counter');
      for (let death = 1; death < LIMITS.worker_deaths_per_minute; death++) {
        await test.ask('counter', { action: 'add', amount: 1 });
        await killAt(test, 'busy');
        assert.equal(test.runtime.agents.get('busy').state, 'running');
      }
      assert.deepEqual(await test.askContent('counter', { action: 'get' }), { count: 2 });
      await eventually('it is back', () => test.runtime.agents.get('busy').worker !== undefined);
      await killAt(test, 'busy');
      await test.until('busy', 'failed');
      assert.deepEqual(await test.askContent('counter', { action: 'get' }), { count: 2 });
    });
  });

  it('brings back once an agent that had just trapped', async () => {
    await withRuntime(TRIED_ONCE, async (test) => {
      test.runtime.clients.see('listener');
      const { agentId } = await test.deploy(await greeter(), { name: 'greeter' });
      await test.deploy('loop-br', { name: 'busy', ...endless });
      await test.askFailure('greeter');
      await killAt(test, 'busy');
      await eventually('two greetings', async () => (await greetings(test, agentId)) === 2);
      await sleep(500);
      // One of the deploy, one of its return.
      assert.equal(await greetings(test, agentId), 2);
      assert.equal(test.runtime.agents.get('greeter').restarts, 1);
    });
  });

  it('does not bring back an agent that is removed meanwhile', async () => {
    await withRuntime(TRIED_ONCE, async (test) => {
      test.runtime.clients.see('listener');
      const { agentId } = await test.deploy(await greeter(), { name: 'greeter' });
      await test.deploy('loop-br', { name: 'busy', ...endless });
      await killAt(test, 'busy');
      await test.runtime.agents.remove('greeter');
      await eventually('the worker is back', () => {
        return test.runtime.agents.get('busy').worker !== undefined;
      });
      await test.deploy('echo');
      assert.equal(await greetings(test, agentId), 1);
    });
  });

  it('again and again, also while agents return, fails none that had nothing in hand', async () => {
    await withRuntime({}, async (test) => {
      const names = Array.from({ length: 10 }, (_, i) => `counter-${i}`);
      for (const name of names) {
        await test.deploy('counter', { name });
        await test.ask(name, { action: 'add', amount: 7 });
      }
      for (let death = 0; death < 12; death++) {
        await eventually('agents are put onto a worker', () =>
          names.some((name) => test.runtime.agents.get(name).worker !== undefined),
        );
        // From before the first of them is back to after the last.
        await sleep(death * 5);
        // Else the first may be the one that is just started each time, and seem to be the reason.
        if (death % 4 === 3) await eventually('all are back', () => names.every(isBack(test)));
        await threads.terminateAll();
      }
      for (const name of names) {
        assert.deepEqual(await test.askContent(name, { action: 'get' }), { count: 7 });
        assert.equal(test.runtime.agents.get(name).state, 'running');
      }
      assert.deepEqual(await test.deadLetters(), []);
    });
  });

  it('takes along no agent whose start it had answered but that nobody had heard of yet', async () => {
    await withRuntime({}, async (test) => {
      test.runtime.clients.see('listener');
      await test.deploy('echo', { name: 'busy' });
      const hasRoom = test.store.hasRoom.bind(test.store);
      let behind = true;
      // While the history is behind, what workers publish is not read, and answers wait for it.
      test.store.hasRoom = (...of) => !behind && hasRoom(...of);
      const deployed = test.deploy(await greeter(), { name: 'greeter' });
      await eventually('the worker has answered', () => {
        return test.runtime.agents.find('greeter')?.worker !== undefined;
      });
      await sleep(200);
      await threads.terminateAll();
      behind = false;
      assert.equal((await deployed).state, 'running');
      assert.equal((await test.askFailure('greeter')).code, 'MESSAGE_DELIVERY_FAILED');
    });
  });

  it('is waited for by a deploy and by a start', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo', { name: 'stopped' });
      test.runtime.agents.stop('stopped', 0, false);
      await test.until('stopped', 'stopped');
      await threads.terminateAll();
      const [started, deployed] = await Promise.all([
        test.runtime.agents.start('stopped'),
        test.deploy('echo', { name: 'deployed' }),
      ]);
      assert.deepEqual([started.state, deployed.state], ['running', 'running']);
      assert.equal(await test.askContent('stopped', 1), 1);
      assert.equal(await test.askContent('deployed', 2), 2);
    });
  });

  it('does not hold up an agent that drains', async () => {
    await withRuntime(TRIED_ONCE, async (test) => {
      await test.deploy('loop-br', { name: 'busy', ...endless });
      const failing = test.askFailure('busy');
      test.runtime.agents.stop('busy', 3_600, true);
      await killOver(failing);
      await test.until('busy', 'stopped');
    });
  });

  it('gives everything that waited to the successor, in order', async () => {
    await withRuntime(TRIED_ONCE, async (test) => {
      await test.deploy('echo');
      await test.deploy('loop-br', { name: 'busy', ...endless });
      const failing = test.askFailure('busy');
      for (let i = 0; i < 300; i++) await test.send('echo', i, { conversation_id: 'c' });
      await killOver(failing);
      for (let i = 300; i < 400; i++) await test.send('echo', i, { conversation_id: 'c' });
      await test.until('echo', 'idle');
      const answers = await test.history({ conversationId: 'c', sender: 'echo' });
      assert.deepEqual(
        answers.map(contentValue),
        Array.from({ length: 400 }, (_, i) => i),
      );
    });
  });
});

function isBack(test: TestRuntime): (agent: string) => boolean {
  return (agent) => test.runtime.agents.get(agent).instances.every(({ ready }) => ready);
}

/** Sends "hello" to the client "listener" whenever it is started, and traps on every message. */
function greeter(): Promise<Uint8Array> {
  const builder = new GuestBuilder();
  const hello = builder.json({ performative: 'inform', receiver: 'listener', content: 'hello' });
  builder.export('agent_init', `(call ${builder.use('send_message')} ${hello})`, '(result i32)');
  return compileWat('greeter', builder.build('(unreachable)'));
}

async function greetings(test: TestRuntime, agentId: string): Promise<number> {
  return (await test.history({ sender: agentId, performative: 'inform' })).length;
}
