import { blueGreen } from './blue-green.js';
import { canary } from './canary.js';
import { graceful } from './graceful.js';
import { immediate } from './immediate.js';
import { parallel } from './parallel.js';
import type { StrategyName } from './plan.js';
import { rolling } from './rolling.js';
import type { Strategy } from './strategy.js';
import { trafficSplitting } from './traffic-splitting.js';

/** Every strategy by its name in the API. A hot reload's `immediate` is that of a deployment. */
export const STRATEGIES: Readonly<Record<StrategyName, Strategy>> = Object.freeze({
  immediate,
  rolling,
  blue_green: blueGreen,
  canary,
  graceful,
  parallel,
  traffic_splitting: trafficSplitting,
});
