import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import { FaultyThreads } from '../support/faulty-threads.js';
import { withRuntime } from '../support/runtime.js';

let threads: FaultyThreads;
before(() => {
  threads = new FaultyThreads();
});
after(() => threads.close());

test('a worker that is ended for one message leaves alone the one that it has come to meanwhile', async () => {
  await withRuntime({ workers: 1, supervision: { delivery_tries: 1 } }, async (test) => {
    await test.deploy('counter', { name: 'late', resources: { max_message_ms: 100 } });
    await test.deploy('counter', { name: 'next' });
    const add = (name: string, note: string) =>
      test.askContent(name, { action: 'add', amount: 1, note });
    threads.arm('taken', 'goes on', 'too long');
    const late = add('late', 'too long');
    const thread = await threads.standing();
    const next = add('next', 'then this');
    const end = thread.terminate.bind(thread);
    let told = false;
    thread.terminate = () => {
      told = true;
      return new Promise(() => undefined);
    };
    await eventually('the watchdog ends it', () => told);
    threads.arm('taken', 'is terminated', 'then this');
    threads.board.strike();
    await threads.standing();
    await end();
    // The one was done when the thread came to its end, the other never had a worker of its own.
    assert.deepEqual(await Promise.all([late, next]), [{ count: 1 }, { count: 1 }]);
    assert.deepEqual(await test.deadLetters(), []);
    assert.deepEqual(await add('next', ''), { count: 2 });
    assert.equal(test.runtime.agents.get('next').messagesFailed, 0);
  });
});

test('an instance whose worker dies while others of its agent are started comes back', async () => {
  await withRuntime({ workers: 2 }, async (test) => {
    threads.arm('starting', 'goes on', 'several', 2);
    const deployed = test.deploy('counter', { name: 'several', resources: { instances: 2 } });
    const first = await threads.standing();
    threads.board.strike();
    const second = await threads.standing();
    assert.notEqual(first, second);
    await first.terminate();
    await eventually('its successor is there', () => threads.all.length === 2);
    // Time for it to be ready, and for the instance to come back too early.
    await sleep(1_000);
    threads.board.strike();
    assert.equal((await deployed).state, 'running');
    await eventually('both take messages', () =>
      test.runtime.agents.get('several').instances.every(({ ready }) => ready),
    );
  });
});

test('a message is not lost when its worker dies while the server stops', async () => {
  await withRuntime({ workers: 1 }, async (test) => {
    test.runtime.clients.see('sender');
    await test.deploy('counter');
    await test.deploy('counter', { name: 'beside' });
    threads.arm('called', 'exits', 'at the end');
    const add = (name: string, note: string) =>
      test.send(name, { action: 'add', amount: 1, note }, { sender: 'sender' });
    const inHand = await add('counter', 'at the end');
    await threads.standing();
    const behind = await add('beside', '');
    const stopped = test.runtime.stop();
    await threads.strike('exits');
    await stopped;
    const told = await test.history({ receiver: 'sender' });
    const letters = (await test.deadLetters()).map(({ message }) => message.messageId);
    for (const { messageId } of [inHand, behind]) {
      // It depends on how soon another thread is there.
      const [answer, ...others] = told.filter(({ inReplyTo }) => inReplyTo === messageId);
      const failed = letters.includes(messageId);
      assert.equal(answer?.performative, failed ? 'failure' : 'inform');
      assert.deepEqual(others, []);
    }
  });
});
