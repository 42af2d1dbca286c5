import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMessage, type Message } from '../../src/fipa/message.js';
import { Inboxes } from '../../src/runtime/inboxes.js';

function to(receiver: string): Message {
  return { ...emptyMessage('inform'), receiver };
}

test('an inbox is found by the receiver’s name, from when it is opened to when it is closed', () => {
  const inboxes = new Inboxes();
  const taken: Message[] = [];
  assert.equal(inboxes.of(to('task_1')), undefined);
  inboxes.open('task_1', {
    take: (message) => taken.push(message),
    conversationFor: () => 'conv_1',
  });
  assert.ok(inboxes.has('task_1'));
  assert.equal(inboxes.of(to('task_2')), undefined);
  const message = to('task_1');
  inboxes.of(message)?.take(message);
  assert.equal(inboxes.of(message)?.conversationFor(message), 'conv_1');
  assert.deepEqual(taken, [message]);
  inboxes.close('task_1');
  assert.ok(!inboxes.has('task_1'));
  assert.equal(inboxes.of(message), undefined);
});
