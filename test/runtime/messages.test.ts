import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Awaited } from '../../src/base/caller.js';
import { contentValue } from '../../src/fipa/message.js';
import { eventually } from '../support/eventually.js';
import { whileDiskFails } from '../support/failing-disk.js';
import { refusal, startTestRuntime, type TestRuntime, withRuntime } from '../support/runtime.js';

describe('messages from outside', () => {
  let test: TestRuntime;
  before(async () => {
    test = await startTestRuntime();
    await test.deploy('echo');
    // A client that has sent something is known and can be written to.
    await test.send('echo', 0, { sender: 'bob' });
  });
  after(() => test.close());

  const answer = (
    conversation: string,
    replyWith: string,
    performative: string,
    content: unknown,
  ) =>
    test.send('tester', content, {
      performative,
      sender: 'bob',
      conversation_id: conversation,
      in_reply_to: replyWith,
    });

  it('are answered with an id and the moment of delivery, and are in the history', async () => {
    const sent = await test.send('echo', { a: [1, 'ä'] }, { conversation_id: 'c-sent' });
    assert.match(sent.messageId, /^msg_[0-9A-Z]{26}$/);
    assert.equal(sent.status, 'delivered');
    const [message, reply] = await eventually('the answer is in the history', async () => {
      const found = await test.history({ conversationId: 'c-sent' });
      return found.length === 2 && found;
    });
    assert.equal(message?.messageId, sent.messageId);
    assert.deepEqual(contentValue(message!), { a: [1, 'ä'] });
    assert.equal(message?.receiver, test.runtime.agents.get('echo').agentId);
    assert.equal(reply?.inReplyTo, sent.messageId);
    assert.equal(reply?.receiver, 'tester');
  });

  it('have the time at which they were accepted, however long their sender goes on', async () => {
    await test.deploy('send-then-work');
    await test.ask('send-then-work', 1, { conversation_id: 'c-times' });
    const [asked, replied] = await test.history({ conversationId: 'c-times' });
    const { handlingTotalUs } = test.runtime.agents.get('send-then-work');
    assert.ok(handlingTotalUs > 0);
    // It wrote its answer first, and then worked for nearly all of that time.
    const passedUs = (replied?.timestampUs ?? 0) - (asked?.timestampUs ?? 0);
    assert.ok(passedUs > handlingTotalUs / 2, `${passedUs} of ${handlingTotalUs} µs`);
  });

  it('begin a conversation where they name none', async () => {
    const { reply, messageId } = await test.ask('echo', 1);
    assert.equal(reply.conversationId, `conv_${messageId.slice(4)}`);
  });

  it('are answered to whoever waits, by name or by id of the agent', async () => {
    const byName = await test.ask('echo', { by: 'name' });
    assert.equal(byName.status, 'replied');
    assert.deepEqual(contentValue(byName.reply), { by: 'name' });
    const { agentId } = test.runtime.agents.get('echo');
    assert.deepEqual(await test.askContent(agentId, { by: 'id' }), { by: 'id' });
  });

  it('are not sent when another caller waits for the same answer', async () => {
    const fields = { conversation_id: 'c-same', reply_with: 'r-same' };
    const first = test.ask('bob', 1, fields);
    await assert.rejects(test.ask('bob', 2, fields), refusal('CONFLICT', { field: 'reply_with' }));
    const kept = { idempotencyKey: 'k-same' };
    await assert.rejects(test.ask('bob', 3, fields, kept), refusal('CONFLICT'));
    await answer('c-same', 'r-same', 'inform', 'here');
    assert.deepEqual(contentValue((await first).reply), 'here');
    const history = await test.history({ conversationId: 'c-same' });
    assert.deepEqual(history.map(contentValue), [1, 'here']);
  });

  it('end the wait with TIMEOUT, and a late answer reaches history and streams', async () => {
    const seen: string[] = [];
    test.runtime.events.subscribe({ filter: { conversationId: 'c-late' } }, (json) =>
      seen.push(json),
    );
    const fields = { conversation_id: 'c-late', reply_with: 'r-late' };
    await assert.rejects(
      test.ask('bob', 'anybody there?', fields, { timeoutMs: 40 }),
      refusal('TIMEOUT', { timeout_ms: 40 }),
    );
    await answer('c-late', 'r-late', 'inform', 'late');
    const history = await test.history({ conversationId: 'c-late' });
    assert.deepEqual(history.map(contentValue), ['anybody there?', 'late']);
    assert.equal(seen.length, 2);
  });

  it('take agree for the answer, unless the final one is asked for', async () => {
    const first = test.ask('bob', 1, { conversation_id: 'c-1', reply_with: 'r' });
    await answer('c-1', 'r', 'agree', 'soon');
    assert.equal((await first).reply.performative, 'agree');

    const fields = { conversation_id: 'c-2', reply_with: 'r' };
    const final = test.ask('bob', 1, fields, { until: 'final' });
    await answer('c-2', 'r', 'agree', 'soon');
    await answer('c-2', 'r', 'inform', 'done');
    assert.deepEqual(contentValue((await final).reply), 'done');
  });

  it('are answered only within their conversation and by their reply_with', async () => {
    const asked = test.ask('bob', 1, { conversation_id: 'c-mine', reply_with: 'r' });
    await answer('c-other', 'r', 'inform', 'wrong conversation');
    await answer('c-mine', 'another', 'inform', 'wrong reply_with');
    await answer('c-mine', 'r', 'inform', 'right');
    assert.equal(contentValue((await asked).reply), 'right');
  });

  it('can not be sent in the name of an agent', async () => {
    const { agentId } = test.runtime.agents.get('echo');
    for (const sender of ['echo', agentId]) {
      await assert.rejects(
        test.send('echo', 1, { sender }),
        refusal('FORBIDDEN', { field: 'sender' }),
      );
    }
  });

  it('can not be sent in the name of a group, which would get the answer', async () => {
    for (const sender of ['capability:work', 'broadcast:work']) {
      await assert.rejects(
        test.send('echo', 1, { sender }),
        refusal('INVALID_REQUEST', { field: 'sender' }),
      );
    }
  });

  it('to nobody that is known are refused and leave no trace', async () => {
    await test.until('echo', 'idle');
    await test.store.durable();
    const before = test.store.stats().historyMessages;
    for (const receiver of ['nobody', 'capability:none', 'broadcast:none', 'agent_1', 'conv_1']) {
      await assert.rejects(test.send(receiver, 1), refusal('AGENT_NOT_FOUND'));
      await assert.rejects(test.ask(receiver, 1), refusal('AGENT_NOT_FOUND'));
    }
    await test.store.durable();
    assert.equal(test.store.stats().historyMessages, before);
  });

  it('to a client that polls its history are accepted from then on', async () => {
    await assert.rejects(test.send('poller', 1), refusal('AGENT_NOT_FOUND'));
    await test.history({ receiver: 'poller' });
    assert.equal((await test.send('poller', 1)).status, 'delivered');
    assert.equal((await test.history({ receiver: 'poller' })).length, 1);
  });

  it('under one idempotency key are sent once, for each sender', async () => {
    const options = { idempotencyKey: 'key-1' };
    const first = await test.send('echo', 1, { conversation_id: 'c-key' }, options);
    const again = await test.send('echo', 2, { conversation_id: 'c-key' }, options);
    assert.deepEqual(again, first);
    const other = await test.send('echo', 3, { sender: 'bob' }, options);
    assert.notEqual(other.messageId, first.messageId);
    await test.until('echo', 'idle');
    assert.equal((await test.history({ conversationId: 'c-key', sender: 'tester' })).length, 1);
  });

  it('that wait under one idempotency key share the answer, also at the same time', async () => {
    const ask = () => test.ask('echo', 'once', {}, { idempotencyKey: 'key-2' });
    const [one, two] = await Promise.all([ask(), ask()]);
    assert.equal(one.messageId, two.messageId);
    assert.equal((await ask()).reply.messageId, one.reply.messageId);
  });

  it('whose first attempt was refused may be tried again under the same key', async () => {
    const options = { idempotencyKey: 'key-3' };
    await assert.rejects(test.send('later', 1, {}, options), refusal('AGENT_NOT_FOUND'));
    test.runtime.clients.see('later');
    assert.equal((await test.send('later', 1, {}, options)).status, 'delivered');
  });

  it('that the disk failed are not sent again under their key', async () => {
    const options = { idempotencyKey: 'key-4', persist: true };
    const fields = { conversation_id: 'c-disk' };
    await whileDiskFails(async () => {
      for (let i = 0; i < 3; i++) {
        await assert.rejects(test.send('bob', i, fields, options), refusal('UNAVAILABLE'));
      }
    });
    const sent = await eventually('it is on disk', () =>
      test.send('bob', 4, fields, options).catch(() => undefined),
    );
    const found = await test.history({ conversationId: 'c-disk' });
    assert.deepEqual(
      found.map(({ messageId }) => messageId),
      [sent.messageId],
    );
  });

  it('that were not answered in time are waited for again under their key', async () => {
    const fields = { conversation_id: 'c-again', reply_with: 'r' };
    const options = { idempotencyKey: 'key-5', timeoutMs: 1 };
    const sent = await test.send('bob', 1, fields, options);
    for (let i = 0; i < 2; i++) {
      const late = refusal('TIMEOUT', { message_id: sent.messageId });
      await assert.rejects(test.ask('bob', i, fields, options), late);
    }
    const again = test.ask('bob', 2, fields, { idempotencyKey: 'key-5' });
    await answer('c-again', 'r', 'agree', 'soon');
    const first = await again;
    assert.equal(first.messageId, sent.messageId);
    assert.equal(contentValue(first.reply), 'soon');
    // It comes when nobody waits for it.
    await answer('c-again', 'r', 'inform', 'done');
    const final = { idempotencyKey: 'key-5', until: 'final' } as const;
    assert.equal(contentValue((await test.ask('bob', 3, fields, final)).reply), 'done');
    const result = await test.send('bob', 4, fields, options);
    assert.equal(result.messageId, sent.messageId);
    const requests = await test.history({ conversationId: 'c-again', performative: 'request' });
    assert.equal(requests.length, 1);
  });

  it('to be persisted are on disk when they are answered', async () => {
    const sent = await test.send('echo', 'keep', {}, { persist: true });
    // Reads see what is committed, and nothing else was waited for.
    assert.equal((await test.store.message(sent.messageId))?.messageId, sent.messageId);
  });

  it('refuse a second wait for the same answer', async () => {
    const fields = { conversation_id: 'c-twice', reply_with: 'r' };
    const first = test.ask('bob', 1, fields);
    await assert.rejects(test.ask('bob', 1, fields), refusal('CONFLICT', { field: 'reply_with' }));
    await answer('c-twice', 'r', 'inform', 'done');
    assert.equal(contentValue((await first).reply), 'done');
  });

  it('whose caller leaves end the wait, and their answer comes all the same', async () => {
    const caller = { gone: false, waiting: undefined as Awaited | undefined };
    const asked = test.ask('bob', 1, { conversation_id: 'c-left', reply_with: 'r' }, { caller });
    await sleep(1);
    caller.waiting?.callerGone();
    await assert.rejects(asked, refusal('UNAVAILABLE'));
    await answer('c-left', 'r', 'inform', 'x');
    assert.equal((await test.history({ conversationId: 'c-left' })).length, 2);
  });
});

