import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { StrategyInput } from '../../src/runtime/deploy/strategy-plan.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, startTestRuntime, type TestRuntime } from '../support/runtime.js';
import { beginDeployment, ended } from '../support/versioned.js';

/** Registers a capability of its name when it starts, and answers with its name. */
function offering(name: string): Promise<Uint8Array> {
  const guest = new GuestBuilder();
  const answer = guest.json({ performative: 'inform', receiver: 'tester', content: name });
  const register = `(call ${guest.use('register_capability')} ${guest.text(name)})`;
  guest.export('agent_init', register, '(result i32)');
  return compileWat(
    `offering-${name}`,
    guest.build(`(call ${guest.use('send_message')} ${answer})`),
  );
}

const untilEnd = { type: 'blue_green', cleanup_delay: '1h' } satisfies StrategyInput;

describe('what an agent offers, when another version of it is deployed', () => {
  let test: TestRuntime;
  let one: Uint8Array;
  let two: Uint8Array;
  before(async () => {
    test = await startTestRuntime();
    one = await offering('one');
    two = await offering('two');
  });
  after(() => test.close());

  const offersOf = (name: string) => [...test.runtime.agents.get(name).capabilities].sort();
  const untilShare = (deploymentId: string, percent: number) =>
    eventually(`${percent} percent`, async () => {
      const { share } = await test.runtime.deployments.get(deploymentId);
      return share === percent;
    });

  /** An agent with what a version registers and what is configured, and nobody else with either. */
  async function withAgent(name: string, use: () => Promise<void>): Promise<void> {
    await test.deploy(one, { name, capabilities: ['configured'] });
    try {
      await use();
    } finally {
      await test.runtime.agents.remove(name);
    }
    assert.equal(test.runtime.capabilities(0, 10).total, 0);
  }

  it('is what the new one does, once that is the agent’s', async () => {
    await withAgent('switched', async () => {
      assert.deepEqual(offersOf('switched'), ['configured', 'one']);
      const begun = await test.runtime.updates.begin({
        agentId: test.runtime.agents.get('switched').agentId,
        kind: 'deployment',
        wasm: two,
        config: { capabilities: ['other'] },
        strategy: { type: 'immediate' },
        strategyPath: 'strategy',
        createdBy: 'tests',
      });
      assert.equal((await ended(test, begun)).status, 'completed');
      assert.deepEqual(offersOf('switched'), ['other', 'two']);
      assert.equal(await test.askContent('capability:two', 'x'), 'two');
      await assert.rejects(test.send('capability:one', 'x'), refusal('AGENT_NOT_FOUND'));
      const task = await test.runtime.tasks.create({
        name: 'task',
        description: '',
        data: '',
        participants: undefined,
        capabilities: ['one'],
        minPerformanceScore: 0,
        timeoutMs: 10_000,
        createdBy: 'tests',
      });
      await assert.rejects(
        test.runtime.tasks.distribute(task.id, 'best_bid', 1_000),
        /No running agent offers the capability one/,
      );
    });
  });

  it('is what the new one does while it takes all conversations, and is taken back', async () => {
    await withAgent('tried', async () => {
      const begun = await beginDeployment(test, 'tried', two, untilEnd);
      await untilShare(begun.plan.deploymentId, 100);
      assert.deepEqual(offersOf('tried'), ['configured', 'two']);
      await test.runtime.deployments.rollBack(begun.plan.deploymentId, 'enough');
      assert.equal((await ended(test, begun)).status, 'rolled_back');
      assert.deepEqual(offersOf('tried'), ['configured', 'one']);
      assert.equal(await test.askContent('capability:one', 'x'), 'one');
      await assert.rejects(test.send('capability:two', 'x'), refusal('AGENT_NOT_FOUND'));
    });
  });

  it('is what the old one does while the new one has a share only', async () => {
    await withAgent('shared', async () => {
      const begun = await beginDeployment(test, 'shared', two, {
        type: 'canary',
        stages: [
          { percentage: 50, duration: '1h' },
          { percentage: 100, duration: '0' },
        ],
      });
      await untilShare(begun.plan.deploymentId, 50);
      assert.deepEqual(offersOf('shared'), ['configured', 'one']);
    });
  });

  it('goes with the agent in the middle of a deployment', async () => {
    await withAgent('removed', async () => {
      const begun = await beginDeployment(test, 'removed', two, untilEnd);
      await untilShare(begun.plan.deploymentId, 100);
    });
  });

  it('is what its version does after a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'caxton-capabilities-'));
    try {
      const first = await startTestRuntime({ data_dir: dataDir });
      await first.deploy(one, { name: 'done' });
      await first.deploy(one, { name: 'under-way' });
      await ended(first, await beginDeployment(first, 'done', two, { type: 'immediate' }));
      const begun = await beginDeployment(first, 'under-way', two, untilEnd);
      await eventually('all', async () => {
        return (await first.runtime.deployments.get(begun.plan.deploymentId)).share === 100;
      });
      await first.close();
      const second = await startTestRuntime({ data_dir: dataDir });
      try {
        const offers = (name: string) => second.runtime.agents.get(name).capabilities;
        assert.deepEqual(offers('done'), ['two']);
        await eventually('the new version is back', () => offers('under-way')[0] === 'two');
        await second.runtime.deployments.rollBack(begun.plan.deploymentId, 'enough');
        await ended(second, begun);
        assert.deepEqual(offers('under-way'), ['one']);
      } finally {
        await second.close();
      }
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });
});
