import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { benchScript } from './child.js';
import { makeFolder } from './leftovers.js';

/** What the threads of a server do; `other` are the engine's and libraries' own threads. */
export const ROLES = ['main', 'worker', 'writer', 'other'] as const;
export type Role = (typeof ROLES)[number];

/** CPU time in microseconds, of all threads of a role together. */
export type ThreadTimes = Readonly<Record<Role, number>>;

/** Linux tells a thread's CPU time in nanoseconds, where its kernel counts it. */
export function canReadThreadTimes(): boolean {
  return existsSync('/proc/thread-self/schedstat');
}

/** Threads of a server that was started with `flags`, and what CPU time they have taken. */
export class ThreadClock {
  readonly flags: readonly string[];
  readonly #folder = makeFolder();
  /** Also those that have ended: what they took stays taken. */
  readonly #threads = new Map<string, { readonly role: Role; readonly time_us: number }>();

  constructor() {
    const folder = encodeURIComponent(this.#folder);
    this.flags = [`--import=file://${benchScript('harness/thread-names.js')}?folder=${folder}`];
  }

  /** Of the one server that was started with the flags. */
  read(pid: number): ThreadTimes {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const note = join(this.#folder, thread);
      const role = roleOf(existsSync(note) ? readFileSync(note, 'utf8') : undefined);
      const time_us = threadTime_us(`/proc/${pid}/task/${thread}/schedstat`);
      if (time_us !== undefined) this.#threads.set(thread, { role, time_us });
    }
    const times = { main: 0, worker: 0, writer: 0, other: 0 };
    for (const { role, time_us } of this.#threads.values()) times[role] += time_us;
    return times;
  }
}

// The pool's threads are workers, but for the one that compiles, which has nothing to do under load.
function roleOf(script: string | undefined): Role {
  if (script === undefined) return 'other';
  if (script === 'main') return 'main';
  return script.includes('writer-thread') ? 'writer' : 'worker';
}

function threadTime_us(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'latin1').split(' ')[0]) / 1_000;
  } catch {
    // It ended meanwhile.
    return undefined;
  }
}

const TICK_US = 10_000;

/** CPU time of the processes that this one started and that have ended, in microseconds. */
export function endedChildrenTime_us(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // What follows the name, which may hold spaces: fields 3 and on, of which these are 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * TICK_US;
}
