import { FINISHING, notAStep, type Progress, type Step } from './strategy.js';

/**
 * What follows a step of strategies that start the whole new version first and then raise its
 * share stage by stage, with a check before each.
 * @param strategy whose step it is, for the message of a defect
 */
export function sideBySide(strategy: string, { plan, step }: Progress): Step {
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
        : FINISHING;
    default:
      return notAStep(strategy, step);
  }
}
