import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasEnded } from '../../../src/runtime/deploy/state.js';
import type { StrategyInput } from '../../../src/runtime/deploy/strategy-plan.js';
import { settle, TestRun } from './support.js';

const share = fc.integer({ min: 1, max: 99 });
const duration = fc.constantFrom('0', '500ms', '10s', '5m');

const deployments: fc.Arbitrary<StrategyInput> = fc.oneof(
  fc.constant({ type: 'immediate' }),
  fc.record({ type: fc.constant('rolling'), batch_size: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('blue_green'), cleanup_delay: duration }),
  fc.tuple(fc.uniqueArray(share, { maxLength: 4 }), duration).map(([shares, each]) => ({
    type: 'canary',
    stages: [...shares.sort((a, b) => a - b), 100].map((percentage) => ({
      percentage,
      duration: each,
    })),
  })),
);

const reloads: fc.Arbitrary<StrategyInput> = fc.record(
  {
    type: fc.constantFrom('graceful', 'parallel', 'traffic_splitting'),
    traffic_split: fc.integer({ min: 1, max: 100 }),
    trial: duration,
  },
  { requiredKeys: ['type'] },
);

const strategies = fc.oneof(
  fc.tuple(fc.constant('deployment' as const), deployments),
  fc.tuple(fc.constant('reload' as const), reloads),
);

type Happening =
  | { readonly type: 'time'; readonly ms: number }
  | {
      readonly type: 'hold' | 'fail';
      readonly call: 'startNew' | 'checkNew' | 'retireOld' | 'finish';
    }
  | { readonly type: 'release' | 'roll_back' | 'unhealthy' | 'stale' }
  | { readonly type: 'errors'; readonly failed: number };

const call = fc.constantFrom('startNew', 'checkNew', 'retireOld', 'finish' as const);
// A rollback that fails has a test of its own: the old version is then not whole at the end.
const held = fc.oneof(call, fc.constant('rollBack' as const));
const happenings: fc.Arbitrary<Happening[]> = fc.array(
  fc.oneof(
    { arbitrary: fc.record({ type: fc.constant('time'), ms: fc.nat(400_000) }), weight: 6 },
    { arbitrary: fc.record({ type: fc.constant('hold'), call: held }), weight: 2 },
    { arbitrary: fc.constant({ type: 'release' }), weight: 3 },
    { arbitrary: fc.constant({ type: 'stale' }), weight: 1 },
    { arbitrary: fc.record({ type: fc.constant('fail'), call }), weight: 1 },
    { arbitrary: fc.constantFrom({ type: 'roll_back' }, { type: 'unhealthy' }), weight: 2 },
    { arbitrary: fc.record({ type: fc.constant('errors'), failed: fc.nat(100) }), weight: 1 },
  ) as fc.Arbitrary<Happening>,
  { maxLength: 12 },
);

async function happen(run: TestRun, happening: Happening): Promise<void> {
  const { versions } = run;
  switch (happening.type) {
    case 'time':
      return run.clock.advance(happening.ms);
    case 'hold':
      versions.held.add(happening.call);
      return;
    case 'fail':
      versions.failures.set(happening.call, 'it fails');
      return;
    case 'release':
      return versions.release();
    case 'roll_back':
      run.run.deliver({ type: 'roll_back', reason: 'by hand' });
      break;
    case 'unhealthy':
      run.run.deliver({
        type: 'unhealthy',
        error: { code: 'INTERNAL_ERROR', message: 'given up', details: {} },
      });
      break;
    case 'stale':
      run.run.deliver({ type: 'done', id: run.state.awaited - 1 });
      break;
    case 'errors':
      versions.figuresNow = { messages: 100, failed: happening.failed, latencyP99Ms: 1 };
  }
  await settle();
}

test('whatever happens, exactly one version is left at the end, and never neither', async () => {
  const ends = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      strategies,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      happenings,
      async ([kind, input], oldInstances, newInstances, heldStart, all) => {
        const run = new TestRun(input, { kind, oldInstances, newInstances });
        if (heldStart) run.versions.held.add('startNew');
        await run.begin();
        for (const happening of all) {
          await happen(run, happening);
          const { state } = run;
          assert.ok(state.share >= 0 && state.share <= 100);
          if (state.status === 'in_progress') {
            assert.equal(state.share, run.versions.share);
            assert.ok(state.newInstances <= run.versions.newInstances);
          } else if (state.status === 'completed') assert.ok(run.versions.finished);
          else assert.equal(state.share, 0);
        }
        await run.versions.release();
        await run.clock.advance(4 * 3_600_000);
        const { state, versions } = run;
        assert.deepEqual(versions.violations, []);
        ends.add(state.status);
        assert.ok(hasEnded(state), `${state.status} in ${state.step?.phase}`);
        assert.equal(run.ends, 1);
        assert.equal(run.clock.timers, 0);
        if (state.status === 'completed') {
          assert.ok(versions.finished);
          assert.equal(versions.share, 100);
          assert.equal(versions.newInstances, newInstances);
          assert.equal(versions.oldInstances, 0);
          assert.ok(state.stages.every((stage) => stage.status === 'completed'));
        } else {
          assert.ok(!versions.finished);
          assert.equal(versions.share, 0);
          assert.equal(versions.newInstances, 0);
          assert.equal(versions.oldInstances, oldInstances);
          assert.equal(versions.calls.at(-1), 'rollBack');
          assert.ok(state.reason);
        }
      },
    ),
    { numRuns: 300 },
  );
  assert.deepEqual([...ends].sort(), ['completed', 'rolled_back']);
});

test('the share never falls while a deployment goes forward', async () => {
  await fc.assert(
    fc.asyncProperty(
      strategies,
      fc.integer({ min: 1, max: 5 }),
      async ([kind, input], instances) => {
        const run = new TestRun(input, { kind, oldInstances: instances });
        await run.begin();
        await run.clock.advance(4 * 3_600_000);
        const shares = run.saved.map((state) => state.share);
        assert.deepEqual(
          shares,
          [...shares].sort((a, b) => a - b),
        );
        assert.equal(run.state.status, 'completed');
      },
    ),
    { numRuns: 100 },
  );
});
