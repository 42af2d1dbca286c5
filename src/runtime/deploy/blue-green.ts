import { FINISHING, notAStep, type Progress, type Step, type Strategy } from './strategy.js';

/**
 * The whole new version is started and checked beside the old one. Then all new conversations are
 * switched in one step, and the old version is kept for `cleanup_delay`, so that going back takes
 * no start.
 *
 *   starting ──▶ checking ──▶ holding 100 % for cleanup_delay ──▶ finishing
 */
export const blueGreen = Object.freeze<Strategy>({
  stages: ({ cleanupDelayMs }) => [{ percentage: 100, durationMs: cleanupDelayMs }],
  next,
});

function next({ plan, step }: Progress): Step {
  switch (step?.phase) {
    case undefined:
      return { phase: 'starting', stage: 1, instances: plan.newInstances };
    case 'starting':
      return { phase: 'checking', stage: 1 };
    case 'checking':
      return { phase: 'holding', stage: 1 };
    case 'holding':
      return FINISHING;
    default:
      return notAStep('blue_green', step);
  }
}
