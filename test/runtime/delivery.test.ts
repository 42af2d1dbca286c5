import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { CaxtonError } from '../../src/base/errors.js';
import { contentValue } from '../../src/fipa/message.js';
import { eventually } from '../support/eventually.js';
import { refusal, type TestRuntime, withRuntime } from '../support/runtime.js';

/** Sends again as long as there is no room. */
async function sendPatiently(
  test: TestRuntime,
  receiver: string,
  content: unknown,
  fields: object,
): Promise<void> {
  for (;;) {
    try {
      await test.send(receiver, content, fields);
      return;
    } catch (error) {
      if (!(error instanceof CaxtonError && error.retryable)) throw error;
      await turn();
    }
  }
}

describe('a mailbox', () => {
  it('refuses what has no room, and says so; what it took comes in order', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('slow-agent', { name: 'slow', resources: { mailbox: 20 } });
      const accepted: number[] = [];
      let refusedError: CaxtonError | undefined;
      for (let i = 0; i < 60; i++) {
        try {
          await test.send('slow', i, { conversation_id: 'c' });
          accepted.push(i);
        } catch (error) {
          refusedError = error as CaxtonError;
        }
      }
      assert.equal(refusedError?.code, 'RESOURCE_LIMIT_EXCEEDED');
      const { agentId } = test.runtime.agents.get('slow');
      assert.deepEqual(refusedError?.details, {
        resource: 'mailbox',
        agent_id: agentId,
        limit: 20,
        retry_after_seconds: 1,
      });
      assert.ok(accepted.length >= 20 && accepted.length < 60);
      await test.until('slow', 'idle');
      const answers = await test.history({ conversationId: 'c', sender: 'slow' });
      assert.deepEqual(answers.map(contentValue), accepted);
    });
  });

  it('is bounded in bytes too', async () => {
    await withRuntime(
      { limits: { mailbox_bytes: 100_000, content_bytes: 70_000 } },
      async (test) => {
        await test.deploy('slow-agent', { name: 'slow' });
        const content = 'x'.repeat(60_000);
        await test.send('slow', content);
        await assert.rejects(
          test.send('slow', content),
          refusal('RESOURCE_LIMIT_EXCEEDED', { resource: 'mailbox', limit_bytes: 100_000 }),
        );
      },
    );
  });

  it('gives messages of higher priority first, equal ones as they came', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('slow-agent', { name: 'slow' });
      // The first ones go into the ring at once; all behind them wait and are sorted.
      for (let i = 0; i < 8; i++) await test.send('slow', 'early', { conversation_id: 'c' });
      const sent = Array.from({ length: 30 }, (_, i) => ({ i, priority: (i * 7) % 10 }));
      for (const one of sent) {
        await test.send('slow', one, { conversation_id: 'c', priority: one.priority });
      }
      await test.until('slow', 'idle');
      const answers = await test.history({ conversationId: 'c', sender: 'slow' });
      const order = answers.map(contentValue).filter((content) => content !== 'early');
      const expected = [...sent].sort((a, b) => b.priority - a.priority || a.i - b.i);
      assert.deepEqual(order, expected);
    });
  });

  it('passes on messages of nearly half a ring, one after the other', async () => {
    const limits = { ring_bytes: 16 * 1024 * 1024, content_bytes: 7_500_000 };
    await withRuntime({ limits: { ...limits, mailbox_bytes: 64_000_000 } }, async (test) => {
      await test.deploy('returns-nonzero', {
        name: 'large',
        resources: { memory: '100MB', cpu: '100000000' },
      });
      const content = 'x'.repeat(7_400_000);
      for (let i = 0; i < 5; i++) await test.send('large', content);
      await test.until('large', 'idle');
      const agent = test.runtime.agents.get('large');
      assert.equal(agent.messagesFailed + agent.messagesProcessed, 5);
    });
  });
});

describe('the order of a pair of sender and receiver', () => {
  it('holds over 50,000 messages of several senders to agents on two workers', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      const receivers = ['one', 'two'];
      for (const name of receivers) await test.deploy('echo', { name });
      const workers = receivers.map((name) => test.runtime.agents.get(name).worker);
      assert.notEqual(workers[0], workers[1]);
      // What came back, by conversation: one of each pair.
      const answers = new Map<string, number[]>();
      test.runtime.events.subscribe({ filter: { performatives: ['inform'] } }, (json) => {
        const { message } = JSON.parse(json);
        const list = answers.get(message.conversation_id) ?? [];
        list.push(message.content);
        answers.set(message.conversation_id, list);
      });
      const each = 6_250;
      const pairs = ['a', 'b', 'c', 'd'].flatMap((sender) =>
        receivers.map((receiver) => ({ sender, receiver })),
      );
      await Promise.all(
        pairs.map(async ({ sender, receiver }) => {
          const fields = { sender, conversation_id: `${sender}-${receiver}` };
          for (let i = 0; i < each; i++) {
            await sendPatiently(test, receiver, i, fields);
          }
        }),
      );
      await eventually('all answers are there', () =>
        [...answers.values()].every((list) => list.length === each),
      );
      assert.equal(answers.size, pairs.length);
      const expected = Array.from({ length: each }, (_, i) => i);
      for (const list of answers.values()) assert.deepEqual(list, expected);
    });
  });
});

describe('agents that write to agents', () => {
  for (const workers of [1, 2]) {
    it(`reach them in order on ${workers === 1 ? 'the same' : 'another'} worker`, async () => {
      await withRuntime({ workers }, async (test) => {
        await test.deploy('echo', { name: 'target' });
        await test.deploy('forwarder', { environment: { to: 'target' } });
        const places = ['target', 'forwarder'].map((name) => test.runtime.agents.get(name).worker);
        assert.equal(places[0] === places[1], workers === 1);
        for (let i = 0; i < 500; i++) await sendPatiently(test, 'forwarder', i, {});
        const forwarded = await eventually('all were answered to the forwarder', async () => {
          const found = await test.history({ sender: 'target', receiver: 'forwarder' });
          return found.length === 500 && found;
        });
        assert.deepEqual(
          forwarded.map(contentValue),
          Array.from({ length: 500 }, (_, i) => i),
        );
        const requests = await test.history({ sender: 'forwarder', receiver: 'target' });
        const { agentId } = test.runtime.agents.get('target');
        assert.ok(requests.every((one) => one.receiver === agentId && one.conversationId !== ''));
      });
    });
  }
});
