import { spawnSync } from 'node:child_process';

function limitFiles(size: string): void {
  const limit = ['--pid', String(process.pid), `--fsize=${size}:`];
  const { status, error } = spawnSync('prlimit', limit, { stdio: 'inherit' });
  if (status !== 0) throw new Error('prlimit failed', { cause: error });
}

/**
 * While `act` runs the kernel refuses every write of this process to a file, as on a full disk.
 * What is written to a file that is longer than nothing is refused too.
 */
export async function whileDiskFails<T>(act: () => Promise<T>): Promise<T> {
  const ignore = (): void => undefined;
  // Its default is to end the process.
  process.on('SIGXFSZ', ignore);
  limitFiles('0');
  try {
    return await act();
  } finally {
    limitFiles('unlimited');
    process.off('SIGXFSZ', ignore);
  }
}
