import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { refusal, startTestRuntime, type TestRuntime, withRuntime } from '../support/runtime.js';

const BROKEN: ReadonlyArray<readonly [guest: string, says: RegExp]> = [
  ['missing-memory', /memory/],
  ['missing-handle-message', /handle_message/],
  ['wrong-type-handle-message', /handle_message/],
  ['imports-unknown', /no_such_function/],
  ['imports-wrong-type', /send_message/],
  ['has-start', /_start/],
  ['huge-table', /table/],
  ['forged-fuel-export', /caxton:fuel/],
];

const NOT_STARTING: ReadonlyArray<readonly [guest: string, details: object]> = [
  ['init-fails', { agent_code: 3 }],
  ['init-traps', {}],
  ['init-loop', { cause: 'RESOURCE_LIMIT_EXCEEDED', resource: 'fuel' }],
  ['start-section-loop', { cause: 'RESOURCE_LIMIT_EXCEEDED', resource: 'fuel' }],
];

describe('a deploy', () => {
  let test: TestRuntime;
  before(async () => {
    test = await startTestRuntime();
  });
  after(() => test.close());

  it('starts an agent that can be found by name and by id', async () => {
    const events = test.events('agent.*');
    const deployed = await test.deploy('echo', { name: 'a', version: '2.1.0' });
    assert.equal(deployed.state, 'running');
    assert.equal(deployed.config.version, '2.1.0');
    assert.equal(deployed.deployedBy, 'tests');
    assert.deepEqual(test.runtime.agents.get(deployed.agentId), test.runtime.agents.get('a'));
    assert.deepEqual(
      events.map((event) => [event.type, event.from, event.to]),
      [
        ['agent.state_changed', 'unloaded', 'loaded'],
        ['agent.state_changed', 'loaded', 'running'],
        ['agent.deployed', undefined, undefined],
      ],
    );
  });

  it('under a name that is taken is refused', async () => {
    await test.deploy('echo', { name: 'taken' });
    const { agentId } = test.runtime.agents.get('taken');
    for (const name of ['taken', agentId]) {
      await assert.rejects(test.deploy('echo', { name }), refusal('AGENT_ALREADY_EXISTS'));
    }
  });

  it('of two at once under one name lets one through', async () => {
    const results = await Promise.allSettled([
      test.deploy('echo', { name: 'twin' }),
      test.deploy('msgpack-echo', { name: 'twin' }),
    ]);
    assert.deepEqual(results.map((result) => result.status).sort(), ['fulfilled', 'rejected']);
    const refused = results.find((result) => result.status === 'rejected');
    assert.ok(refusal('AGENT_ALREADY_EXISTS')(refused?.reason));
    assert.equal(await test.askContent('twin', 5), 5);
  });

  for (const [name, says] of BROKEN) {
    it(`of a broken module is refused with a reason: ${name}`, async () => {
      await assert.rejects(test.deploy(name), (error: Error) => {
        assert.ok(refusal('INVALID_WASM')(error), String(error));
        assert.match(error.message, says);
        return true;
      });
      assert.equal(test.runtime.agents.find(name), undefined);
    });
  }

  it('of a module that starts with more memory than allowed is refused', async () => {
    await assert.rejects(
      test.deploy('big-initial-memory'),
      refusal('RESOURCE_LIMIT_EXCEEDED', { resource: 'memory' }),
    );
    const large = { resources: { memory: '200MB' } };
    assert.equal((await test.deploy('big-initial-memory', large)).state, 'running');
  });

  for (const [name, details] of NOT_STARTING) {
    it(`of an agent that can't start leaves nothing behind: ${name}`, async () => {
      const events = test.events('agent.*');
      await assert.rejects(test.deploy(name), refusal('DEPLOYMENT_FAILED', details));
      assert.equal(test.runtime.agents.find(name), undefined);
      assert.deepEqual(
        events.map((event) => [event.type, event.from, event.to]),
        [
          ['agent.state_changed', 'unloaded', 'loaded'],
          ['agent.state_changed', 'loaded', 'failed'],
          ['agent.failed', undefined, undefined],
          ['agent.state_changed', 'failed', 'unloaded'],
        ],
      );
      await test.store.durable();
      assert.ok(test.store.agents().every((record) => record.name !== name));
      // The name is free again.
      assert.equal((await test.deploy('echo', { name })).state, 'running');
    });
  }

  it('is refused when there are as many agents as there may be, also of several at once', async () => {
    await withRuntime({ limits: { agents: 2 } }, async (small) => {
      const results = await Promise.allSettled(
        ['a', 'b', 'c'].map((name) => small.deploy('echo', { name })),
      );
      assert.equal(results.filter((result) => result.status === 'fulfilled').length, 2);
      await assert.rejects(
        small.deploy('echo', { name: 'd' }),
        refusal('RESOURCE_LIMIT_EXCEEDED', { resource: 'agents', limit: 2 }),
      );
      await small.runtime.agents.remove('a');
      assert.equal((await small.deploy('echo', { name: 'd' })).state, 'running');
    });
  });
});

