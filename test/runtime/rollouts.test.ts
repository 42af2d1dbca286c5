import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { StrategyInput } from '../../src/runtime/deploy/strategy-plan.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, startTestRuntime, type TestRuntime } from '../support/runtime.js';
import { beginDeployment, ended, versioned } from '../support/versioned.js';

describe('another version of an agent', () => {
  let test: TestRuntime;
  let v1: Uint8Array;
  let v2: Uint8Array;
  before(async () => {
    test = await startTestRuntime({ workers: 2, deployments: { linger: 1_000 } });
    v1 = await versioned('one');
    v2 = await versioned('two');
  });
  after(() => test.close());

  const ask = (agent: string, conversation: string) =>
    test.askContent(agent, 'x', { conversation_id: conversation });

  const strategies: ReadonlyArray<readonly [StrategyInput, 'deployment' | 'reload', number]> = [
    [{ type: 'immediate' }, 'deployment', 1],
    [{ type: 'rolling', batch_size: 2, batch_watch: '100ms' }, 'deployment', 5],
    [{ type: 'blue_green', cleanup_delay: '50ms' }, 'deployment', 2],
    [
      {
        type: 'canary',
        stages: [
          { percentage: 30, duration: '100ms' },
          { percentage: 100, duration: '0' },
        ],
      },
      'deployment',
      2,
    ],
    [{ type: 'graceful' }, 'reload', 1],
    [{ type: 'immediate' }, 'reload', 1],
    [{ type: 'parallel', trial: '50ms' }, 'reload', 1],
    [{ type: 'traffic_splitting', traffic_split: 20, trial: '50ms' }, 'reload', 2],
  ];
  for (const [strategy, kind, instances] of strategies) {
    it(`takes over by ${kind} ${strategy.type}, conversations staying where they began`, async () => {
      const name = `${kind}-${strategy.type}`;
      await test.deploy(v1, { name, resources: { instances } });
      const before = Array.from({ length: 12 }, (_, i) => `${name}-before-${i}`);
      for (const conversation of before) assert.equal(await ask(name, conversation), 'one');
      const begun = await beginDeployment(test, name, v2, strategy, kind);
      assert.equal(begun.plan.fromVersion, '1.0.0');
      assert.equal(begun.plan.toVersion, '1.1.0');
      // While the two run beside each other, and after.
      const meanwhile = new Map<string, unknown>();
      for (let i = 0; i < 12; i++) {
        const conversation = `${name}-meanwhile-${i}`;
        meanwhile.set(conversation, await ask(name, conversation));
      }
      for (const conversation of before) assert.equal(await ask(name, conversation), 'one');
      for (const [conversation, version] of meanwhile) {
        assert.equal(await ask(name, conversation), version);
      }
      const { status, reason, share } = await ended(test, begun);
      assert.deepEqual([status, reason, share], ['completed', undefined, 100]);
      for (const conversation of before) assert.equal(await ask(name, conversation), 'one');
      assert.equal(await ask(name, `${name}-after`), 'two');
      const agent = test.runtime.agents.get(name);
      assert.equal(agent.config.version, '1.1.0');
      assert.equal(agent.deploymentId, begun.plan.deploymentId);
      // Conversations that are silent are over: then the former version goes.
      const left = await eventually('the old version is gone', () => {
        const { instances: left } = test.runtime.agents.get(name);
        return left.every(({ version }) => version === '1.1.0') && left;
      });
      assert.equal(left.length, instances);
      for (const conversation of before) assert.equal(await ask(name, conversation), 'two');
      assert.deepEqual(await test.deadLetters(name), []);
    });
  }

  it('keeps on record what it had done when it took over', async () => {
    await test.deploy(v1, { name: 'recorded' });
    const failing = await versioned('failing', { before: '(return (i32.const 3))' });
    const begun = await beginDeployment(test, 'recorded', failing, {
      type: 'blue_green',
      cleanup_delay: '3s',
      rollback_on_error: false,
    });
    await eventually('it has all new ones', async () => {
      const { share } = await test.runtime.deployments.get(begun.plan.deploymentId);
      return share === 100;
    });
    await eventually('it has handled some', async () => {
      await test.ask('recorded', 'x');
      const { figures } = await test.runtime.deployments.get(begun.plan.deploymentId);
      return figures.failed > 0;
    });
    const { status, figures } = await ended(test, begun);
    assert.equal(status, 'completed');
    assert.ok(figures.failed > 0 && figures.messages === figures.failed);
    assert.ok(figures.latencyP99Ms > 0);
  });

  it('that can’t start leaves the old one as it was', async () => {
    await test.deploy(v1, { name: 'cannot-start' });
    const broken = await versioned('broken', { init: '(i32.const 7)' });
    const begun = await beginDeployment(test, 'cannot-start', broken, { type: 'blue_green' });
    const { status, reason } = await ended(test, begun);
    assert.equal(status, 'rolled_back');
    assert.match(reason ?? '', /agent_init returned 7/);
    const agent = test.runtime.agents.get('cannot-start');
    assert.deepEqual(
      agent.instances.map(({ version }) => version),
      ['1.0.0'],
    );
    assert.equal(await ask('cannot-start', 'c'), 'one');
  });

  it('that fails its messages is rolled back by itself, and what waits for it goes to the old one', async () => {
    await test.deploy(v1, { name: 'failing' });
    const failing = await versioned('failing', { before: '(return (i32.const 3))' });
    const begun = await beginDeployment(test, 'failing', failing, {
      type: 'canary',
      stages: [
        { percentage: 50, duration: '1h' },
        { percentage: 100, duration: '0' },
      ],
    });
    await eventually('it takes part', async () => {
      const { share } = await test.runtime.deployments.get(begun.plan.deploymentId);
      return share === 50;
    });
    let answered = 0;
    let failed = 0;
    await eventually('rolled back', async () => {
      const replies = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          test.ask('failing', 'x', { conversation_id: `f-${answered + failed + i}` }),
        ),
      );
      for (const { reply } of replies) {
        if (reply.performative === 'failure') failed += 1;
        else answered += 1;
      }
      const { status } = await test.runtime.deployments.get(begun.plan.deploymentId);
      return status === 'rolled_back';
    });
    const state = await ended(test, begun);
    assert.match(state.reason ?? '', /error/i);
    assert.ok(failed >= 1 && answered > failed);
    assert.equal((await test.deadLetters('failing')).length, failed);
    for (let i = 0; i < 20; i++) assert.equal(await ask('failing', `after-${i}`), 'one');
    assert.equal(test.runtime.agents.get('failing').instances.length, 1);
  });

  it('that traps too often is rolled back, and the agent does not fail', async () => {
    await test.deploy(v1, { name: 'trapping' });
    const trapping = await versioned('trapping', { before: '(unreachable)' });
    const begun = await beginDeployment(test, 'trapping', trapping, { type: 'blue_green' });
    const state = await eventually('an end', async () => {
      await test.ask('trapping', 'x').catch(() => undefined);
      const seen = await test.runtime.deployments.get(begun.plan.deploymentId);
      return seen.status === 'rolled_back' && seen;
    });
    assert.match(state.reason ?? '', /unreachable/);
    assert.equal(test.runtime.agents.get('trapping').state, 'running');
    assert.equal(await ask('trapping', 'after'), 'one');
  });

  it('is rolled back by hand, with the conversations it had', async () => {
    await test.deploy(v1, { name: 'by-hand', resources: { instances: 2 } });
    const begun = await beginDeployment(test, 'by-hand', v2, {
      type: 'blue_green',
      cleanup_delay: '1h',
    });
    await eventually(
      'it has all new ones',
      async () => (await ask('by-hand', `n${Math.random()}`)) === 'two',
    );
    assert.equal(await ask('by-hand', 'mine'), 'two');
    await test.runtime.deployments.rollBack(begun.plan.deploymentId, 'second thoughts');
    const { status, reason } = await ended(test, begun);
    assert.deepEqual([status, reason], ['rolled_back', 'second thoughts']);
    assert.equal(await ask('by-hand', 'mine'), 'one');
    assert.equal(test.runtime.agents.get('by-hand').config.version, '1.0.0');
  });

  it('is not deployed while another is, nor to an agent that does not run', async () => {
    await test.deploy(v1, { name: 'taken' });
    const begun = await beginDeployment(test, 'taken', v2, { type: 'blue_green' });
    await assert.rejects(
      beginDeployment(test, 'taken', v2, { type: 'immediate' }),
      refusal('CONFLICT', { deployment_id: begun.plan.deploymentId }),
    );
    test.runtime.agents.stop('taken', 0, false);
    assert.equal((await ended(test, begun)).status, 'rolled_back');
    await test.until('taken', 'stopped');
    await assert.rejects(
      beginDeployment(test, 'taken', v2, { type: 'immediate' }),
      refusal('CONFLICT', { status: 'stopped' }),
    );
    await test.runtime.agents.start('taken');
    assert.equal(await ask('taken', 'again'), 'one');
  });

  it('ends with its agent, when that is removed', async () => {
    await test.deploy(v1, { name: 'removed' });
    const begun = await beginDeployment(test, 'removed', v2, { type: 'blue_green' });
    await test.runtime.agents.remove('removed');
    assert.equal((await ended(test, begun)).status, 'failed');
    assert.equal(test.runtime.agents.find('removed'), undefined);
  });

  it('that ends with its agent, while the old one lingers, leaves the module to others', async () => {
    await test.deploy(v1, { name: 'neighbour' });
    await test.deploy(v1, { name: 'outgrown' });
    await test.deploy(v2, { name: 'witness' });
    await ended(test, await beginDeployment(test, 'outgrown', v2, { type: 'immediate' }));
    await ended(test, await beginDeployment(test, 'witness', v2, { type: 'immediate' }));
    await test.runtime.agents.remove('outgrown');
    // Former versions are ended in turns, and the removed agent's comes before this one.
    await eventually('a former version is gone', () => {
      const { instances } = test.runtime.agents.get('witness');
      return instances.every(({ version }) => version === '1.1.0');
    });
    // With another limit the module is compiled anew from the store.
    const update = await test.runtime.updates.begin({
      agentId: test.runtime.agents.get('neighbour').agentId,
      kind: 'deployment',
      config: { memoryBytes: 4 * 2 ** 20 },
      strategy: { type: 'immediate' },
      strategyPath: 'strategy',
      createdBy: 'tests',
    });
    assert.equal((await ended(test, update)).status, 'completed');
    assert.equal(await ask('neighbour', 'after'), 'one');
  });

  it('may rewrite what the old one stored, or refuse and be rolled back', async () => {
    const old = new GuestBuilder();
    const store = old.use('store_data');
    const oldSource = old.build(`(call ${store} ${old.text('key')} ${old.text('from one')})`);
    await test.deploy(await compileWat('storing', oldSource), { name: 'migrating' });
    await test.send('migrating', 'x');
    await test.until('migrating', 'idle');
    const refusing = new GuestBuilder();
    const spoil = refusing.use('store_data');
    refusing.add(
      `(func (export "migrate_state") (param i32 i32) (result i32)
        (drop (call ${spoil} ${refusing.text('key')} ${refusing.text('spoilt')}))
        (i32.const 9))`,
    );
    const refused = await beginDeployment(
      test,
      'migrating',
      await compileWat('refusing', refusing.build()),
      { type: 'graceful' },
      'reload',
    );
    assert.match((await ended(test, refused)).reason ?? '', /migrate_state returned 9/);
    const migrating = new GuestBuilder();
    const load = migrating.use('load_data');
    const save = migrating.use('store_data');
    const log = migrating.use('console_log');
    // Says what it was given, and puts what it was given in front of what was stored.
    migrating.add(
      `(func (export "migrate_state") (param $ptr i32) (param $len i32) (result i32)
        (call ${log} (local.get $ptr) (local.get $len))
        (call ${log} (i32.const 40000)
          (call ${load} ${migrating.text('key')} (i32.const 40000) (i32.const 100)))
        (call ${save} ${migrating.text('key')} ${migrating.text('from two')}))`,
    );
    const begun = await beginDeployment(
      test,
      'migrating',
      await compileWat('migrating', migrating.build()),
      { type: 'graceful' },
      'reload',
    );
    assert.equal((await ended(test, begun)).status, 'completed');
    const lines = test.runtime.agents.logs('migrating', 10).map(({ text }) => text);
    assert.deepEqual(lines, ['{"from":"1.0.0","to":"1.1.0"}', 'from one']);
    const { agentId } = test.runtime.agents.get('migrating');
    const data = (await test.store.agentData(agentId)).map(([, value]) =>
      Buffer.from(value).toString(),
    );
    assert.deepEqual(data, ['from two']);
  });
});
