import type { StagePlan } from './plan.js';
import {
  FINISHING,
  notAStep,
  type Progress,
  type StageOptions,
  type Step,
  type Strategy,
} from './strategy.js';

/** Without stages of its own a canary takes these. */
const DEFAULT_STAGES: readonly StagePlan[] = Object.freeze([
  { percentage: 10, durationMs: 300_000 },
  { percentage: 50, durationMs: 600_000 },
  { percentage: 100, durationMs: 0 },
]);

/**
 * Stage by stage: a share of new conversations goes to the new version for a while, then a larger
 * one. It gets instances as its share grows; the old version keeps all of its own until the end,
 * so that going back takes no start.
 *
 *   starting ──▶ checking ──▶ holding p % for the stage's duration ──┬─▶ finishing
 *      ▲            ▲                                                │
 *      │            └──────── next stage, instances enough ──────────┤
 *      └───────────────────── next stage ────────────────────────────┘
 */
export const canary = Object.freeze<Strategy>({
  stages: ({ stages }: StageOptions) => stages ?? DEFAULT_STAGES,
  next,
});

function next(progress: Progress): Step {
  const { plan, step } = progress;
  switch (step?.phase) {
    case undefined:
      return beginStage(progress, 1);
    case 'starting':
      return { phase: 'checking', stage: step.stage };
    case 'checking':
      return { phase: 'holding', stage: step.stage };
    case 'holding':
      return step.stage < plan.stages.length ? beginStage(progress, step.stage + 1) : FINISHING;
    default:
      return notAStep('canary', step);
  }
}

function beginStage({ plan, newInstances }: Progress, stage: number): Step {
  const { percentage } = plan.stages[stage - 1]!;
  const instances = Math.ceil((plan.newInstances * percentage) / 100);
  return instances > newInstances
    ? { phase: 'starting', stage, instances }
    : { phase: 'checking', stage };
}
