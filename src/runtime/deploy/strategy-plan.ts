import { invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { parseDurationMs } from '../../base/units.js';
import {
  DEPLOYMENT_STRATEGIES,
  RELOAD_STRATEGIES,
  type StagePlan,
  type StrategyName,
  type StrategyPlan,
} from './plan.js';
import { STRATEGIES } from './strategies.js';

/** A duration as users write it: "5m", or 0. */
type Duration = string | number;

/** A strategy as users write it; fields that are absent have their defaults. */
export interface StrategyInput {
  readonly type: string;
  readonly stages?: ReadonlyArray<{ readonly percentage: number; readonly duration: Duration }>;
  readonly batch_size?: number;
  /** How long a batch is watched at most; users can't set it. */
  readonly batch_watch?: Duration;
  readonly cleanup_delay?: Duration;
  /** Share of new conversations with which a hot reload begins, percent. */
  readonly traffic_split?: number;
  /** How long a hot reload lets both versions run beside each other. */
  readonly trial?: Duration;
  readonly rollback_on_error?: boolean;
  readonly error_threshold?: number;
  readonly latency_threshold_ms?: number;
}

/** Fields that mean something for some strategies only. */
export const STRATEGY_FIELDS: Readonly<Record<string, readonly StrategyName[]>> = Object.freeze({
  stages: ['canary'],
  batch_size: ['rolling'],
  batch_watch: ['rolling'],
  cleanup_delay: ['blue_green'],
  traffic_split: ['graceful', 'parallel', 'traffic_splitting'],
  trial: ['graceful', 'parallel', 'traffic_splitting'],
});

const ERROR_THRESHOLD = 0.05;

/**
 * Checks a strategy and fills in what it leaves open.
 * @param path what stands before the names of its fields in errors, such as `strategy`
 * @param newInstances that the new version will have
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function toStrategyPlan(
  kind: StrategyPlan['kind'],
  input: StrategyInput,
  newInstances: number,
  path: string,
): StrategyPlan {
  const strategy = strategyName(kind, input.type, `${path}.type`);
  checkFields(strategy, input, path);
  const duration = (name: 'batch_watch' | 'cleanup_delay' | 'trial', otherwise: number): number =>
    input[name] === undefined ? otherwise : readDuration(input[name], `${path}.${name}`);
  const batchSize = input.batch_size ?? 1;
  return {
    kind,
    strategy,
    stages: STRATEGIES[strategy].stages({
      stages: input.stages && readStages(input.stages, `${path}.stages`),
      batchSize,
      batchWatchMs: duration('batch_watch', LIMITS.batch_watch_ms),
      cleanupDelayMs: duration('cleanup_delay', LIMITS.cleanup_delay_ms),
      newInstances,
      trafficSplit: input.traffic_split,
      trialMs: duration('trial', LIMITS.reload_trial_ms),
    }),
    batchSize,
    rollback: {
      onError: input.rollback_on_error ?? true,
      errorThreshold: input.error_threshold ?? ERROR_THRESHOLD,
      latencyThresholdMs: input.latency_threshold_ms,
    },
  };
}

function strategyName(kind: StrategyPlan['kind'], type: string, field: string): StrategyName {
  const allowed: readonly StrategyName[] =
    kind === 'reload' ? RELOAD_STRATEGIES : DEPLOYMENT_STRATEGIES;
  const found = allowed.find((name) => name === type);
  if (found !== undefined) return found;
  throw invalidRequest(`${field} must be one of ${allowed.join(', ')}.`, field, { allowed });
}

// What a strategy passes over in silence, its user would go on believing in.
function checkFields(strategy: StrategyName, input: StrategyInput, path: string): void {
  for (const [name, strategies] of Object.entries(STRATEGY_FIELDS)) {
    if (input[name as keyof StrategyInput] === undefined || strategies.includes(strategy)) continue;
    const field = `${path}.${name}`;
    throw invalidRequest(
      `${field} means nothing for the strategy ${strategy}, only for ${strategies.join(', ')}; remove it.`,
      field,
    );
  }
}

function readDuration(value: Duration, field: string): number {
  const ms = parseDurationMs(value, field);
  if (ms <= LIMITS.stage_duration_max_ms) return ms;
  throw invalidRequest(
    `${field} is ${value}; the most is ${LIMITS.stage_duration_max_ms / 3_600_000}h.`,
    field,
    { limit_ms: LIMITS.stage_duration_max_ms },
  );
}

function readStages(stages: NonNullable<StrategyInput['stages']>, field: string): StagePlan[] {
  if (stages.length < 1 || stages.length > LIMITS.deployment_stages) {
    throw invalidRequest(
      `${field} must have 1 to ${LIMITS.deployment_stages} stages; it has ${stages.length}.`,
      field,
      { limit: LIMITS.deployment_stages },
    );
  }
  let before = 0;
  const plans = stages.map(({ percentage, duration }, i) => {
    const each = `${field}.${i}`;
    if (!Number.isInteger(percentage) || percentage <= before || percentage > 100) {
      throw invalidRequest(
        `${each}.percentage is ${percentage}; write whole numbers that grow from stage to stage, 1 to 100.`,
        `${each}.percentage`,
      );
    }
    before = percentage;
    return { percentage, durationMs: readDuration(duration, `${each}.duration`) };
  });
  if (before === 100) return plans;
  throw invalidRequest(
    `${field} end at ${before} percent; add a last stage such as {"percentage": 100, "duration": "0"}.`,
    `${field}.${stages.length - 1}.percentage`,
  );
}
