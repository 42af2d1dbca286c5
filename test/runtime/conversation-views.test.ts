import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type TestRuntime, withRuntime } from '../support/runtime.js';

const NET = 'fipa-contract-net';

/** Clients that may be written to. */
function meet(test: TestRuntime, ...names: string[]): void {
  for (const name of names) test.runtime.clients.see(name);
}

/** Sends `act` from one client to another in a conversation under a protocol. */
function say(
  test: TestRuntime,
  conversation: string,
  [sender, performative, receiver]: readonly [string, string, string],
  fields: object = {},
): Promise<unknown> {
  return test.send(receiver, null, {
    performative,
    sender,
    conversation_id: conversation,
    protocol: NET,
    ...fields,
  });
}

describe('a conversation that is looked at', () => {
  const show = (test: TestRuntime, conversationId: string, query: object = {}) =>
    test.runtime.conversations.find({ conversationId, order: 'asc', limit: 50, ...query });

  it('tells protocol, state, participants and messages while it is under way', async () => {
    await withRuntime({}, async (test) => {
      meet(test, 'ann', 'bob', 'cy');
      await say(test, 'c', ['ann', 'cfp', 'bob']);
      await say(test, 'c', ['ann', 'cfp', 'cy']);
      await say(test, 'c', ['bob', 'propose', 'ann']);
      await test.store.durable();
      const view = await show(test, 'c');
      assert.equal(view?.protocol, NET);
      assert.equal(view?.state, 'active');
      assert.deepEqual(
        view?.participants.map(({ id, role, state }) => [id, role, state]),
        [
          ['ann', 'initiator', undefined],
          ['bob', 'participant', 'proposed'],
          ['cy', 'participant', 'called'],
        ],
      );
      assert.equal(view?.page.total, 3);
    });
  });

  it('tells the same from the history when it is completed, page by page', async () => {
    await withRuntime({}, async (test) => {
      meet(test, 'ann', 'bob');
      await say(test, 'c', ['ann', 'cfp', 'bob']);
      await say(test, 'c', ['bob', 'refuse', 'ann']);
      const whole = await show(test, 'c');
      assert.equal(whole?.state, 'completed');
      assert.equal(whole?.participants[1]?.state, 'refused');
      const newest = await show(test, 'c', { order: 'desc', limit: 1 });
      assert.equal(newest?.page.messages[0]?.performative, 'refuse');
      const { page, ...rest } = (await show(test, 'c', {
        order: 'desc',
        limit: 1,
        cursor: newest?.page.nextCursor,
      }))!;
      assert.equal(page.messages[0]?.performative, 'cfp');
      assert.deepEqual(rest, {
        protocol: whole?.protocol,
        state: 'completed',
        participants: whole?.participants,
      });
      const backwards = await show(test, 'c', { order: 'desc' });
      assert.deepEqual(backwards?.participants, whole?.participants);
    });
  });

  it('is active while an answer is awaited, and untracked where nobody knows', async () => {
    await withRuntime({}, async (test) => {
      meet(test, 'ann', 'bob');
      await test.send('bob', 1, { conversation_id: 'plain' });
      assert.equal((await show(test, 'plain'))?.state, 'untracked');
      await test.send('bob', 1, { conversation_id: 'due', reply_by: '2100-01-01T00:00:00Z' });
      assert.equal((await show(test, 'due'))?.state, 'active');
      assert.equal(await show(test, 'none'), undefined);
    });
  });

  it('is known from the history alone after a restart', async () => {
    const data_dir = await mkdtemp(join(tmpdir(), 'caxton-conversations-'));
    try {
      await withRuntime({ data_dir }, async (test) => {
        meet(test, 'ann', 'bob');
        await say(test, 'done', ['ann', 'cfp', 'bob']);
        await say(test, 'done', ['bob', 'refuse', 'ann']);
        await say(test, 'open', ['ann', 'cfp', 'bob']);
      });
      await withRuntime({ data_dir }, async (test) => {
        assert.equal((await show(test, 'done'))?.state, 'completed');
        const open = await show(test, 'open');
        assert.equal(open?.state, 'untracked');
        assert.equal(open?.participants[1]?.state, 'called');
      });
    } finally {
      await rm(data_dir, { recursive: true, force: true });
    }
  });
});
