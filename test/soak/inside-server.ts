/**
 * Loaded into a soaked server before anything else (`--import`), for what can't be done or seen from
 * outside of its process: ends a worker thread of agents, collects garbage, and tells how much heap is
 * left. Listens on the Unix socket whose path is in its own URL; a line that comes is answered by one.
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { AgentThreads } from '../support/agent-threads.js';

/** What the inside of a server tells. */
export interface InsideSample {
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Worker threads that run agents. */
  readonly agentThreads: number;
  /** What keeps the event loop, by kind, such as sockets and timers. */
  readonly resources: Readonly<Record<string, number>>;
}

const path = new URL(import.meta.url).searchParams.get('socket');

function sample(): InsideSample {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) resources[kind] = (resources[kind] ?? 0) + 1;
  return {
    heapBytes: heapUsed,
    externalBytes: external,
    agentThreads: threads.all.length,
    resources,
  };
}

/** Ends one of the threads; says whether there was any. */
async function endThread(choice: number): Promise<boolean> {
  const thread = threads.all[choice % Math.max(1, threads.all.length)];
  await thread?.terminate();
  return thread !== undefined;
}

async function answer(line: string): Promise<unknown> {
  const [word, number] = line.split(' ');
  if (word === 'end-thread') return endThread(Number(number));
  if (word === 'sample') return sample();
  throw new Error(`what is ${line}?`);
}

const threads = new AgentThreads();
if (isMainThread && path !== null) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    createInterface(socket).on('line', (line) => {
      void answer(line).then((value) => socket.end(`${JSON.stringify(value)}\n`));
    });
  });
  server.listen(path);
  // The process ends when the server's own work is done.
  server.unref();
}
