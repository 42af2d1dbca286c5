import type { StagePlan } from './plan.js';
import { sideBySide } from './side-by-side.js';
import type { StageOptions, Strategy } from './strategy.js';

const SHARE_PERCENT = 10;

/**
 * Hot reload that tries the new version on a part of the traffic: `traffic_split` percent of new
 * conversations (10 unless told otherwise) go to it for a trial, then all of them.
 *
 *   starting ──▶ checking ──▶ holding traffic_split % ──▶ checking ──▶ holding 100 % ──▶ finishing
 */
export const trafficSplitting = Object.freeze<Strategy>({
  stages: ({ trafficSplit, trialMs }: StageOptions): StagePlan[] => {
    const percentage = trafficSplit ?? SHARE_PERCENT;
    const all: StagePlan = { percentage: 100, durationMs: 0 };
    return percentage === 100 ? [all] : [{ percentage, durationMs: trialMs }, all];
  },
  next: (progress) => sideBySide('traffic_splitting', progress),
});
