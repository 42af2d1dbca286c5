import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CaxtonServer } from '../harness/caxton.js';
import { benchScript, start } from '../harness/child.js';
import { makeFolder, removeFolder } from '../harness/leftovers.js';
import { residentBytes } from '../harness/process-memory.js';
import { type MemoryKinds, readMemoryKinds } from './memory-map.js';

const REST_MS = 3_000;
const NODE = 'console.log("ready"); setInterval(() => {}, 60_000)';

export interface MainHeap {
  /** What the engine has set aside for objects. */
  readonly heapTotal: number;
  /** What of that objects take. */
  readonly heapUsed: number;
  /** Buffers and what else native code keeps for objects; only what was touched is in memory. */
  readonly external: number;
}

/** The memory of servers that were just started and do nothing, in bytes. */
export interface IdleMemory {
  /** Node.js that runs next to nothing. */
  readonly node: number;
  readonly one_worker: number;
  readonly four_workers: number;
  /** Of the one with one worker. */
  readonly kinds: MemoryKinds;
  /** Of the same, the main thread's part. */
  readonly main: MainHeap;
}

export async function measureIdleMemory(): Promise<IdleMemory> {
  const bare = await start(process.execPath, ['-e', NODE], /ready/);
  await delay(REST_MS);
  const node = residentBytes(bare.pid);
  await bare.stop();
  const one = await idle(1);
  const four = await idle(4);
  return {
    node,
    one_worker: one.bytes,
    four_workers: four.bytes,
    kinds: one.kinds,
    main: one.main,
  };
}

interface Idle {
  readonly bytes: number;
  readonly kinds: MemoryKinds;
  readonly main: MainHeap;
}

async function idle(workers: number): Promise<Idle> {
  const folder = makeFolder();
  const note = join(folder, 'heap.json');
  const script = `file://${benchScript('profile/heap-notes.js')}`;
  const nodeFlags = [`--import=${script}?file=${encodeURIComponent(note)}`];
  const server = await CaxtonServer.start({ workers, nodeFlags });
  try {
    await delay(REST_MS);
    const { heapTotal, heapUsed, external } = JSON.parse(readFileSync(note, 'utf8')) as MainHeap;
    const main = { heapTotal, heapUsed, external };
    return { bytes: residentBytes(server.pid), kinds: readMemoryKinds(server.pid), main };
  } finally {
    await server.stop();
    removeFolder(folder);
  }
}
