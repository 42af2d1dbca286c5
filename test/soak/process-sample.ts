import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const KIB = 1024;

/** What the system tells of a process, and of its folder. */
export interface ProcessSample {
  readonly residentBytes: number;
  /** Of that, what no file stands behind: the store's map is left out. */
  readonly anonymousBytes: number;
  readonly threads: number;
  readonly descriptors: number;
  readonly folderBytes: number;
  readonly folderFiles: number;
}

/** Reads /proc, which Linux has. Throws when the process is gone. */
export function sampleProcess(pid: number, folder: string): ProcessSample {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const number = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
  const sizes = readdirSync(folder).map((name) => blocksOf(join(folder, name)));
  return {
    residentBytes: number('VmRSS') * KIB,
    anonymousBytes: number('RssAnon') * KIB,
    threads: number('Threads'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    folderBytes: sizes.reduce((sum, size) => sum + size, 0),
    folderFiles: sizes.length,
  };
}

/** What a file takes on the disk, 0 when it has just gone. */
function blocksOf(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
}