it('a send to be persisted is refused where no history is kept', async () => {
  await withRuntime({ history: { enabled: false } }, async (test) => {
    await test.deploy('echo');
    const refused = refusal('INVALID_REQUEST', { field: 'options.persist' });
    await assert.rejects(test.send('echo', 1, {}, { persist: true }), refused);
    await assert.rejects(test.ask('echo', 1, {}, { persist: true }), refused);
    assert.equal(await test.askContent('echo', 1), 1);
  });
});

describe('a runtime that stops', () => {
  it('answers what it has accepted, and accepts nothing more', async () => {
    const test = await startTestRuntime();
    await test.deploy('slow-agent', { name: 'slow' });
    const asked = Array.from({ length: 20 }, (_, i) => test.askContent('slow', i));
    const closed = test.close();
    await assert.rejects(test.send('slow', 'late'), refusal('UNAVAILABLE'));
    assert.deepEqual(
      await Promise.all(asked),
      Array.from({ length: 20 }, (_, i) => i),
    );
    await closed;
  });
});

describe('messages to providers of a capability', () => {
  it('reach one of them, the one with the least before it', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('slow-agent', { name: 'busy', capabilities: ['work'] });
      await test.deploy('echo', { name: 'free', capabilities: ['work:1.2'] });
      for (let i = 0; i < 5; i++) await test.send('busy', i);
      const { reply } = await test.ask('capability:work', 'do');
      assert.equal(reply.sender, test.runtime.agents.get('free').agentId);
    });
  });

  it('reach all of them by broadcast, each under an id of its own', async () => {
    await withRuntime({}, async (test) => {
      for (const name of ['a', 'b', 'c']) {
        await test.deploy('echo', { name, capabilities: ['work'] });
      }
      await test.deploy('echo', { name: 'other' });
      const sent = await test.send('broadcast:work', 'all', { conversation_id: 'c-all' });
      const history = await eventually('three answers', async () => {
        const found = await test.history({ conversationId: 'c-all' });
        return found.length === 6 && found;
      });
      const requests = history.filter((message) => message.performative === 'request');
      assert.equal(new Set(requests.map((message) => message.messageId)).size, 3);
      assert.equal(new Set(requests.map((message) => message.receiver)).size, 3);
      assert.ok(requests.some((message) => message.messageId === sent.messageId));
    });
  });

  it('are refused by all when one of them has no room', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('slow-agent', {
        name: 'full',
        capabilities: ['work'],
        resources: { mailbox: 1 },
      });
      await test.deploy('echo', { name: 'free', capabilities: ['work'] });
      await test.send('full', 1);
      await assert.rejects(
        test.send('broadcast:work', 1, { conversation_id: 'c-none' }),
        refusal('RESOURCE_LIMIT_EXCEEDED', { resource: 'mailbox' }),
      );
      assert.deepEqual(await test.history({ conversationId: 'c-none' }), []);
    });
  });

  it('find none when the only one is stopped', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo', { name: 'one', capabilities: ['work'] });
      test.runtime.agents.stop('one', 1, true);
      await test.until('one', 'stopped');
      await assert.rejects(
        test.send('capability:work', 1),
        refusal('AGENT_NOT_FOUND', { capability: 'work' }),
      );
    });
  });
});
