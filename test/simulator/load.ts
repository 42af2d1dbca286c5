import { register } from 'node:module';
import { installGlobals, modulesLoaded } from './globals.js';

/*
 * Loads the simulator: the product's modules get substitutes for threads, clocks and LMDB. Whoever
 * imports this must not have loaded anything of src before.
 */

register('./substitution-hooks.js', import.meta.url);
installGlobals();
const { simulationParts } = await import('./parts.js');
const { runSchedule } = await import('./simulation.js');
const { installProbes } = await import('./probes.js');
installProbes();
modulesLoaded();

export { runSchedule, simulationParts };
