import { LIMITS } from '../../base/limits.js';
import type { StagePlan } from './plan.js';
import {
  FINISHING,
  notAStep,
  type Progress,
  type StageOptions,
  type Step,
  type Strategy,
} from './strategy.js';

/**
 * Batch by batch: instances of the new version are started and checked, get their part of new
 * conversations and are watched until their errors can be judged or a while has passed; then as many
 * old ones are retired, and the next batch begins. So the agent never has fewer instances than
 * before, and at most one batch more.
 *
 *   starting ──▶ checking ──▶ holding k/n ──▶ retiring ──┬─▶ finishing
 *      ▲                                                 │
 *      └───────────────── next batch ────────────────────┘
 */
export const rolling = Object.freeze<Strategy>({ stages, next });

/** One stage for each batch; the share follows the number of instances. */
function stages({ batchSize, batchWatchMs, newInstances }: StageOptions): StagePlan[] {
  const batches = Math.ceil(newInstances / batchSize);
  return Array.from({ length: batches }, (_, i) => ({
    percentage: Math.max(1, Math.floor((100 * (i + 1)) / batches)),
    durationMs: batchWatchMs,
    enoughMessages: LIMITS.error_threshold_messages,
  }));
}

function next({ plan, step }: Progress): Step {
  if (step === undefined) return startBatch(plan, 1);
  if (step.phase === 'finishing') return notAStep('rolling', step);
  const { stage } = step;
  switch (step.phase) {
    case 'starting':
      return { phase: 'checking', stage };
    case 'checking':
      return { phase: 'holding', stage };
    case 'holding':
      return { phase: 'retiring', stage, instances: retiredAfter(plan, stage) };
    case 'retiring':
      return stage < plan.stages.length ? startBatch(plan, stage + 1) : FINISHING;
  }
}

function startBatch(plan: Progress['plan'], stage: number): Step {
  const instances = Math.min(stage * plan.batchSize, plan.newInstances);
  return { phase: 'starting', stage, instances };
}

// The old version may have another number of instances than the new one will have.
function retiredAfter(plan: Progress['plan'], stage: number): number {
  return Math.floor((plan.oldInstances * stage) / plan.stages.length);
}
