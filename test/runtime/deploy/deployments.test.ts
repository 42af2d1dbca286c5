import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { Deployments, type DeploymentsParts } from '../../../src/runtime/deploy/deployments.js';
import type { Store } from '../../../src/store/store.js';
import { withStore } from '../../store/support.js';
import { FakeClock, FakeVersions, requestOf, settle, silent } from './support.js';

interface Bench {
  readonly deployments: Deployments;
  readonly clock: FakeClock;
  /** The versions of each deployment, in the order in which they were created. */
  readonly versions: FakeVersions[];
  readonly events: Array<{ readonly type: string; readonly [field: string]: unknown }>;
}

function benchOn(store: Store, changes: Partial<DeploymentsParts> = {}): Bench {
  const clock = new FakeClock();
  const versions: FakeVersions[] = [];
  const events: Bench['events'] = [];
  const deployments = new Deployments({
    store,
    logger: silent,
    scheduler: clock,
    publish: (type, body) => events.push({ type, ...body }),
    versionControlFor: (_agentId, plan) => {
      const made = new FakeVersions(plan.oldInstances);
      versions.push(made);
      return made;
    },
    ...changes,
  });
  return { deployments, clock, versions, events };
}

const withBench = (
  use: (bench: Bench) => Promise<void>,
  changes: Partial<DeploymentsParts> = {},
): Promise<void> => withStore((store) => use(benchOn(store, changes)));

const BLUE_GREEN = requestOf({ type: 'blue_green' });

function refusedWith(code: string, pattern: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof CaxtonError);
    assert.equal(error.code, code);
    assert.match(error.message, pattern);
    return true;
  };
}

test('a new deployment is initializing, and goes on by itself', async () => {
  await withBench(async ({ deployments, clock, versions }) => {
    const created = await deployments.create(BLUE_GREEN);
    assert.equal(created.status, 'initializing');
    assert.match(created.plan.deploymentId, /^deploy_/);
    await settle();
    const { deploymentId } = created.plan;
    assert.equal((await deployments.get(deploymentId)).status, 'in_progress');
    await clock.advance(LIMITS.cleanup_delay_ms);
    const ended = await deployments.get(deploymentId);
    assert.equal(ended.status, 'completed');
    assert.ok(versions[0]!.finished);
    assert.equal(ended.plan.target, undefined, 'module and config aren’t kept');
  });
});

test('a hot reload has an id of its own kind', async () => {
  await withBench(async ({ deployments }) => {
    const created = await deployments.create(requestOf({ type: 'parallel' }, { kind: 'reload' }));
    assert.match(created.plan.deploymentId, /^reload_/);
  });
});

test('an agent has one deployment at a time; the refusal names it', async () => {
  await withBench(async ({ deployments, clock }) => {
    const first = await deployments.create(BLUE_GREEN);
    const { deploymentId } = first.plan;
    await assert.rejects(
      deployments.create(BLUE_GREEN),
      refusedWith('CONFLICT', new RegExp(`${deploymentId}.* roll it back`)),
    );
    await deployments.create({ ...BLUE_GREEN, agentId: 'agent_2' });
    assert.equal(deployments.running('agent_1')?.plan.deploymentId, deploymentId);
    await clock.advance(LIMITS.cleanup_delay_ms);
    assert.equal(deployments.running('agent_1'), undefined);
    await deployments.create(BLUE_GREEN);
  });
});

test('a refused deployment leaves nothing behind', async () => {
  const versionControlFor = () => {
    throw new CaxtonError('AGENT_NOT_FOUND', 'gone');
  };
  await withBench(
    async ({ deployments, events }) => {
      await assert.rejects(deployments.create(BLUE_GREEN), refusedWith('AGENT_NOT_FOUND', /gone/));
      assert.equal((await deployments.list({ offset: 0, limit: 10 })).total, 0);
      assert.equal(deployments.running('agent_1'), undefined);
      assert.deepEqual(events, []);
    },
    { versionControlFor },
  );
});

test('a rollback by hand says why, and when it is done at the latest', async () => {
  await withBench(async ({ deployments, clock, versions }) => {
    const { plan } = await deployments.create(BLUE_GREEN);
    await settle();
    versions[0]!.held.add('rollBack');
    const answer = await deployments.rollBack(plan.deploymentId, 'High error rate detected');
    assert.equal(answer.state.status, 'rolling_back');
    assert.equal(answer.state.reason, 'High error rate detected');
    assert.equal(answer.estimatedCompletionMs, clock.nowMs() + 30_000);
    const again = await deployments.rollBack(plan.deploymentId, 'another');
    assert.equal(again.state.reason, 'High error rate detected');
    await versions[0]!.release();
    assert.equal((await deployments.get(plan.deploymentId)).status, 'rolled_back');
  });
});

