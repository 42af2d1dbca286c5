import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { contentValue } from '../../src/fipa/message.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, startTestRuntime, type TestRuntime } from '../support/runtime.js';

/** Guests that fail a request, and what the sender is told. */
const FAILURES: ReadonlyArray<readonly [guest: string, code: string, resource?: string]> = [
  ['returns-nonzero', 'MESSAGE_DELIVERY_FAILED'],
  ['trap-unreachable', 'MESSAGE_DELIVERY_FAILED'],
  ['trap-div-zero', 'MESSAGE_DELIVERY_FAILED'],
  ['trap-oob-memory', 'MESSAGE_DELIVERY_FAILED'],
  ['trap-indirect-type', 'MESSAGE_DELIVERY_FAILED'],
  ['bad-pointer-send', 'MESSAGE_DELIVERY_FAILED'],
  ['bad-pointer-negative', 'MESSAGE_DELIVERY_FAILED'],
  ['alloc-out-of-range', 'MESSAGE_DELIVERY_FAILED'],
  ['as-abort', 'MESSAGE_DELIVERY_FAILED'],
  ['wasi-proc-exit', 'MESSAGE_DELIVERY_FAILED'],
  ['alloc-refuses', 'RESOURCE_LIMIT_EXCEEDED', 'memory'],
  ['loop-br', 'RESOURCE_LIMIT_EXCEEDED', 'fuel'],
  ['recursion-deep', 'MESSAGE_DELIVERY_FAILED'],
];

describe('a message that its agent fails', () => {
  let test: TestRuntime;
  before(async () => {
    test = await startTestRuntime();
    for (const [guest] of FAILURES) await test.deploy(guest);
    await test.deploy('failing-once');
  });
  after(() => test.close());

  for (const [guest, code, resource] of FAILURES) {
    it(`is answered with a failure and lies in the dead letters: ${guest}`, async () => {
      const events = test.events('message.failed');
      const fields = { conversation_id: `c-${guest}`, reply_with: 'r', protocol: 'fipa-request' };
      const { reply, messageId } = await test.ask(guest, { n: 1 }, fields);
      const { agentId } = test.runtime.agents.get(guest);
      assert.equal(reply.performative, 'failure');
      assert.equal(reply.sender, agentId);
      assert.equal(reply.inReplyTo, 'r');
      assert.equal(reply.conversationId, `c-${guest}`);
      assert.equal(reply.protocol, 'fipa-request');
      const { error } = contentValue(reply) as { error: Record<string, unknown> };
      assert.equal(error.code, code);
      assert.equal(error.resource, resource);
      assert.equal(typeof error.message, 'string');
      const [letter] = await test.deadLetters(guest);
      assert.equal(letter?.message.messageId, messageId);
      assert.equal(letter?.agentId, agentId);
      assert.deepEqual(contentValue(letter!.message), { n: 1 });
      assert.equal(letter?.error.code, code);
      assert.deepEqual(
        events.map((event) => [event.message_id, event.agent_id]),
        [[messageId, agentId]],
      );
      assert.equal(test.runtime.agents.get(guest).messagesFailed, 1);
    });
  }

  it('names the fuel that it had', async () => {
    await test.deploy('loop-br', { name: 'loop-small', resources: { cpu: '50000' } });
    const error = await test.askFailure('loop-small');
    assert.equal(error.resource, 'fuel');
    assert.equal(error.limit, 50_000);
  });

  it('is told to reply_to, where that is given', async () => {
    test.runtime.clients.see('secretary');
    await test.send('returns-nonzero', 1, { reply_to: 'secretary', conversation_id: 'c-to' });
    const [failure] = await eventually('the failure', async () => {
      const found = await test.history({ receiver: 'secretary' });
      return found.length === 1 && found;
    });
    assert.equal(failure?.performative, 'failure');
  });

  it('is handled once more on a retry, under its own id', async () => {
    const { messageId } = await test.ask('failing-once', 'boom', { conversation_id: 'c-retry' });
    await eventually('a dead letter', () => test.runtime.deadLetters.get(messageId));
    const again = await test.runtime.deadLetters.retry(messageId);
    assert.equal(again.messageId, messageId);
    const failures = await eventually('a second failure', async () => {
      const found = await test.history({ conversationId: 'c-retry', performative: 'failure' });
      return found.length === 2 && found;
    });
    assert.ok(failures.every((failure) => failure.inReplyTo === messageId));
    // The message itself is in the history once, and in the dead letters again.
    assert.equal((await test.history({ conversationId: 'c-retry' })).length, 3);
    assert.equal((await test.deadLetters('failing-once')).length, 1);
  });

  it('leaves the dead letters when a retry is handled, and stays there when it is refused', async () => {
    await test.deploy('slow-agent', { name: 'pausing' });
    for (let i = 0; i < 20; i++) await test.send('pausing', i);
    test.runtime.agents.stop('pausing', 0, false);
    const [letter] = await eventually('a message that was not handled', async () => {
      const letters = await test.deadLetters('pausing');
      return letters.length > 0 && letters;
    });
    const messageId = letter?.message.messageId as string;
    await eventually('the agent has stopped', () => {
      return test.runtime.agents.get('pausing').state === 'stopped';
    });
    await assert.rejects(test.runtime.deadLetters.retry(messageId), refusal('UNAVAILABLE'));
    assert.ok(await test.runtime.deadLetters.get(messageId), 'a refused retry keeps the letter');
    await test.runtime.agents.start('pausing');
    await test.runtime.deadLetters.retry(messageId);
    assert.equal(await test.runtime.deadLetters.get(messageId), undefined);
    await assert.rejects(test.runtime.deadLetters.retry(messageId), refusal('NOT_FOUND'));
  });

  it('is handled once by two retries at the same time', async () => {
    const { messageId } = await test.ask('failing-once', 'boom', { conversation_id: 'c-twice' });
    await eventually('a dead letter', () => test.runtime.deadLetters.get(messageId));
    const retries = [1, 2].map(() => test.runtime.deadLetters.retry(messageId));
    const outcomes = (await Promise.allSettled(retries)).map(({ status }) => status);
    assert.deepEqual(outcomes.sort(), ['fulfilled', 'rejected']);
  });
});

