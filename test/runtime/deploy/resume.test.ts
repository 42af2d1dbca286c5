import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonError } from '../../../src/base/errors.js';
import { Deployments } from '../../../src/runtime/deploy/deployments.js';
import type { DeploymentPlan } from '../../../src/runtime/deploy/plan.js';
import type { DeploymentState } from '../../../src/runtime/deploy/state.js';
import type { StrategyInput } from '../../../src/runtime/deploy/strategy-plan.js';
import type { VersionControl } from '../../../src/runtime/deploy/version-control.js';
import { openStore } from '../../../src/store/embedded-store.js';
import type { Store } from '../../../src/store/store.js';
import { optionsFor, withFolder } from '../../store/support.js';
import {
  FakeClock,
  FakeVersions,
  type RunOptions,
  requestOf,
  settle,
  silent,
  TestRun,
} from './support.js';

const HOURS_MS = 4 * 3_600_000;

function deploymentsOn(
  store: Store,
  clock: FakeClock,
  versionControlFor: (agentId: string, plan: DeploymentPlan) => VersionControl,
): Deployments {
  const parts = { store, logger: silent, scheduler: clock, publish: () => {}, versionControlFor };
  return new Deployments(parts);
}

/** The store as a process leaves it that ends right after so many states were kept. */
function endingAfter(store: Store, states: number): Store {
  let kept = 0;
  return new Proxy(store, {
    get: (target, name) => {
      const value = Reflect.get(target, name);
      if (name === 'putDeployment' && ++kept > states) return () => {};
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** One deployment and the state after which its process ends. */
interface Interruption {
  readonly input: StrategyInput;
  readonly options?: RunOptions;
  readonly states: number;
  readonly prepare?: (versions: FakeVersions) => void;
}

interface Outcome {
  readonly found: DeploymentState;
  readonly ended: DeploymentState;
  readonly versions: FakeVersions;
}

const agentOf = (index: number): string => `agent_${String(index).padStart(3, '0')}`;

/** A process with a deployment for each interruption, each of its own agent. */
async function firstProcess(dir: string, interruptions: readonly Interruption[]): Promise<void> {
  const store = await openStore(optionsFor(dir));
  try {
    for (const [i, { input, options, states, prepare }] of interruptions.entries()) {
      const clock = new FakeClock();
      const versions = new FakeVersions(options?.oldInstances ?? 1);
      prepare?.(versions);
      const deployments = deploymentsOn(endingAfter(store, states), clock, () => versions);
      await deployments.create({ ...requestOf(input, options), agentId: agentOf(i) });
      await clock.advance(HOURS_MS);
    }
  } finally {
    await store.close();
  }
}

/** What the next process finds, and what it makes of it. */
async function nextProcess(
  dir: string,
  prepare: (versions: FakeVersions) => void = () => {},
): Promise<Outcome[]> {
  const store = await openStore(optionsFor(dir));
  try {
    const found = store.deployments().map(({ state }) => state as DeploymentState);
    const versionsOf = new Map(
      found.map(({ plan }) => [plan.agentId, new FakeVersions(plan.oldInstances)]),
    );
    for (const versions of versionsOf.values()) prepare(versions);
    const clock = new FakeClock();
    const deployments = deploymentsOn(store, clock, (agentId) => versionsOf.get(agentId)!);
    deployments.restore();
    deployments.resume();
    await clock.advance(HOURS_MS);
    assert.equal(clock.timers, 0);
    for (const versions of versionsOf.values()) assert.deepEqual(versions.violations, []);
    const outcomes = found.map(async (state) => ({
      found: state,
      ended: await deployments.get(state.plan.deploymentId),
      versions: versionsOf.get(state.plan.agentId)!,
    }));
    return await Promise.all(outcomes);
  } finally {
    await store.close();
  }
}

/** Interrupts a deployment after each of the states that it keeps but the last. */
async function interruptedEverywhere(
  input: StrategyInput,
  options: RunOptions,
  prepare: (versions: FakeVersions) => void = () => {},
): Promise<Outcome[]> {
  const whole = new TestRun(input, options);
  prepare(whole.versions);
  await whole.begin();
  await whole.clock.advance(HOURS_MS);
  // The first state is kept before the run begins.
  const interruptions = whole.saved.map((_, i) => ({ input, options, states: i + 1, prepare }));
  return withFolder(async (dir) => {
    await firstProcess(dir, interruptions);
    return nextProcess(dir);
  });
}

const STRATEGIES: ReadonlyArray<readonly [StrategyInput, RunOptions]> = [
  [{ type: 'immediate' }, { oldInstances: 2 }],
  [{ type: 'rolling', batch_size: 2 }, { oldInstances: 3 }],
  [{ type: 'blue_green' }, { oldInstances: 2 }],
  [{ type: 'canary' }, { oldInstances: 4 }],
  [{ type: 'graceful', traffic_split: 10 }, { kind: 'reload' }],
  [{ type: 'parallel' }, { kind: 'reload', oldInstances: 2 }],
  [{ type: 'traffic_splitting' }, { kind: 'reload' }],
];

for (const [input, options] of STRATEGIES) {
  test(`${input.type}, interrupted anywhere, goes on or turns back`, async () => {
    const outcomes = await interruptedEverywhere(input, options);
    const statuses = new Set(outcomes.map(({ found }) => found.status));
    assert.deepEqual([...statuses], ['initializing', 'in_progress']);
    for (const { found, ended, versions } of outcomes) {
      const where = `${found.status} in ${found.step?.phase} ${found.stage}`;
      if (found.status === 'initializing') {
        assert.equal(ended.status, 'rolled_back', where);
        assert.match(ended.reason!, /stopped before version 2\.0\.0 had started/);
        assert.equal(versions.oldInstances, found.plan.oldInstances);
        assert.equal(versions.newInstances, 0);
        continue;
      }
      assert.equal(ended.status, 'completed', where);
      assert.ok(versions.finished, where);
      assert.equal(versions.calls[0], `startNew ${found.newInstances}`, where);
      assert.equal(versions.calls[1], `setShare ${found.share}`, where);
      assert.ok(
        ended.stages.every(({ status }) => status === 'completed'),
        where,
      );
    }
  });
}

test('a rollback that was interrupted is taken to its end', async () => {
  const outcomes = await interruptedEverywhere({ type: 'blue_green' }, {}, (versions) => {
    versions.failures.set('checkNew', 'it hangs');
  });
  const turning = outcomes.filter(({ found }) => found.status === 'rolling_back');
  assert.equal(turning.length, 1);
  assert.equal(turning[0]!.ended.status, 'rolled_back');
  assert.match(turning[0]!.ended.reason!, /it hangs/);
  assert.deepEqual(turning[0]!.versions.calls, ['rollBack']);
});

test('a deployment whose last step was done before the end of the process is completed', async () => {
  await withFolder(async (dir) => {
    // begun, starting, finishing: what follows is lost.
    await firstProcess(dir, [{ input: { type: 'immediate' }, states: 3 }]);
    const [outcome] = await nextProcess(dir, (versions) => {
      versions.finished = true;
    });
    assert.equal(outcome!.found.step?.phase, 'finishing');
    assert.equal(outcome!.ended.status, 'completed');
    assert.deepEqual(outcome!.versions.calls, []);
  });
});

test('a new version that doesn’t start again turns its deployment back', async () => {
  await withFolder(async (dir) => {
    await firstProcess(dir, [{ input: { type: 'blue_green' }, states: 4 }]);
    const [outcome] = await nextProcess(dir, (versions) => {
      versions.failures.set('startNew', 'its module is gone');
    });
    assert.equal(outcome!.found.share, 100);
    assert.equal(outcome!.ended.status, 'rolled_back');
    assert.match(outcome!.ended.reason!, /failed while restarting: its module is gone/);
    assert.deepEqual(outcome!.versions.calls, ['startNew 1', 'rollBack']);
  });
});

test('a stopped server leaves its deployments for the next start, and calls nothing any more', async () => {
  await withFolder(async (dir) => {
    const store = await openStore(optionsFor(dir));
    const clock = new FakeClock();
    const versions = new FakeVersions(1);
    versions.figuresNow = { messages: 50, failed: 1, latencyP99Ms: 3 };
    const deployments = deploymentsOn(store, clock, () => versions);
    await deployments.create(requestOf({ type: 'blue_green' }));
    await settle();
    deployments.stop();
    const calls = versions.calls.length;
    await clock.advance(HOURS_MS);
    assert.equal(versions.calls.length, calls);
    assert.equal(clock.timers, 0);
    await store.close();
    const [outcome] = await nextProcess(dir);
    assert.equal(outcome!.found.status, 'in_progress');
    assert.equal(outcome!.ended.status, 'completed');
    assert.deepEqual(outcome!.ended.earlier, { messages: 50, failed: 1 });
  });
});

test('a deployment whose agent is gone has failed', async () => {
  await withFolder(async (dir) => {
    await firstProcess(dir, [{ input: { type: 'blue_green' }, states: 4 }]);
    const store = await openStore(optionsFor(dir));
    try {
      const deployments = deploymentsOn(store, new FakeClock(), () => {
        throw new CaxtonError('AGENT_NOT_FOUND', 'gone');
      });
      deployments.restore();
      deployments.resume();
      const { deployments: listed } = await deployments.list({ offset: 0, limit: 10 });
      assert.deepEqual(
        listed.map(({ status }) => status),
        ['failed'],
      );
    } finally {
      await store.close();
    }
  });
});
