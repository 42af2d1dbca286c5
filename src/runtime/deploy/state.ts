import type { DeploymentPlan } from './plan.js';
import type { Step } from './strategy.js';
import type { VersionFigures } from './version-control.js';

export const DEPLOYMENT_STATUSES = Object.freeze([
  'initializing',
  'in_progress',
  'completed',
  'rolling_back',
  'rolled_back',
  'failed',
] as const);
export type DeploymentStatus = (typeof DEPLOYMENT_STATUSES)[number];

/** A stage that has begun. */
export interface StageState {
  /** 1 for the first. */
  readonly stage: number;
  readonly percentage: number;
  readonly status: 'in_progress' | 'completed' | 'rolled_back';
  readonly startedMs: number;
  readonly endedMs: number | undefined;
}

/** From when on the new version got which share of the conversations that began. */
export interface ShareState {
  readonly percent: number;
  /** Conversations that began later than this millisecond. */
  readonly sinceMs: number;
}

/**
 * Everything that is known of a deployment at one moment. Plain data, stored as JSON: enough to go
 * on from after a restart.
 */
export interface DeploymentState {
  readonly plan: DeploymentPlan;
  readonly status: DeploymentStatus;
  /** What is under way, or was when it ended or turned back; undefined before the first step. */
  readonly step: Step | undefined;
  /** 1 for the first; 0 before it. */
  readonly stage: number;
  readonly stages: readonly StageState[];
  /** Share of new conversations that go to the new version, percent. */
  readonly share: number;
  /**
   * All shares so far while it is under way, oldest first, one for each stage at most: where a
   * conversation belongs is found again by them. Absent from records of older servers.
   */
  readonly shares?: readonly ShareState[];
  /** Instances of the new version that are up. */
  readonly newInstances: number;
  /** Instances of the old version that were told to end. */
  readonly retiredInstances: number;
  /** After a restart: the new version is being brought back to where it was. */
  readonly restoring: boolean;
  /** The command whose end is awaited; 0 = none. */
  readonly awaited: number;
  /** Number of the last command. */
  readonly commands: number;
  /** What it becomes when the old version has everything again. */
  readonly endsAs: 'rolled_back' | 'failed';
  /** Why it turned back or failed. */
  readonly reason: string | undefined;
  /** What the new version has done in this process. */
  readonly figures: VersionFigures;
  /** What it had done before the server was last started again. */
  readonly earlier: { readonly messages: number; readonly failed: number };
  /** Messages that the new version had handled when it got its present share. */
  readonly messagesBefore: number;
  /** When status, stage or share last changed. */
  readonly changedMs: number;
}

/** Nothing follows any more: exactly one version is left. */
export function hasEnded({ status }: { readonly status: DeploymentStatus }): boolean {
  return status === 'completed' || status === 'rolled_back' || status === 'failed';
}

export const NO_FIGURES: VersionFigures = Object.freeze({
  messages: 0,
  failed: 0,
  latencyP99Ms: 0,
});

export function initialState(plan: DeploymentPlan): DeploymentState {
  return {
    plan,
    status: 'initializing',
    step: undefined,
    stage: 0,
    stages: [],
    share: 0,
    shares: [],
    newInstances: 0,
    retiredInstances: 0,
    restoring: false,
    awaited: 0,
    commands: 0,
    endsAs: 'rolled_back',
    reason: undefined,
    figures: NO_FIGURES,
    earlier: { messages: 0, failed: 0 },
    messagesBefore: 0,
    changedMs: plan.createdMs,
  };
}

/** Messages that the new version has handled since the deployment began, restarts included. */
export function messagesSeen({ figures, earlier }: DeploymentState): {
  readonly messages: number;
  readonly failed: number;
} {
  return {
    messages: figures.messages + earlier.messages,
    failed: figures.failed + earlier.failed,
  };
}