describe('an agent that is stopped', () => {
  it('first handles what waits, then is told, and starts again with its data', async () => {
    await withRuntime({}, async (test) => {
      const events = test.events('agent.state_changed');
      await test.deploy('shutdown-agent', { name: 'agent' });
      await test.deploy('slow-agent', { name: 'slow' });
      for (let i = 0; i < 10; i++) await test.send('slow', i, { conversation_id: 'c' });
      const stop = test.runtime.agents.stop('slow', 30, true);
      assert.equal(stop.agent.state, 'draining');
      assert.equal((await test.send('slow', 10, { conversation_id: 'c' })).status, 'queued');
      await test.until('slow', 'stopped');
      const answers = await test.history({ conversationId: 'c', performative: 'inform' });
      assert.equal(answers.length, 11);

      test.runtime.agents.stop('agent', 30, true);
      await test.until('agent', 'stopped');
      await assert.rejects(test.send('agent', 1), refusal('UNAVAILABLE', { status: 'stopped' }));
      assert.equal((await test.runtime.agents.start('agent')).state, 'running');
      assert.deepEqual(await test.askContent('agent', {}), { shutdowns: 1 });
      const { agentId } = test.runtime.agents.get('agent');
      assert.deepEqual(
        events.filter((event) => event.agent_id === agentId).map((event) => event.to),
        ['loaded', 'running', 'draining', 'stopped', 'loaded', 'running'],
      );
    });
  });

  it('without draining fails what waits, to its senders and into the dead letters', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('slow-agent', { name: 'slow' });
      const count = 50;
      for (let i = 0; i < count; i++) await test.send('slow', i, { conversation_id: 'c' });
      test.runtime.agents.stop('slow', 30, false);
      await test.until('slow', 'stopped');
      const outcome = await eventually('each has its answer', async () => {
        const all = await test.history({ conversationId: 'c', receiver: 'tester' });
        return all.length === count && all;
      });
      const failed = outcome.filter((message) => message.performative === 'failure');
      assert.ok(failed.length > 0);
      const letters = await test.deadLetters('slow');
      assert.equal(letters.length, failed.length);
      assert.ok(letters.every((letter) => letter.error.code === 'UNAVAILABLE'));
    });
  });

  it('gives up draining when the time for it is over', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('slow-agent', { name: 'slow', resources: { cpu: '5m', mailbox: 100 } });
      for (let i = 0; i < 60; i++) {
        await test.send('slow', i, { conversation_id: 'c' }).catch(() => undefined);
      }
      test.runtime.agents.stop('slow', 0.3, true);
      await test.until('slow', 'stopped');
      assert.ok((await test.deadLetters('slow')).length > 0);
    });
  });

  it('is refused what its state does not allow', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo');
      await assert.rejects(test.runtime.agents.start('echo'), refusal('CONFLICT'));
      test.runtime.agents.stop('echo', 1, true);
      assert.throws(() => test.runtime.agents.stop('echo', 1, true), refusal('CONFLICT'));
      await test.until('echo', 'stopped');
      assert.throws(() => test.runtime.agents.stop('echo', 1, true), refusal('CONFLICT'));
      assert.throws(() => test.runtime.agents.get('none'), refusal('AGENT_NOT_FOUND'));
    });
  });

  it('can be stopped and started many times in a row', async () => {
    await withRuntime({ workers: 2 }, async (test) => {
      await test.deploy('counter');
      for (let round = 1; round <= 10; round++) {
        assert.deepEqual(await test.askContent('counter', { action: 'add', amount: 1 }), {
          count: round,
        });
        test.runtime.agents.stop('counter', 5, round % 2 === 0);
        await test.until('counter', 'stopped');
        await test.runtime.agents.start('counter');
      }
    });
  });
});

