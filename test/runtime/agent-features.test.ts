import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentValue } from '../../src/fipa/message.js';
import { eventually } from '../support/eventually.js';
import { refusal, withRuntime } from '../support/runtime.js';

describe('timers of agents', () => {
  it('come due and can answer who asked', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('timer-agent');
      const first = await test.askContent('timer-agent', {});
      const second = await test.askContent('timer-agent', {});
      assert.deepEqual([first, second], [{ timer: 1 }, { timer: 2 }]);
    });
  });

  it('that were taken back do not come', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('timer-agent');
      await test.send('timer-agent', {});
      await test.send('timer-agent', {}, { performative: 'cancel' });
      await test.until('timer-agent', 'idle');
      await sleep(100);
      assert.deepEqual(await test.history({ sender: 'timer-agent' }), []);
      assert.equal(test.runtime.agents.get('timer-agent').messagesFailed, 0);
    });
  });

  it('end with the agent', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('timer-agent');
      await test.send('timer-agent', {});
      test.runtime.agents.stop('timer-agent', 1, true);
      await test.until('timer-agent', 'stopped');
      await test.runtime.agents.start('timer-agent');
      await sleep(100);
      assert.deepEqual(await test.history({ sender: 'timer-agent' }), []);
    });
  });
});

describe('copies for agents that subscribe', () => {
  it('come of what others write to each other, once each, and not of copies', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      await test.deploy('echo');
      const environment = { filter: '{"performatives":["inform"]}' };
      await test.deploy('subscriber-agent', { name: 'one', environment });
      await test.deploy('subscriber-agent', { name: 'two', environment });
      for (let i = 0; i < 5; i++) await test.ask('echo', i);
      const answer = await eventually('five copies', async () => {
        const content = (await test.askContent('one', {})) as { copies: number };
        return content.copies >= 5 && content;
      });
      // Each of the two also saw what the other answered meanwhile, and never its own.
      assert.deepEqual(answer, { result: 0, copies: 5 });
      // Copies are no messages of their own: the history has none of them.
      const history = await test.history({ receiver: 'one' });
      assert.ok(history.every((message) => message.performative === 'request'));
    });
  });

  it('are only of the agents that the filter names', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo', { name: 'watched' });
      await test.deploy('echo', { name: 'other' });
      const environment = { filter: '{"agents":["watched"],"performatives":["inform"]}' };
      await test.deploy('subscriber-agent', { environment });
      await test.ask('other', 1);
      await test.ask('watched', 1);
      await eventually('one copy', async () => {
        const content = (await test.askContent('subscriber-agent', {})) as { copies: number };
        return content.copies === 1;
      });
    });
  });

  it('end when the agent is removed', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo');
      await test.deploy('subscriber-agent');
      await test.runtime.agents.remove('subscriber-agent');
      await test.ask('echo', 1);
      assert.equal((await test.deadLetters()).length, 0);
    });
  });
});

describe('copies that find a full mailbox', () => {
  it('are counted, and told to the agent in one line for many', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('subscriber-agent', { resources: { mailbox: 1 } });
      await test.deploy('echo');
      const inform = () => test.message('echo', 1, { performative: 'inform' });
      // In one turn, in which no mailbox is emptied.
      for (let i = 0; i < 50; i++) test.runtime.messages.send(inform(), {});
      assert.match(await test.runtime.metrics.prometheus(), /^caxton_copies_dropped_total 49$/m);
      const lines = test.runtime.agents.logs('subscriber-agent', 100).map(({ text }) => text);
      const told = lines.filter((line) =>
        line.includes('subscribe_messages asked for were dropped'),
      );
      assert.ok(told.length >= 1 && told.length < 10, lines.join('; '));
    });
  });
});

describe('capabilities', () => {
  it('that an agent registers add to those of its config', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('capability-flood', {
        name: 'provider',
        capabilities: ['given:2'],
        resources: { cpu: '100000000' },
      });
      await assert.rejects(test.send('capability:capability-1', {}), refusal('AGENT_NOT_FOUND'));
      const answer = await test.askContent('capability:given', {});
      assert.deepEqual(answer, { accepted: 64, result: -3 });
      const { capabilities, agentId } = test.runtime.agents.get('provider');
      assert.equal(capabilities.length, 65);
      const own = capabilities.find((name) => name.startsWith('capability-'));
      const { reply } = await test.ask(`capability:${own}`, {});
      assert.equal(reply.sender, agentId);
    });
  });
});

describe('the log of an agent', () => {
  it('keeps what it wrote, also of a message that failed', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('log-agent');
      await test.ask('log-agent', 'hello');
      const lines = test.runtime.agents.logs('log-agent', 10);
      assert.deepEqual(
        lines.map((line) => [line.level, line.text]),
        [
          ['info', 'log: "hello"'],
          ['error', 'error: "hello"'],
        ],
      );
      await test.deploy('as-abort');
      await test.askFailure('as-abort');
      assert.ok(test.runtime.agents.logs('as-abort', 10).length <= 1);
    });
  });
});

describe('an agent that speaks MessagePack', () => {
  it('is written to and answers like any other', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('msgpack-echo');
      const content = { text: 'äöü € 😀', list: [1, -2, 3.5, null, true], deep: { a: [] } };
      const { reply } = await test.ask('msgpack-echo', content);
      assert.deepEqual(contentValue(reply), content);
      assert.deepEqual((await test.history({ sender: 'msgpack-echo' })).map(contentValue), [
        content,
      ]);
    });
  });
});
