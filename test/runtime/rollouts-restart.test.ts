import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { StrategyInput } from '../../src/runtime/deploy/strategy-plan.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';
import { beginDeployment, ended, versioned } from '../support/versioned.js';

describe('a deployment that a restart interrupts', () => {
  const hour = {
    type: 'canary',
    stages: [
      { percentage: 50, duration: '1h' },
      { percentage: 100, duration: '0' },
    ],
  } satisfies StrategyInput;

  it('goes on where it was, on both versions, and can be rolled back', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'caxton-rollouts-'));
    try {
      const first = await startTestRuntime({ data_dir: dataDir });
      await first.deploy(await versioned('one'), { name: 'agent' });
      const begun = await beginDeployment(first, 'agent', await versioned('two'), hour);
      const shareOf = async (test: TestRuntime) =>
        (await test.runtime.deployments.get(begun.plan.deploymentId)).share === 50;
      await eventually('half of all', () => shareOf(first));
      await first.close();
      const second = await startTestRuntime({ data_dir: dataDir });
      try {
        const both = await eventually('both versions answer', async () => {
          const answers = await Promise.all(
            Array.from({ length: 20 }, (_, i) => second.askContent('agent', i)),
          );
          const kinds = new Set(answers);
          return kinds.size === 2 && kinds;
        });
        assert.deepEqual([...both].sort(), ['one', 'two']);
        await second.runtime.deployments.rollBack(begun.plan.deploymentId, 'enough');
        assert.equal((await ended(second, begun)).status, 'rolled_back');
        assert.equal(await second.askContent('agent', 1), 'one');
      } finally {
        await second.close();
      }
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });

  it('still counts what failed before the restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'caxton-rollouts-'));
    try {
      const failing = await versioned('failing', { before: '(return (i32.const 3))' });
      const first = await startTestRuntime({ data_dir: dataDir });
      await first.deploy(await versioned('one'), { name: 'agent' });
      const begun = await beginDeployment(first, 'agent', failing, {
        type: 'canary',
        stages: [{ percentage: 100, duration: '1h' }],
      });
      const { deploymentId } = begun.plan;
      const hasAll = (test: TestRuntime) =>
        eventually('it has all new ones', async () => {
          const { share, restoring } = await test.runtime.deployments.get(deploymentId);
          return share === 100 && !restoring;
        });
      await hasAll(first);
      // Fewer than are judged. The old version may have the first, within the millisecond.
      for (let i = 0; i < 15; i++) await first.ask('agent', i);
      await first.close();
      const second = await startTestRuntime({ data_dir: dataDir });
      try {
        await hasAll(second);
        const { earlier } = await second.runtime.deployments.get(deploymentId);
        assert.ok(earlier.failed >= 14 && earlier.failed <= 15, `${earlier.failed}`);
        for (let i = 0; i < 7; i++) await second.ask('agent', i);
        const state = await ended(second, begun);
        assert.equal(state.status, 'rolled_back');
        assert.match(state.reason ?? '', /^2[0-2] of 2[0-2] messages failed/);
        assert.equal(await second.askContent('agent', 1), 'one');
      } finally {
        await second.close();
      }
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });

  it('whose new version does not start any more hands over what came for it', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'caxton-rollouts-'));
    try {
      const once = new GuestBuilder();
      const load = once.use('load_data');
      const save = once.use('store_data');
      const send = once.use('send_message');
      // Its agent_init fails when it ran before.
      once.export(
        'agent_init',
        `(if (i32.ge_s (call ${load} ${once.text('key')} (i32.const 40000) (i32.const 0))
             (i32.const 0))
           (then (return (i32.const 7))))
         (drop (call ${save} ${once.text('key')} ${once.text('started')}))
         (i32.const 0)`,
        '(result i32)',
      );
      const answer = once.json({ performative: 'inform', receiver: 'tester', content: 'two' });
      const two = await compileWat('starts-once', once.build(`(call ${send} ${answer})`));
      const first = await startTestRuntime({ data_dir: dataDir });
      await first.deploy(await versioned('one'), { name: 'agent' });
      const green = { type: 'blue_green', cleanup_delay: '1h' } as const;
      const begun = await beginDeployment(first, 'agent', two, green);
      const ask = (test: TestRuntime, conversation: string) =>
        test.askContent('agent', 'x', { conversation_id: conversation });
      await eventually(
        'it has all new ones',
        async () => (await ask(first, `n${Math.random()}`)) === 'two',
      );
      assert.equal(await ask(first, 'mine'), 'two');
      await first.close();
      const second = await startTestRuntime({ data_dir: dataDir });
      try {
        assert.equal(await ask(second, 'mine'), 'one');
        const { status, reason } = await ended(second, begun);
        assert.equal(status, 'rolled_back');
        assert.match(reason ?? '', /agent_init returned 7/);
        assert.equal(second.runtime.agents.get('agent').instances.length, 1);
        assert.equal(await ask(second, 'another'), 'one');
        assert.deepEqual(await second.deadLetters('agent'), []);
      } finally {
        await second.close();
      }
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});
