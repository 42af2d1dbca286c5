import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for a server's data on a disk that can be filled, and given room again. */
export interface SmallDisk {
  readonly folder: string;
  /** What a write is refused with. */
  readonly refusal: RegExp;
  /** @param pid of the server */
  fill(pid: number): void;
  free(pid: number): void;
  close(): void;
}

function run(command: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`, { cause: error });
}

/** A file system of so many MB of its own, in memory. */
export function mountedDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-disk-'));
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'caxton-test', folder);
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  const filler = join(folder, 'filler');
  return {
    folder,
    refusal: /the disk is full \(ENOSPC/,
    fill: () => {
      const block = Buffer.alloc(64 * 1024, 1);
      for (const size of [block.length, 4_096]) fillWith(filler, block.subarray(0, size));
    },
    free: () => rmSync(filler),
    close: () => {
      run('umount', folder);
      rmSync(folder, { recursive: true });
    },
  };
}

function fillWith(path: string, block: Buffer): void {
  for (;;) {
    try {
      writeFileSync(path, block, { flag: 'a' });
    } catch {
      return;
    }
  }
}

/**
 * For the option `skip` of tests that mount: few users and containers may. What matters most of
 * them is shown by `limitedDisk` too.
 */
export const mountsSkipped: string | false = (() => {
  try {
    mountedDisk(1).close();
    return false;
  } catch (error) {
    return `no file system can be mounted here: ${(error as Error).message.trim()}`;
  }
})();

/** The same by a limit of the kernel on the size of a server's files, which needs no rights. */
export function limitedDisk(): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-disk-'));
  const limit = (pid: number, bytes: string): void => {
    run('prlimit', '--pid', String(pid), `--fsize=${bytes}:`);
  };
  return {
    folder,
    refusal: /the file has reached the size that the system allows it \(EFBIG/,
    fill: (pid) => limit(pid, String(statSync(join(folder, 'data', 'store.mdb')).size)),
    free: (pid) => limit(pid, 'unlimited'),
    close: () => rmSync(folder, { recursive: true }),
  };
}
