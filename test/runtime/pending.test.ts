import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { newAgentId } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import { encodedMessageId, encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { contentValue, type Message } from '../../src/fipa/message.js';
import { withCrashedCopy } from '../support/crashed-copy.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { type TestRuntime, withRuntime } from '../support/runtime.js';

const PERSIST = { persist: true };
/** Burns fuel until its worker is ended. */
const ENDLESS = { cpu: String(LIMITS.fuel_max), max_message_ms: LIMITS.max_message_ms_max };
/** So long that everything between is done, and short enough that the test can end. */
const HOLD_MS = 6_000;

/** Lets an agent keep the only worker busy: what is sent from here on waits. */
async function holdWorker(test: TestRuntime): Promise<void> {
  const resources = { ...ENDLESS, max_message_ms: HOLD_MS };
  await test.deploy('loop-br', { name: 'loop', resources });
  await test.send('loop', 'in hand');
}

/** Lets `act` run, then starts again over what a kill -9 would have left. */
async function crashAfter(
  act: (test: TestRuntime) => Promise<void>,
  then: (test: TestRuntime) => Promise<void>,
): Promise<void> {
  await withRuntime({}, async (test) => {
    await act(test);
    await withCrashedCopy(test.dataDir, (copy) => withRuntime({ data_dir: copy }, then));
  });
}

/** Runs each step with a runtime of its own, all over the same data; each is stopped in order. */
async function inTurn(...steps: ReadonlyArray<(test: TestRuntime) => Promise<void>>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'caxton-pending-'));
  try {
    // A worker more each time: what kept one busy doesn't hold up the rest of the next start.
    for (const [index, step] of steps.entries()) {
      await withRuntime({ data_dir: dataDir, workers: index + 1 }, step);
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** What agents answered in a conversation, in order, when there are so many. */
function answers(test: TestRuntime, conversationId: string, count: number): Promise<unknown[]> {
  return eventually(`${count} answers in ${conversationId}`, async () => {
    const found = await test.history({ conversationId, receiver: 'tester' });
    return found.length >= count && found.map(contentValue);
  });
}

const pendingIds = (test: TestRuntime): string[] =>
  test.store.pending.all().map(({ bytes }) => encodedMessageId(bytes));

const nothingPending = (test: TestRuntime) =>
  eventually('nothing is pending', () => pendingIds(test).length === 0);

/** As if it had waited when the process was killed. */
async function leave(test: TestRuntime, message: Message, starts = 0): Promise<void> {
  const bytes = encodeMessageToBuffer(message);
  test.store.pending.put({ number: 1_000, starts, bytes }, true);
  await test.store.durable();
}

describe('messages that were sent with persist', () => {
  it('are delivered after a crash when they had not been handled, in their order and before all else', async () => {
    const count = 30;
    const expected = Array.from({ length: count }, (_, i) => i);
    await crashAfter(
      async (test) => {
        await test.deploy('echo');
        await holdWorker(test);
        const others = await test.send('echo', 'not persisted', { conversation_id: 'other' });
        await Promise.all(
          expected.map((i) => test.send('echo', i, { conversation_id: 'c' }, PERSIST)),
        );
        const pending = pendingIds(test);
        assert.equal(pending.length, count, 'they wait still');
        assert.ok(!pending.includes(others.messageId), 'without persist nothing is kept');
      },
      async (test) => {
        await test.send('echo', 'new', { conversation_id: 'c' });
        assert.deepEqual(await answers(test, 'c', count + 1), [...expected, 'new']);
        const requests = await test.history({ conversationId: 'c', sender: 'tester' });
        assert.equal(new Set(requests.map(({ messageId }) => messageId)).size, count + 1);
        assert.equal(requests.length, count + 1, 'the history has each once');
        assert.deepEqual(await test.history({ conversationId: 'other', receiver: 'tester' }), []);
        await nothingPending(test);
      },
    );
  });

  it('are not delivered again when they were handled', async () => {
    await crashAfter(
      async (test) => {
        await test.deploy('counter');
        for (let i = 0; i < 5; i++)
          await test.ask('counter', { action: 'add', amount: 1 }, {}, PERSIST);
        await test.store.durable();
        assert.deepEqual(pendingIds(test), []);
      },
      async (test) => {
        assert.deepEqual(await test.askContent('counter', { action: 'get' }), { count: 5 });
        assert.equal(test.runtime.agents.get('counter').messagesProcessed, 1);
      },
    );
  });

  it('end as dead letters when their agent fails them, and not before', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('returns-nonzero', { name: 'fails' });
      const { messageId } = await test.send('fails', 1, {}, PERSIST);
      await test.until('fails', 'idle');
      const [letter] = await test.deadLetters();
      assert.equal(letter?.message.messageId, messageId);
      assert.deepEqual(pendingIds(test), []);
    });
  });

  it('reach the agents that a capability or a broadcast found', async () => {
    await crashAfter(
      async (test) => {
        for (const name of ['one', 'two']) {
          await test.deploy('echo', { name, capabilities: ['c'] });
        }
        await holdWorker(test);
        await test.send('capability:c', 'one of them', { conversation_id: 'one' }, PERSIST);
        await test.send('broadcast:c', 'all', { conversation_id: 'all' }, PERSIST);
        assert.equal(pendingIds(test).length, 3);
      },
      async (test) => {
        assert.deepEqual(await answers(test, 'one', 1), ['one of them']);
        assert.deepEqual(await answers(test, 'all', 2), ['all', 'all']);
        await nothingPending(test);
      },
    );
  });

  it('are kept while their dead letter is tried again', async () => {
    await crashAfter(
      async (test) => {
        const fail = new GuestBuilder();
        const module = await compileWat('fails-first', fail.build('(i32.const 1)'));
        await test.deploy(module, { name: 'fails' });
        const { messageId } = await test.send('fails', 1);
        await test.until('fails', 'idle');
        await holdWorker(test);
        await test.runtime.deadLetters.retry(messageId);
        assert.deepEqual(pendingIds(test), [messageId]);
      },
      async (test) => {
        await eventually('it has failed once more', async () => {
          return (await test.deadLetters()).length === 1;
        });
        await nothingPending(test);
      },
    );
  });
});

