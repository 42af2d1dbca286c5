import { threadId } from 'node:worker_threads';
import { releaseMemory } from '../base/release-memory.js';
import type { ControlReply, WorkerStart } from '../wire/control.js';
import { WorkerLoop } from './loop.js';

/**
 * The one long-running task of a pool thread: says that it is ready, then serves its agents until
 * it is told to exit.
 */
export default async function agentWorker(start: WorkerStart): Promise<void> {
  const loop = new WorkerLoop(start);
  const ready: ControlReply = { verb: 'ready', threadId };
  start.port.postMessage(ready);
  // Now, as the loop blocks the thread until it ends.
  await releaseMemory();
  loop.run();
}