describe('failures between agents', () => {
  it('come to rest: a failed failure is not answered', async () => {
    const test = await startTestRuntime();
    try {
      // Each fails whatever it gets, so a failure that were answered would go to and fro for ever.
      await test.deploy('returns-nonzero', { name: 'first' });
      await test.deploy('forwarder', { environment: { to: 'first' } });
      await test.send('forwarder', 1);
      const failure = await eventually('the forwarder is told', async () =>
        (await test.history({ receiver: 'forwarder', performative: 'failure' })).at(0),
      );
      assert.equal(failure.sender, test.runtime.agents.get('first').agentId);

      const told = { performative: 'failure', conversation_id: 'c-rest' };
      await test.send('first', 'x', { ...told, sender: 'tester' });
      await test.until('first', 'idle');
      assert.equal((await test.history({ conversationId: 'c-rest' })).length, 1);
      assert.equal((await test.deadLetters('first')).length, 2);
    } finally {
      await test.close();
    }
  });

  it('tell an agent that its message could not be delivered', async () => {
    const test = await startTestRuntime();
    try {
      await test.deploy('forwarder', { environment: { to: 'nobody' } });
      await test.send('forwarder', 'lost');
      const failure = await eventually('the forwarder is told', async () =>
        (await test.history({ receiver: 'forwarder', performative: 'failure' })).at(0),
      );
      assert.equal(failure.sender, 'nobody');
      const { error } = contentValue(failure) as { error: { code: string } };
      assert.equal(error.code, 'AGENT_NOT_FOUND');
      const [letter] = await test.deadLetters();
      assert.equal(letter?.message.receiver, 'nobody');
      assert.equal(contentValue(letter!.message), 'lost');
    } finally {
      await test.close();
    }
  });

  it('of a full mailbox reach the agent that wrote, and lose nothing', async () => {
    const test = await startTestRuntime();
    try {
      await test.deploy('slow-agent', { name: 'slow', resources: { mailbox: 2 } });
      await test.deploy('forwarder', { environment: { to: 'slow' } });
      for (let i = 0; i < 20; i++) await test.send('forwarder', i);
      await test.until('forwarder', 'idle');
      await test.until('slow', 'idle');
      const answered = (await test.history({ sender: 'slow', performative: 'inform' })).length;
      const letters = await test.deadLetters();
      assert.ok(letters.every((letter) => letter.error.details.resource === 'mailbox'));
      assert.ok(letters.length > 0);
      assert.equal(answered + letters.length, 20);
    } finally {
      await test.close();
    }
  });
});

describe('an agent that sends many messages at once that are refused', () => {
  const EACH = 30;
  let test: TestRuntime;
  before(async () => {
    test = await startTestRuntime();
    await test.deploy('echo', { name: 'sleeper' });
    test.runtime.agents.stop('sleeper', 0, false);
    const guest = new GuestBuilder().add('(global $sent (mut i32) (i32.const 0))');
    const send = (receiver: string): string => {
      const message = guest.json({ performative: 'inform', receiver, content: 1 });
      return `(drop (call ${guest.use('send_message')} ${message}))`;
    };
    // Once only: what it is told about it comes to it as messages too.
    const body = `(if (i32.eqz (global.get $sent)) (then
        (global.set $sent (i32.const 1))
        ${send('nobody').repeat(EACH)}
        ${send('sleeper').repeat(EACH)}))
      (i32.const 0)`;
    await test.deploy(await compileWat('flooder', guest.build(body)), { name: 'flooder' });
  });
  after(() => test.close());

  it('gets a failure for each of the first, and one that counts the rest by their errors', async () => {
    await test.send('flooder', 'go');
    const failures = await eventually('the failures', async () => {
      const found = await test.history({ receiver: 'flooder', performative: 'failure' });
      return found.length > LIMITS.refused_sends_buried && found;
    });
    await test.until('flooder', 'idle');
    assert.equal(failures.length, LIMITS.refused_sends_buried + 1);
    const errors = failures.map(
      (failure) => (contentValue(failure) as { error: Record<string, unknown> }).error,
    );
    const summary = errors.find((error) => 'refused' in error);
    assert.ok(summary);
    const unheard = EACH - LIMITS.refused_sends_buried;
    assert.equal(summary.code, 'MESSAGE_DELIVERY_FAILED');
    assert.equal(summary.refused, unheard + EACH);
    assert.deepEqual(summary.codes, { AGENT_NOT_FOUND: unheard, UNAVAILABLE: EACH });
    assert.equal(errors.filter((error) => error.code === 'AGENT_NOT_FOUND').length, 16);
    const [failure] = failures.filter((_, index) => errors[index] === summary);
    assert.equal(failure?.sender, test.runtime.agents.get('flooder').agentId);
  });
});
