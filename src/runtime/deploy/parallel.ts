import type { StagePlan } from './plan.js';
import { sideBySide } from './side-by-side.js';
import type { StageOptions, Strategy } from './strategy.js';

/** Equal parts, unless told otherwise. */
const SHARE_PERCENT = 50;

/**
 * Hot reload with both versions running beside each other: they take new conversations in equal
 * parts (or `traffic_split` percent) for a trial; then the new version takes all, and the old one
 * stands by as long again, so that going back takes no start.
 *
 *   starting ──▶ checking ──▶ holding 50 % ──▶ checking ──▶ holding 100 % ──▶ finishing
 */
export const parallel = Object.freeze<Strategy>({
  stages: ({ trafficSplit, trialMs }: StageOptions): StagePlan[] => {
    const all: StagePlan = { percentage: 100, durationMs: trialMs };
    const percentage = trafficSplit ?? SHARE_PERCENT;
    return percentage === 100 ? [all] : [{ percentage, durationMs: trialMs }, all];
  },
  next: (progress) => sideBySide('parallel', progress),
});
