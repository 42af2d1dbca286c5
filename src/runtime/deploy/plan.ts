/** Strategies of a deployment. */
export const DEPLOYMENT_STRATEGIES = Object.freeze([
  'immediate',
  'rolling',
  'blue_green',
  'canary',
] as const);
export type DeploymentStrategy = (typeof DEPLOYMENT_STRATEGIES)[number];

/** Strategies of a hot reload. */
export const RELOAD_STRATEGIES = Object.freeze([
  'graceful',
  'immediate',
  'parallel',
  'traffic_splitting',
] as const);
export type ReloadStrategy = (typeof RELOAD_STRATEGIES)[number];

export type StrategyName = DeploymentStrategy | ReloadStrategy;

/** A share of new conversations, and for how long it stays before the next. */
export interface StagePlan {
  /** 1 to 100. */
  readonly percentage: number;
  readonly durationMs: number;
  /** The stage ends sooner when the new version has handled so many messages in it. */
  readonly enoughMessages?: number;
}

/** When a deployment goes back by itself. */
export interface RollbackRule {
  /** Off: errors and latency are shown and nothing more. */
  readonly onError: boolean;
  /** Share of messages, 0 to 1, that may fail. */
  readonly errorThreshold: number;
  /** Largest 99th percentile of latency; undefined = none. */
  readonly latencyThresholdMs: number | undefined;
}

/** How a strategy is to go about it: everything that a user may say, with defaults filled in. */
export interface StrategyPlan {
  readonly kind: 'deployment' | 'reload';
  readonly strategy: StrategyName;
  readonly stages: readonly StagePlan[];
  /** Instances that `rolling` replaces at a time. */
  readonly batchSize: number;
  readonly rollback: RollbackRule;
}

/** The new version, as the runtime needs it to start instances of it. */
export interface VersionTarget {
  /** SHA-256 of the module as deployed, hexadecimal. */
  readonly moduleHash: string;
  /** The validated config, as JSON. */
  readonly config: unknown;
}

/** A deployment from its beginning to its end: never changes. */
export interface DeploymentPlan extends StrategyPlan {
  readonly deploymentId: string;
  readonly agentId: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** Instances of the old version when the deployment began. */
  readonly oldInstances: number;
  /** Instances of the new version when it is done. */
  readonly newInstances: number;
  /** Gone from the records of deployments that have ended. */
  readonly target: VersionTarget | undefined;
  readonly createdMs: number;
  /** Name of the token. */
  readonly createdBy: string;
}
