import { loadConfig } from '../../src/config/load-config.js';
import { guest } from '../support/guests.js';
import type { SimulationParts } from './simulation.js';

/** What all schedules share. */
export async function simulationParts(): Promise<SimulationParts> {
  const config = loadConfig({ flags: { workers: 1 } });
  return {
    config: { ...config, limits: { ...config.limits, content_bytes: 2_048 } },
    module: await guest('scripted'),
  };
}
