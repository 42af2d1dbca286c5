import type { DeploymentPlan, StagePlan } from './plan.js';

/**
 * What a deployment is doing. Each phase but the last two is one call of the version control, or a
 * wait, and ends with it.
 */
export type Step =
  /** Bring the new version to so many instances. */
  | { readonly phase: 'starting'; readonly stage: number; readonly instances: number }
  /** See that they are healthy. */
  | { readonly phase: 'checking'; readonly stage: number }
  /** Give the new version the stage's share of new conversations, for as long as the stage says. */
  | { readonly phase: 'holding'; readonly stage: number }
  /** End so many of the old version's instances. */
  | { readonly phase: 'retiring'; readonly stage: number; readonly instances: number }
  /** Make the new version the agent's: the point of no return. */
  | { readonly phase: 'finishing' };

/** How far a deployment has come, as far as a strategy cares. */
export interface Progress {
  readonly plan: Pick<DeploymentPlan, 'stages' | 'batchSize' | 'oldInstances' | 'newInstances'>;
  /** The step that has just been done; undefined at the beginning. */
  readonly step: Step | undefined;
  /** Instances of the new version that are up. */
  readonly newInstances: number;
}

/** What a user may say of a strategy's stages. */
export interface StageOptions {
  readonly stages: readonly StagePlan[] | undefined;
  readonly batchSize: number;
  readonly batchWatchMs: number;
  readonly cleanupDelayMs: number;
  readonly newInstances: number;
  /** Share with which a hot reload begins; undefined = the strategy's own. */
  readonly trafficSplit: number | undefined;
  readonly trialMs: number;
}

/**
 * A deployment strategy: a state machine without side effects. It says which step follows which as
 * long as all goes well; what happens when something doesn't is the same for all of them and
 * stands in machine.ts.
 */
export interface Strategy {
  /** Stages that a deployment will go through, at least one; the last has 100 percent. */
  stages(options: StageOptions): readonly StagePlan[];
  next(progress: Progress): Step;
}

export const FINISHING: Step = Object.freeze({ phase: 'finishing' });

/** The strategy was asked what follows a step that it never takes. */
export function notAStep(strategy: string, step: Step | undefined): never {
  throw new Error(`the strategy ${strategy} has no phase ${step?.phase}`);
}
