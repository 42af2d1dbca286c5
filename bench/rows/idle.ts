import { setTimeout as delay } from 'node:timers/promises';
import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import { canReadMemory, residentBytes } from '../harness/process-memory.js';

const MB = 1_000_000;

/** The memory of a server that was just started and does nothing. */
export async function run(context: Context): Promise<void> {
  if (!canReadMemory()) return;
  const values: number[] = [];
  for (let round = 0; round < context.rounds; round++) {
    const server = await CaxtonServer.start();
    try {
      await delay(context.smoke ? 1_000 : 3_000);
      values.push(residentBytes(server.pid) / MB);
    } finally {
      await server.stop();
    }
  }
  context.report({ name: 'idle_memory', unit: 'MB', better: 'lower', values });
}