test('what has ended is not rolled back, and what isn’t there is not found', async () => {
  await withBench(async ({ deployments, clock }) => {
    const { plan } = await deployments.create(BLUE_GREEN);
    await clock.advance(LIMITS.cleanup_delay_ms);
    await assert.rejects(
      deployments.rollBack(plan.deploymentId, 'late'),
      refusedWith('CONFLICT', /is completed .* deploy version 1\.0\.0 again/),
    );
    await assert.rejects(deployments.get('deploy_x'), refusedWith('NOT_FOUND', /deploy_x/));
    await assert.rejects(deployments.rollBack('deploy_x', ''), refusedWith('NOT_FOUND', /x/));
  });
});

test('deployments are listed newest first, by agent and by status', async () => {
  await withBench(async ({ deployments, clock }) => {
    const ids: string[] = [];
    for (const agentId of ['agent_1', 'agent_2', 'agent_1', 'agent_2']) {
      const { plan } = await deployments.create({ ...BLUE_GREEN, agentId });
      ids.unshift(plan.deploymentId);
      if (ids.length < 4) await clock.advance(LIMITS.cleanup_delay_ms);
    }
    const listed = async (query: object) => {
      const page = await deployments.list({ offset: 0, limit: 10, ...query });
      return [page.total, ...page.deployments.map(({ plan }) => ids.indexOf(plan.deploymentId))];
    };
    assert.deepEqual(await listed({}), [4, 0, 1, 2, 3]);
    assert.deepEqual(await listed({ offset: 1, limit: 2 }), [4, 1, 2]);
    assert.deepEqual(await listed({ agentId: 'agent_1' }), [2, 1, 3]);
    assert.deepEqual(await listed({ status: 'in_progress' }), [1, 0]);
    assert.deepEqual(await listed({ agentId: 'agent_3' }), [0]);
  });
});

test('of ended deployments the newest are kept, and running ones always', async () => {
  await withStore(async (store) => {
    const { deployments } = benchOn(store, { kept: 2 });
    const running = await deployments.create({ ...BLUE_GREEN, agentId: 'agent_0' });
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) {
      const { plan } = await deployments.create(requestOf({ type: 'immediate' }));
      await settle();
      ids.unshift(plan.deploymentId);
    }
    const { deployments: kept } = await deployments.list({ offset: 0, limit: 10 });
    const wanted = [ids[0], ids[1], running.plan.deploymentId];
    assert.deepEqual(
      kept.map(({ plan }) => plan.deploymentId),
      wanted,
    );
    await store.durable();
    assert.equal(store.deployments().length, 3);
    deployments.stop();
  });
});

test('every change is told as an event', async () => {
  await withBench(async ({ deployments, clock, events }) => {
    const stages = [
      { percentage: 30, duration: '1m' },
      { percentage: 100, duration: '0' },
    ];
    const { plan } = await deployments.create(requestOf({ type: 'canary', stages }));
    await clock.advance(60_000);
    const told = events.map((event) => `${event.type} ${event.current_percentage}`);
    assert.deepEqual(told, [
      'deployment.created 0',
      'deployment.progressed 0',
      'deployment.progressed 0',
      'deployment.progressed 30',
      'deployment.progressed 30',
      'deployment.progressed 100',
      'deployment.completed 100',
    ]);
    assert.deepEqual(events.at(-1), {
      type: 'deployment.completed',
      deployment_id: plan.deploymentId,
      agent_id: 'agent_1',
      strategy: 'canary',
      status: 'completed',
      current_stage: 2,
      current_percentage: 100,
      from_version: '1.0.0',
      to_version: '2.0.0',
    });
  });
});

test('a new version that is given up, and a removed agent, reach their deployment', async () => {
  await withBench(async ({ deployments, events }) => {
    await deployments.create(BLUE_GREEN);
    await deployments.create({ ...BLUE_GREEN, agentId: 'agent_2' });
    await settle();
    const error = { code: 'INTERNAL_ERROR', message: 'five traps', details: {} } as const;
    deployments.versionFailed('agent_1', error);
    deployments.versionFailed('agent_3', error);
    deployments.agentRemoved('agent_2');
    await settle();
    const ends = events.filter(({ type }) => /rolled_back|failed/.test(type));
    assert.deepEqual(ends.map(({ type, agent_id }) => [type, agent_id]).sort(), [
      ['deployment.failed', 'agent_2'],
      ['deployment.rolled_back', 'agent_1'],
    ]);
  });
});
