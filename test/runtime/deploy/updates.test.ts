import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonError } from '../../../src/base/errors.js';
import { Deployments } from '../../../src/runtime/deploy/deployments.js';
import type { VersionTarget } from '../../../src/runtime/deploy/plan.js';
import { type UpdateRequest, Updates } from '../../../src/runtime/deploy/updates.js';
import { withStore } from '../../store/support.js';
import { FakeClock, FakeVersions, settle, silent } from './support.js';

const REQUEST: UpdateRequest = {
  agentId: 'agent_1',
  kind: 'deployment',
  wasm: new Uint8Array([0]),
  strategy: { type: 'rolling' },
  strategyPath: 'strategy',
  createdBy: 'tester',
};

interface Bench {
  readonly updates: Updates;
  readonly calls: string[];
  /** Runs in the middle of the next `prepare`. */
  meanwhile: () => Promise<unknown>;
}

async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  await withStore(async (store) => {
    const deployments = new Deployments({
      store,
      logger: silent,
      scheduler: new FakeClock(),
      publish: () => {},
      versionControlFor: (_id, plan) => {
        const versions = new FakeVersions(plan.oldInstances);
        versions.held.add('startNew');
        return versions;
      },
    });
    const target: VersionTarget = { moduleHash: 'ab'.repeat(32), config: {} };
    const updates = new Updates(deployments, {
      currentVersion: (agentId) => {
        if (agentId !== 'agent_1') throw new CaxtonError('AGENT_NOT_FOUND', agentId);
        return '1.2.3';
      },
      plan: (_id, change) => ({
        oldInstances: 2,
        newInstances: 3,
        prepare: async () => {
          bench.calls.push(`prepare ${change.version}`);
          const meanwhile = bench.meanwhile;
          bench.meanwhile = async () => {};
          await meanwhile();
          return { ...target };
        },
        discard: () => bench.calls.push('discard'),
      }),
    });
    const bench: Bench = { updates, calls: [], meanwhile: async () => {} };
    await use(bench);
    await settle();
    deployments.stop();
  });
}

test('an update raises the minor number unless a version is named', async () => {
  await withBench(async ({ updates, calls }) => {
    const { plan, status } = await updates.begin(REQUEST);
    assert.equal(status, 'initializing');
    assert.equal(plan.fromVersion, '1.2.3');
    assert.equal(plan.toVersion, '1.3.0');
    assert.equal(plan.stages.length, 3, 'a batch for each new instance');
    assert.deepEqual(calls, ['prepare 1.3.0']);
  });
  await withBench(async ({ updates }) => {
    assert.equal((await updates.begin({ ...REQUEST, version: 'x' })).plan.toVersion, 'x');
  });
});

test('what can be refused at once is refused before the module is looked at', async () => {
  await withBench(async ({ updates, calls }) => {
    const refused = (changes: Partial<UpdateRequest>, code: string) =>
      assert.rejects(updates.begin({ ...REQUEST, ...changes }), { code });
    await refused({ agentId: 'agent_2' }, 'AGENT_NOT_FOUND');
    await refused({ strategy: { type: 'graceful' } }, 'INVALID_REQUEST');
    assert.deepEqual(calls, []);
    await updates.begin(REQUEST);
    await refused({}, 'CONFLICT');
    assert.deepEqual(calls, ['prepare 1.3.0']);
  });
});

test('of two updates at the same time one is refused, and its module is let go', async () => {
  await withBench(async (bench) => {
    bench.meanwhile = () => bench.updates.begin(REQUEST);
    await assert.rejects(bench.updates.begin(REQUEST), { code: 'CONFLICT' });
    assert.deepEqual(bench.calls, ['prepare 1.3.0', 'prepare 1.3.0', 'discard']);
  });
});
