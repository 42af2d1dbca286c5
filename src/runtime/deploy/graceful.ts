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
 * Hot reload that leaves the old version its work: the new version is started and checked, and gets
 * all new conversations (with `traffic_split` that share first, for a trial). The old one is closed
 * to new conversations and goes when those that it has are over; the reload doesn't wait for that.
 *
 *   starting ──▶ checking ──▶ [holding traffic_split %] ──▶ holding 100 % ──▶ retiring ──▶ finishing
 */
export const graceful = Object.freeze<Strategy>({ stages, next });

function stages({ trafficSplit, trialMs }: StageOptions): StagePlan[] {
  const all: StagePlan = { percentage: 100, durationMs: 0 };
  if (trafficSplit === undefined || trafficSplit === 100) return [all];
  return [{ percentage: trafficSplit, durationMs: trialMs }, all];
}

function next({ plan, step }: Progress): Step {
  switch (step?.phase) {
    case undefined:
      return { phase: 'starting', stage: 1, instances: plan.newInstances };
    case 'starting':
      return { phase: 'checking', stage: 1 };
    case 'checking':
      return { phase: 'holding', stage: step.stage };
    case 'holding':
      return step.stage < plan.stages.length
        ? { phase: 'checking', stage: step.stage + 1 }
        : { phase: 'retiring', stage: step.stage, instances: plan.oldInstances };
    case 'retiring':
      return FINISHING;
    default:
      return notAStep('graceful', step);
  }
}
