import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message } from '../../src/fipa/message.js';
import { AgentThreads } from '../support/agent-threads.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, type TestRuntime, withRuntime } from '../support/runtime.js';
import { whileStalled } from '../support/stalled-store.js';

/** Larger than what is left when the history has no room for another. */
const BIG = 'x'.repeat(900_000);
const PATIENCE_MS = 200;

/** Sends to the agents in turn, without a pause, until the history has no room. @returns how many */
function fillHistory(test: TestRuntime, agents: readonly string[]): number {
  for (let sent = 0; ; sent++) {
    const message = test.message(agents[sent % agents.length] as string, BIG);
    try {
      test.runtime.messages.send(message, {});
    } catch (error) {
      assert.ok(refusal('UNAVAILABLE', { resource: 'history' })(error), String(error));
      return sent;
    }
  }
}

function answersOf(messages: readonly Message[]): Message[] {
  return messages.filter((message) => message.receiver === 'tester');
}

describe('while the history stands still', () => {
  let threads: AgentThreads;
  before(() => {
    threads = new AgentThreads();
  });
  after(() => threads.close());

  async function deployEchoes(test: TestRuntime): Promise<string[]> {
    const names = Array.from({ length: 6 }, (_, i) => `echo-${i}`);
    const resources = { max_message_ms: PATIENCE_MS, mailbox: 100 };
    for (const name of names) await test.deploy('echo', { name, resources });
    return names;
  }

  it('an agent that waits to send is not taken for one that hangs', async () => {
    await withRuntime({}, async (test) => {
      const names = await deployEchoes(test);
      const sent = await whileStalled(test.dataDir, async () => {
        const count = fillHistory(test, names);
        // Far longer than a message may take.
        await sleep(5 * PATIENCE_MS);
        return count;
      });
      await eventually('all are answered', async () => {
        return answersOf(await test.history()).length === sent;
      });
      assert.deepEqual(await test.deadLetters(), []);
      for (const name of names) assert.equal(test.runtime.agents.get(name).restarts, 0);
    });
  });

  it('what a worker had published before it died still arrives', async () => {
    await withRuntime({}, async (test) => {
      const names = await deployEchoes(test);
      const sent = await whileStalled(test.dataDir, async () => {
        const count = fillHistory(test, names);
        await sleep(PATIENCE_MS);
        await threads.terminateAll();
        return count;
      });
      const answers = await eventually('all have ended', async () => {
        const found = answersOf(await test.history());
        return found.length >= sent && found;
      });
      assert.equal(answers.length, sent);
      const failures = answers.filter(({ performative }) => performative === 'failure');
      // At most the one in hand.
      assert.ok(failures.length <= 1, `${failures.length} failed`);
      assert.equal((await test.deadLetters()).length, failures.length);
    });
  });

  /** Readers that say nothing; all copies of a broadcast to them are more than the history takes. */
  async function deployReaders(test: TestRuntime): Promise<string[]> {
    const reader = await compileWat('reader', new GuestBuilder().build());
    const ids: string[] = [];
    for (let i = 0; i < 60; i++) {
      const { agentId } = await test.deploy(reader, {
        name: `reader-${i}`,
        capabilities: ['read'],
      });
      ids.push(agentId);
    }
    return ids;
  }

  async function untilBegun(test: TestRuntime, readers: readonly string[]): Promise<void> {
    await eventually('the first has its copy', () => {
      return test.runtime.agents.get(readers[0] as string).mailboxMessages === 1;
    });
  }

  async function untilAllHaveIt(test: TestRuntime, readers: readonly string[]): Promise<void> {
    await eventually('each has got one', () => {
      return readers.every((id) => test.runtime.agents.get(id).messagesProcessed === 1);
    });
    const received = await test.history();
    for (const id of readers) {
      assert.equal(received.filter(({ receiver }) => receiver === id).length, 1);
    }
    assert.deepEqual(await test.deadLetters(), []);
  }

  const wealthy = { resources: { cpu: '10000000000' } };

  it('a broadcast of an agent that is larger than the room for it reaches everybody', async () => {
    await withRuntime({}, async (test) => {
      const readers = await deployReaders(test);
      await test.deploy('broadcast-agent', { name: 'caster', ...wealthy });
      const cast = { filter: { capability: 'read' }, message: BIG };
      let asking: Promise<unknown> | undefined;
      await whileStalled(test.dataDir, async () => {
        asking = test.askContent('caster', cast);
        await untilBegun(test, readers);
      });
      assert.deepEqual(await asking, { receivers: readers.length });
      await untilAllHaveIt(test, readers);
    });
  });

  it('so does a message of an agent to all that offer something', async () => {
    await withRuntime({}, async (test) => {
      const readers = await deployReaders(test);
      const environment = { to: 'broadcast:read' };
      await test.deploy('forwarder', { name: 'crier', environment, ...wealthy });
      await whileStalled(test.dataDir, async () => {
        await test.send('crier', BIG);
        await untilBegun(test, readers);
      });
      await untilAllHaveIt(test, readers);
    });
  });
});

it('a broadcast of a client that there is never room for is refused for good', async () => {
  await withRuntime({}, async (test) => {
    const reader = await compileWat('reader', new GuestBuilder().build());
    for (let i = 0; i < 40; i++) {
      await test.deploy(reader, { name: `reader-${i}`, capabilities: ['read'] });
    }
    const never = refusal('RESOURCE_LIMIT_EXCEEDED', { resource: 'history', receivers: 40 });
    await assert.rejects(test.send('broadcast:read', BIG), never);
    assert.equal((await test.history()).length, 0);
    await test.send('broadcast:read', BIG.slice(0, 300_000));
    assert.equal((await test.history()).length, 40);
  });
});
