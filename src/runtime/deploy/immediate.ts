import { FINISHING, notAStep, type Progress, type Step, type Strategy } from './strategy.js';

/**
 * All at once: as soon as every instance of the new version has started, it gets all new
 * conversations and the old one goes.
 *
 *   starting ──▶ holding 100 % ──▶ finishing
 */
export const immediate = Object.freeze<Strategy>({
  stages: () => [{ percentage: 100, durationMs: 0 }],
  next,
});

function next({ plan, step }: Progress): Step {
  switch (step?.phase) {
    case undefined:
      return { phase: 'starting', stage: 1, instances: plan.newInstances };
    case 'starting':
      return { phase: 'holding', stage: 1 };
    case 'holding':
      return FINISHING;
    default:
      return notAStep('immediate', step);
  }
}
