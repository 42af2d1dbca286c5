import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonClient, type Message } from '@caxton/sdk';

const client = new CaxtonClient({ endpoint: 'http://127.0.0.1:9' });

/** Never called: the compiler is the test, which fails where an expected error is none. */
const typed = {
  acts: () => [
    client.sendMessage({ performative: 'query-ref', receiver: 'a' }),
    // @ts-expect-error: no such act
    client.sendMessage({ performative: 'reqest', receiver: 'a' }),
    // @ts-expect-error: no such act
    client.fast().send({ performative: 'infrm', receiver: 'a' }),
    // @ts-expect-error: no such act
    client.onMessage({ performatives: ['infrm'] }, () => {}),
    // @ts-expect-error: no such act
    client.listMessages({ performative: 'infrm' }),
  ],
  replies: async (): Promise<Message[]> => {
    const message = { performative: 'request', receiver: 'a' } as const;
    const { reply } = await client.sendMessage({ ...message, wait: true });
    const sent = await client.sendMessage(message);
    // @ts-expect-error: nobody waited for it
    const none: Message = sent.reply;
    return [reply, none, await client.sendMessageAndWait(message)];
  },
  subscriptions: () => [
    // @ts-expect-error: no such type
    client.subscribe({ events: ['agent.faild'] }, () => {}),
    client.subscribe({ events: ['agent.failed'] }, (frame) => frame.error.message),
    client.subscribe({ events: ['task.*'] }, (frame) => frame.task_id),
    // @ts-expect-error: no message was asked for
    client.subscribe({ events: ['agent.*'] }, (frame) => frame.message),
    client.subscribe({ filter: {} }, (frame) => frame.message.sender),
    client.subscribe({ client_id: 'me', events: ['task.completed'] }, (frame) =>
      frame.type === 'message' ? frame.message.sender : frame.task_id,
    ),
  ],
  strategies: (agent_id: string, wasmModule: Uint8Array) => [
    client.createDeployment({ agent_id, wasmModule, strategy: { type: 'rolling', batch_size: 2 } }),
    client.createDeployment({
      agent_id,
      wasmModule,
      // @ts-expect-error: of another strategy
      strategy: { type: 'canary', batch_size: 2 },
    }),
    // @ts-expect-error: no such strategy
    client.createDeployment({ agent_id, wasmModule, strategy: { type: 'canery' } }),
  ],
};

test('acts, events, their fields, replies and strategies are typed', () => {
  assert.deepEqual(Object.keys(typed), ['acts', 'replies', 'subscriptions', 'strategies']);
});
