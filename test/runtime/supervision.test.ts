import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../src/base/limits.js';
import { contentValue } from '../../src/fipa/message.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, withRuntime } from '../support/runtime.js';

describe('an instance that trapped', () => {
  it('is replaced, its data stays, and what waited meanwhile is handled in order', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('failing-once');
      for (let i = 0; i < 3; i++) await test.send('failing-once', i, { conversation_id: 'c' });
      await test.send('failing-once', 'boom', { conversation_id: 'c' });
      for (let i = 3; i < 40; i++) await test.send('failing-once', i, { conversation_id: 'c' });
      await test.until('failing-once', 'idle');
      const answers = await test.history({ conversationId: 'c', receiver: 'tester' });
      const informed = answers.filter((answer) => answer.performative === 'inform');
      assert.deepEqual(
        informed.map(contentValue),
        Array.from({ length: 40 }, (_, i) => i),
      );
      assert.equal(answers.length, 41);
      assert.equal(test.runtime.agents.get('failing-once').restarts, 1);
    });
  });

  it('comes back later each time, and fails for good at the fifth trap in a minute', async () => {
    await withRuntime({}, async (test) => {
      const events = test.events('agent.failed', 'agent.state_changed');
      await test.deploy('trap-unreachable', { name: 'bad' });
      await test.deploy('echo');
      const startedMs = performance.now();
      for (let i = 0; i < 4; i++) {
        assert.equal((await test.askFailure('bad')).code, 'MESSAGE_DELIVERY_FAILED');
      }
      // Three pauses lie between four traps: 100, 200 and 400 ms.
      assert.ok(performance.now() - startedMs >= 700 - 10);
      assert.equal(test.runtime.agents.get('bad').state, 'running');
      await test.askFailure('bad');
      const failed = await test.until('bad', 'failed');
      assert.equal(failed.failure?.code, 'MESSAGE_DELIVERY_FAILED');
      assert.equal(failed.restarts, 4);
      const ofAgent = events.filter((event) => event.agent_id === failed.agentId);
      assert.deepEqual(
        ofAgent.map((event) => [event.type, event.to]),
        [
          ['agent.state_changed', 'loaded'],
          ['agent.state_changed', 'running'],
          ['agent.state_changed', 'failed'],
          ['agent.failed', undefined],
        ],
      );
      await assert.rejects(test.send('bad', 1), refusal('UNAVAILABLE', { status: 'failed' }));
      assert.equal(await test.askContent('echo', 1), 1);

      // Started again it has its five traps anew.
      assert.equal((await test.runtime.agents.start('bad')).state, 'running');
      assert.equal((await test.askFailure('bad')).code, 'MESSAGE_DELIVERY_FAILED');
      assert.equal(test.runtime.agents.get('bad').state, 'running');
    });
  });

  it('comes back though somebody tries to start it meanwhile', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('failing-once');
      await test.askFailure('failing-once', 'boom');
      await assert.rejects(test.runtime.agents.start('failing-once'), refusal('CONFLICT'));
      assert.equal(await test.askContent('failing-once', 'again'), 'again');
    });
  });

  it('can be stopped and removed before its successor is there', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('failing-once', { name: 'stopped' });
      await test.deploy('failing-once', { name: 'removed' });
      for (const name of ['stopped', 'removed']) {
        await test.askFailure(name, 'boom');
        await test.send(name, 'waits');
      }
      test.runtime.agents.stop('stopped', 0, false);
      await test.runtime.agents.remove('removed');
      await test.until('stopped', 'stopped');
      await sleep(250);
      assert.equal(test.runtime.agents.get('stopped').state, 'stopped');
      assert.equal((await test.deadLetters()).length, 4);
      await test.runtime.agents.start('stopped');
      assert.equal(await test.askContent('stopped', 1), 1);
    });
  });

  it('is started again at once when it failed for good, while what waited is failed', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('trap-unreachable', { name: 'bad' });
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 30; i++) await test.send('bad', i);
        await test.until('bad', 'failed');
        await test.runtime.agents.start('bad');
        assert.equal((await test.askFailure('bad')).code, 'MESSAGE_DELIVERY_FAILED');
        test.runtime.agents.stop('bad', 0, false);
        await test.until('bad', 'stopped');
        await test.runtime.agents.start('bad');
      }
      assert.equal((await test.deadLetters('bad')).length, 3 * 31);
    });
  });
});