describe('an agent that is removed', () => {
  it('is gone with its data, and its name is free', async () => {
    await withRuntime({}, async (test) => {
      const events = test.events('agent.removed', 'agent.state_changed');
      const { agentId } = await test.deploy('counter');
      await test.ask('counter', { action: 'add', amount: 3 });
      await test.runtime.agents.remove('counter');
      assert.equal(test.runtime.agents.find(agentId), undefined);
      assert.deepEqual(test.store.agents(), []);
      assert.deepEqual(await test.store.agentData(agentId), []);
      assert.deepEqual(
        events.map((event) => [event.type, event.to]),
        [
          ['agent.state_changed', 'loaded'],
          ['agent.state_changed', 'running'],
          ['agent.state_changed', 'unloaded'],
          ['agent.removed', undefined],
        ],
      );
      await test.deploy('counter');
      assert.deepEqual(await test.askContent('counter', { action: 'get' }), { count: 0 });
    });
  });

  it('while it drains stays gone when the time for draining is over', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('slow-agent', { name: 'slow', resources: { cpu: '5m' } });
      for (let i = 0; i < 60; i++) await test.send('slow', i);
      test.runtime.agents.stop('slow', 0.3, true);
      await test.runtime.agents.remove('slow');
      const events = test.events('agent.state_changed');
      await new Promise((resolve) => setTimeout(resolve, 500));
      await test.store.durable();
      assert.deepEqual(test.store.agents(), []);
      assert.deepEqual(events, []);
      assert.equal((await test.deadLetters()).length > 0, true);
    });
  });

  it('while the server stops is removed, and from then on a removal is refused', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo');
      await test.deploy('slow-agent', { name: 'slow', resources: { cpu: '5m' } });
      for (let i = 0; i < 60; i++) await test.send('slow', i);
      const removal = test.runtime.agents.remove('slow');
      const stop = test.runtime.stop();
      await assert.rejects(test.runtime.agents.remove('echo'), refusal('UNAVAILABLE'));
      await stop;
      await test.store.durable();
      assert.deepEqual(
        test.store.agents().map((record) => record.name),
        ['echo'],
      );
      await removal;
    });
  });

  it('while it is started, or twice at once, is removed once', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo', { name: 'keeps' });
      for (let round = 0; round < 5; round++) {
        await test.deploy('echo', { name: 'goes' });
        test.runtime.agents.stop('goes', 0, false);
        await test.until('goes', 'stopped');
        const started = test.runtime.agents.start('goes').then(
          () => 'started',
          (error: { code: string }) => error.code,
        );
        const [first, second] = await Promise.allSettled([
          test.runtime.agents.remove('goes'),
          test.runtime.agents.remove('goes'),
        ]);
        assert.equal(first.status, 'fulfilled');
        assert.equal(second.status, 'rejected');
        assert.ok(['started', 'DEPLOYMENT_FAILED', 'CONFLICT'].includes(await started));
        assert.deepEqual(
          test.store.agents().map((record) => record.name),
          ['keeps'],
        );
      }
      // Both had the same module, which the one that stays still needs.
      test.runtime.agents.stop('keeps', 0, false);
      await test.until('keeps', 'stopped');
      await test.runtime.agents.start('keeps');
      assert.equal(await test.askContent('keeps', 1), 1);
    });
  });
});
