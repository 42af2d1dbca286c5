import { spawnSync } from 'node:child_process';

function limitFiles(size: string): void {
  const limit = ['--pid', String(process.pid), `--fsize=${size}:`];
  const { status, error } = spawnSync('prlimit', limit, { stdio: 'inherit' });
  if (status !== 0) throw new Error('prlimit failed', { cause: error });
}

/**
 * For the option `skip` of tests that let the disk fail in their own process: where writes fail,
 * LMDB's native code has been seen to corrupt memory now and then, which ends the whole process.
 * With CAXTON_FULL_DISK=1 they run.
 */
export const diskTestsSkipped: string | false =
  process.env.CAXTON_FULL_DISK === '1'
    ? false
    : 'LMDB may end the process when writes fail; CAXTON_FULL_DISK=1 runs it all the same';

/**
 * The two pages that a commit of LMDB ends with, which a full disk has already. A commit writes
 * others before, all of them behind these.
 */
const META_BYTES = 2 * 4_096;

/** While `act` runs the kernel refuses what this process writes to its store, as on a full disk. */
export async function whileDiskFails<T>(act: () => Promise<T>): Promise<T> {
  const ignore = (): void => undefined;
  // Its default is to end the process.
  process.on('SIGXFSZ', ignore);
  limitFiles(String(META_BYTES));
  try {
    return await act();
  } finally {
    limitFiles('unlimited');
    process.off('SIGXFSZ', ignore);
  }
}