describe('a share of a core', () => {
  it('holds an agent back, and nobody else', async () => {
    await withRuntime({}, async (test) => {
      const limited = { resources: { cpu: '50m', mailbox: 100_000 } };
      await test.deploy('slow-agent', { name: 'limited', ...limited });
      await test.deploy('slow-agent', { name: 'free', resources: { mailbox: 100_000 } });
      for (let i = 0; i < 3_000; i++) await test.send('limited', i);
      await sleep(1_000);
      const before = test.runtime.agents.get('limited');
      const spanMs = 2_000;
      await sleep(spanMs);
      const after = test.runtime.agents.get('limited');
      const workedUs = after.handlingTotalUs - before.handlingTotalUs;
      // 5 % of two seconds are 100 ms; a busy machine makes single messages longer, not more.
      assert.ok(workedUs < 0.25 * spanMs * 1_000, `worked for ${workedUs} µs`);
      assert.ok(after.mailboxMessages > 0);
      await eventually(
        'it goes on',
        () => test.runtime.agents.get('limited').handlingTotalUs > before.handlingTotalUs,
      );
      // Its neighbour has the worker nearly for itself.
      for (let i = 0; i < 20; i++) await test.ask('free', i);
      test.runtime.agents.stop('limited', 0, false);
      await test.until('limited', 'stopped');
    });
  });
});

describe('an agent whose start takes too long', () => {
  it('is not deployed; its neighbours come back with their data', async () => {
    await withRuntime({ workers: 1 }, async (test) => {
      await test.deploy('counter', { name: 'neighbour' });
      await test.ask('neighbour', { action: 'add', amount: 5 });
      const builder = new GuestBuilder();
      builder.export('agent_init', '(loop $again (br $again)) (unreachable)', '(result i32)');
      const module = await compileWat('starts-for-ever', builder.build());
      const endless = { resources: { cpu: '10000000000', max_message_ms: 300 } };
      await assert.rejects(
        test.deploy(module, { name: 'starts-for-ever', ...endless }),
        refusal('DEPLOYMENT_FAILED', { resource: 'time', limit: LIMITS.step_min_ms }),
      );
      assert.equal(test.runtime.agents.find('starts-for-ever'), undefined);
      assert.deepEqual(await test.askContent('neighbour', { action: 'get' }), { count: 5 });
    });
  });
});

describe('a message that outlasts max_message_ms', () => {
  it('costs its worker; its sender is told, its neighbours come back with their data', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      const endless = { resources: { cpu: '10000000000', max_message_ms: 300 } };
      await test.deploy('loop-br', { name: 'endless', ...endless });
      await test.deploy('echo', { name: 'elsewhere' });
      await test.deploy('counter', { name: 'neighbour' });
      const place = (name: string) => test.runtime.agents.get(name).worker;
      assert.equal(place('endless'), place('neighbour'));
      assert.notEqual(place('endless'), place('elsewhere'));
      await test.ask('neighbour', { action: 'add', amount: 5 });
      const failing = test.askFailure('endless');
      const waiting = test.askContent('neighbour', { action: 'add', amount: 1 });
      assert.equal(await test.askContent('elsewhere', 1), 1);
      const error = await failing;
      assert.equal(error.code, 'RESOURCE_LIMIT_EXCEEDED');
      assert.equal(error.resource, 'time');
      assert.equal(error.limit, 300);
      assert.deepEqual(await waiting, { count: 6 });
      const [letter] = await test.deadLetters();
      assert.equal(letter?.agentId, test.runtime.agents.get('endless').agentId);
      await eventually('the guilty one is back too', () => place('endless') !== undefined);
      const answered = await test.askFailure('endless');
      assert.equal(answered.resource, 'time');
    });
  });
});
