import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { packageFile } from '../../src/base/package-file.js';
import type { Machine } from '../harness/machine.js';
import type { IdleMemory } from './idle-memory.js';
import type { Times } from './owners.js';

export interface ProfiledThread {
  readonly role: string;
  /** The name of its flame graph's file, of those that have one. */
  readonly flame?: string;
  readonly times: Times;
  /** CPU time, in microseconds. */
  readonly us_per_message: number;
}

export interface Profiled {
  readonly name: string;
  readonly date: string;
  readonly commit: string;
  readonly seconds: number;
  readonly messages: number;
  readonly threads: readonly ProfiledThread[];
}

/** What `npm run bench-profile` found, from which docs/performance.md is made. */
export interface Profiles {
  readonly machine: Machine | null;
  readonly profiles: readonly Profiled[];
  readonly memory: IdleMemory | null;
}

const PATH = packageFile('bench', 'results', 'profiles.json');

export function readProfiles(): Profiles {
  if (!existsSync(PATH)) return { machine: null, profiles: [], memory: null };
  return JSON.parse(readFileSync(PATH, 'utf8')) as Profiles;
}

export function writeProfiles(profiles: Profiles): void {
  writeFileSync(PATH, `${JSON.stringify(profiles, null, 2)}\n`);
}
