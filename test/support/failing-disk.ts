import { spawnSync } from 'node:child_process';

function limitFiles(size: string): void {
  const limit = ['--pid', String(process.pid), `--fsize=${size}:`];
  const { status, error } = spawnSync('prlimit', limit, { stdio: 'inherit' });
  if (status !== 0) throw new Error('prlimit failed', { cause: error });
}

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
