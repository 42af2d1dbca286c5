import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';
import { beginDeployment, ended, versioned } from '../support/versioned.js';

describe('a former version', () => {
  let test: TestRuntime;
  // Conversations are over after five minutes.
  before(async () => {
    test = await startTestRuntime({ workers: 2 });
  });
  after(() => test.close());

  const versionsOf = (name: string) =>
    test.runtime.agents.get(name).instances.map(({ version }) => version);

  it('that never had a message goes at once', async () => {
    await test.deploy(await versioned('one'), { name: 'idle', resources: { instances: 2 } });
    const begun = await beginDeployment(test, 'idle', await versioned('two'), {
      type: 'immediate',
    });
    assert.equal((await ended(test, begun)).status, 'completed');
    await eventually('the old one is gone', () => {
      const versions = versionsOf('idle');
      return versions.length === 2 && versions.every((version) => version === '1.1.0');
    });
    assert.equal(await test.askContent('idle', 'x'), 'two');
  });

  it('stays that had one, also as the agent’s only instance', async () => {
    await test.deploy(await versioned('one'), { name: 'used' });
    assert.equal(await test.askContent('used', 'x', { conversation_id: 'used' }), 'one');
    await test.deploy(await versioned('one'), { name: 'unused' });
    for (const name of ['used', 'unused']) {
      const begun = await beginDeployment(test, name, await versioned('two'), {
        type: 'immediate',
      });
      assert.equal((await ended(test, begun)).status, 'completed');
    }
    await eventually('the unused one is gone', () => versionsOf('unused').length === 1);
    assert.deepEqual(versionsOf('used'), ['1.0.0', '1.1.0']);
    assert.equal(await test.askContent('used', 'x', { conversation_id: 'used' }), 'one');
  });

  it('is ended in time, however many come: the oldest goes first', async () => {
    await test.deploy(await versioned('0'), { name: 'often' });
    const ask = (i: number) => test.askContent('often', 'x', { conversation_id: `often-${i}` });
    for (let i = 0; i < 5; i++) {
      assert.equal(await ask(i), `${i}`);
      const next = await versioned(`${i + 1}`);
      const begun = await beginDeployment(test, 'often', next, { type: 'immediate' });
      assert.equal((await ended(test, begun)).status, 'completed');
    }
    await eventually('four are left', () => versionsOf('often').length === 4);
    assert.deepEqual(versionsOf('often'), ['1.2.0', '1.3.0', '1.4.0', '1.5.0']);
    const answers = [];
    for (let i = 0; i < 5; i++) answers.push(await ask(i));
    // Those of a version that goes are with the one that was present then.
    assert.deepEqual(answers, ['4', '5', '2', '3', '4']);
    assert.deepEqual(await test.deadLetters('often'), []);
  });

  it('loses an instance for each batch of a rolling deployment, and no more', async () => {
    await test.deploy(await versioned('one'), { name: 'batches', resources: { instances: 3 } });
    const begun = await beginDeployment(test, 'batches', await versioned('two'), {
      type: 'rolling',
      batch_watch: '700ms',
    });
    const left = new Map<string, number>();
    await eventually('an end', async () => {
      const { status, share, step } = await test.runtime.deployments.get(begun.plan.deploymentId);
      const old = versionsOf('batches').filter((version) => version === '1.0.0').length;
      if (step?.phase === 'holding') left.set(`${share} %`, old);
      return status === 'completed';
    });
    assert.deepEqual(Object.fromEntries(left), { '33 %': 3, '66 %': 2, '100 %': 1 });
  });

  it('keeps the conversations it had before a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'caxton-rollouts-'));
    try {
      const first = await startTestRuntime({ data_dir: dataDir });
      await first.deploy(await versioned('one'), { name: 'agent' });
      const { conversationId } = (await first.ask('agent', 1)).reply;
      await first.close();
      const second = await startTestRuntime({ data_dir: dataDir });
      try {
        const two = await versioned('two');
        await ended(second, await beginDeployment(second, 'agent', two, { type: 'immediate' }));
        // Longer than a version stays that nobody needs.
        await second.deploy(await versioned('one'), { name: 'witness' });
        await ended(second, await beginDeployment(second, 'witness', two, { type: 'immediate' }));
        await eventually('others are gone', () => {
          return second.runtime.agents.get('witness').instances.length === 1;
        });
        const fields = { conversation_id: conversationId };
        assert.equal(await second.askContent('agent', 1, fields), 'one');
      } finally {
        await second.close();
      }
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});
