import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaxtonError } from '../../../src/base/errors.js';
import { type StrategyInput, toStrategyPlan } from '../../../src/runtime/deploy/strategy-plan.js';

function refusal(input: StrategyInput, kind: 'deployment' | 'reload' = 'deployment'): CaxtonError {
  try {
    toStrategyPlan(kind, input, 1, 'strategy');
  } catch (error) {
    assert.ok(error instanceof CaxtonError);
    assert.equal(error.code, 'INVALID_REQUEST');
    return error;
  }
  assert.fail('it was not refused');
}

test('the canary of the API reference is read', () => {
  const plan = toStrategyPlan(
    'deployment',
    {
      type: 'canary',
      stages: [
        { percentage: 10, duration: '5m' },
        { percentage: 50, duration: '10m' },
        { percentage: 100, duration: '0' },
      ],
      rollback_on_error: true,
      error_threshold: 0.05,
    },
    2,
    'strategy',
  );
  assert.deepEqual(plan, {
    kind: 'deployment',
    strategy: 'canary',
    stages: [
      { percentage: 10, durationMs: 300_000 },
      { percentage: 50, durationMs: 600_000 },
      { percentage: 100, durationMs: 0 },
    ],
    batchSize: 1,
    rollback: { onError: true, errorThreshold: 0.05, latencyThresholdMs: undefined },
  });
});

test('a strategy rolls back on errors unless told otherwise', () => {
  const { rollback } = toStrategyPlan('deployment', { type: 'immediate' }, 1, 'strategy');
  assert.deepEqual(rollback, {
    onError: true,
    errorThreshold: 0.05,
    latencyThresholdMs: undefined,
  });
});

test('a strategy of the other kind is refused, with those that there are', () => {
  assert.match(refusal({ type: 'graceful' }).message, /^strategy\.type must be one of immediate, /);
  assert.match(refusal({ type: 'canary' }, 'reload').message, /one of graceful, immediate, /);
});

test('a field that means nothing for the strategy is refused by name', () => {
  const error = refusal({ type: 'rolling', cleanup_delay: '5m' });
  assert.equal(error.details.field, 'strategy.cleanup_delay');
  assert.match(error.message, /only for blue_green; remove it/);
});

test('stages that don’t grow, or don’t reach 100 percent, are refused', () => {
  const stages = (...shares: number[]) => ({
    type: 'canary',
    stages: shares.map((percentage) => ({ percentage, duration: '1m' })),
  });
  assert.equal(refusal(stages(10, 10, 100)).details.field, 'strategy.stages.1.percentage');
  assert.equal(refusal(stages(0, 100)).details.field, 'strategy.stages.0.percentage');
  assert.match(refusal(stages(10, 50)).message, /end at 50 percent; add a last stage/);
  assert.match(refusal(stages()).message, /must have 1 to 20 stages; it has 0/);
  assert.match(refusal(stages(...Array(21).keys())).message, /it has 21/);
});

test('durations that are none, or too long, are refused by name', () => {
  const stage = (duration: string) => ({
    type: 'canary',
    stages: [{ percentage: 100, duration }],
  });
  assert.equal(refusal(stage('soon')).details.field, 'strategy.stages.0.duration');
  assert.equal(refusal(stage('8d')).details.limit_ms, 7 * 24 * 3_600_000);
});
