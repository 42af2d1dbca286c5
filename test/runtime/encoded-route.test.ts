import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentValue } from '../../src/fipa/message.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { type TestRuntime, withRuntime } from '../support/runtime.js';

/** An agent that sends this message for each that it gets. */
async function sender(message: object): Promise<Uint8Array> {
  const guest = new GuestBuilder();
  return compileWat(
    'sender',
    guest.build(`(call ${guest.use('send_message')} ${guest.json(message)})`),
  );
}

/** An agent that takes whatever comes. */
async function sink(): Promise<Uint8Array> {
  return compileWat('sink', new GuestBuilder().build());
}

const CONTENT = { text: 'Grüße', n: [1, 2] };

async function relay(test: TestRuntime, fields: object = {}) {
  const { agentId: from } = await test.deploy(
    await sender({ performative: 'inform', receiver: 'sink', content: CONTENT, ...fields }),
    { name: 'from' },
  );
  const { agentId: to } = await test.deploy(await sink(), { name: 'sink' });
  return { from, to };
}

async function sentBy(test: TestRuntime, from: string, to: string) {
  await test.until('from', 'idle');
  await test.until('sink', 'idle');
  const messages = await test.history({ sender: from });
  for (const message of messages) {
    assert.equal(message.receiver, to, 'the history names the receiver by its id');
    assert.deepEqual(contentValue(message), CONTENT);
    assert.match(message.conversationId, /^conv_/);
  }
  return messages;
}

test('an agent is written to by its name, heard or not', () =>
  withRuntime({}, async (test) => {
    const { from, to } = await relay(test);
    await test.send('from', {});
    assert.equal((await sentBy(test, from, to)).length, 1);
    const heard = test.events('message.delivered');
    await test.send('from', {});
    const messages = await sentBy(test, from, to);
    assert.equal(messages.length, 2);
    const told = heard.filter((event) => JSON.stringify(event).includes(from));
    assert.ok(told.some((event) => JSON.stringify(event).includes(messages[1]!.messageId)));
    assert.equal(test.runtime.agents.get('sink').messagesProcessed, 2);
  }));

test('an agent is written to by its name in a protocol, and what it says is checked', () =>
  withRuntime({ protocols: { mode: 'warn' } }, async (test) => {
    const { from, to } = await relay(test, {
      performative: 'request',
      protocol: 'fipa-request',
      conversation_id: 'conv_of_theirs',
    });
    const told = test.events('conversation.started', 'conversation.violation');
    await test.send('from', {});
    assert.equal((await sentBy(test, from, to)).length, 1);
    assert.deepEqual(
      told.map(({ type }) => type),
      ['conversation.started'],
    );
    await test.send('from', {});
    assert.equal((await sentBy(test, from, to)).length, 2);
    // A second request is not legal before the first is answered.
    assert.equal(told.at(-1)?.type, 'conversation.violation');
  }));

test('a name leads to another agent as soon as another has it', () =>
  withRuntime({}, async (test) => {
    const { from, to } = await relay(test);
    await test.send('from', {});
    await sentBy(test, from, to);
    await test.runtime.agents.remove('sink');
    const { agentId: next } = await test.deploy(await sink(), { name: 'sink' });
    await test.send('from', {});
    await test.until('from', 'idle');
    await test.until('sink', 'idle');
    const receivers = (await test.history({ sender: from })).map(({ receiver }) => receiver);
    assert.deepEqual(receivers, [to, next]);
    assert.equal(test.runtime.agents.get('sink').messagesProcessed, 1);
  }));