describe('what is pending when the server starts', () => {
  it('is a dead letter when its agent is gone, and its sender is told', async () => {
    await inTurn(
      async (test) => {
        await leave(test, { ...test.message('gone', 1), messageId: 'msg_1', receiver: 'agent_1' });
      },
      async (test) => {
        const [letter] = await test.deadLetters();
        assert.deepEqual(
          [letter?.message.messageId, letter?.error.code],
          ['msg_1', 'AGENT_NOT_FOUND'],
        );
        const [told] = await test.history({ receiver: 'tester' });
        assert.deepEqual([told?.performative, told?.inReplyTo], ['failure', 'msg_1']);
        await nothingPending(test);
      },
    );
  });

  it('is a dead letter of which nobody is told when its sender was an agent that is gone too', async () => {
    const sender = newAgentId();
    await inTurn(
      async (test) => {
        const message = { ...test.message('gone', 1), messageId: 'msg_1', sender };
        await leave(test, { ...message, receiver: 'agent_1' });
      },
      async (test) => {
        const [letter] = await test.deadLetters();
        assert.equal(letter?.message.messageId, 'msg_1');
        await nothingPending(test);
        assert.deepEqual(await test.history({ receiver: sender }), []);
      },
    );
  });

  it('is a dead letter when its agent was stopped', async () => {
    await inTurn(
      async (test) => {
        const { agentId } = await test.deploy('echo');
        test.runtime.agents.stop('echo', 1, true);
        await test.until('echo', 'stopped');
        await leave(test, { ...test.message('echo', 1), messageId: 'msg_1', receiver: agentId });
      },
      async (test) => {
        const [letter] = await test.deadLetters('echo');
        assert.equal(letter?.error.code, 'UNAVAILABLE');
        assert.match(letter?.error.message, /is stopped; start it with/);
        await nothingPending(test);
      },
    );
  });

  it(`is a dead letter when the server ended in each of ${LIMITS.pending_starts} starts that tried it`, async () => {
    const starts = LIMITS.pending_starts;
    await inTurn(
      async (test) => {
        const { agentId } = await test.deploy('echo');
        const message = { ...test.message('echo', 1), messageId: 'msg_1', receiver: agentId };
        await leave(test, message, starts);
      },
      async (test) => {
        const [letter] = await test.deadLetters('echo');
        assert.deepEqual(
          [letter?.message.messageId, letter?.error.code, letter?.error.details],
          ['msg_1', 'MESSAGE_DELIVERY_FAILED', { starts }],
        );
        assert.equal(test.runtime.agents.get('echo').messagesProcessed, 0);
        await nothingPending(test);
      },
    );
  });

  it('is left out when it is damaged, and the rest is delivered', async () => {
    await inTurn(
      async (test) => {
        const { agentId } = await test.deploy('echo');
        test.store.pending.put({ number: 999, starts: 0, bytes: Buffer.alloc(80, 7) }, true);
        const whole = test.message('echo', 1, { conversation_id: 'c' });
        await leave(test, { ...whole, messageId: 'msg_1', receiver: agentId });
      },
      async (test) => {
        assert.deepEqual(await answers(test, 'c', 1), [1]);
        await nothingPending(test);
      },
    );
  });

  it('is counted as tried before any agent handles it', async () => {
    await inTurn(async (test) => {
      const { agentId } = await test.deploy('loop-br', {
        name: 'loop',
        resources: { ...ENDLESS, max_message_ms: HOLD_MS },
      });
      await leave(test, { ...test.message('loop', 1), messageId: 'msg_1', receiver: agentId }, 1);
      await withCrashedCopy(test.dataDir, (copy) =>
        withRuntime({ data_dir: copy }, async (again) => {
          assert.deepEqual(
            again.store.pending.all().map(({ starts }) => starts),
            [2],
          );
        }),
      );
    });
  });
});

describe('a server that stops', () => {
  it('delivers what it could not let agents handle after the next start, in its order', async () => {
    const count = 400;
    const expected = Array.from({ length: count }, (_, i) => i);
    await inTurn(
      async (test) => {
        await test.deploy('memory-fill-loop', { name: 'loop', resources: ENDLESS });
        await test.deploy('echo', { resources: { mailbox: 1_000 } });
        // One worker: it is busy for longer than a stop takes.
        await test.send('loop', 'in hand');
        for (const i of expected) {
          // Some that are on disk already among them.
          const options = i % 10 === 0 ? PERSIST : {};
          await test.send('echo', i, { conversation_id: 'c' }, options);
        }
      },
      async (test) => {
        assert.deepEqual(await answers(test, 'c', count), expected);
        assert.deepEqual(await test.deadLetters('echo'), []);
        assert.ok(test.runtime.agents.get('echo').messagesProcessed > 0, 'some had waited');
      },
    );
  });
});
