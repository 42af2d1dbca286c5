import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whileStalled } from './stalled-store.js';

/**
 * What a kill -9 at this moment would leave of a store that is in use: a copy of it, taken while
 * nothing is written. The folder is gone after `use`.
 */
export async function withCrashedCopy<T>(
  dataDir: string,
  use: (copyDir: string) => Promise<T>,
): Promise<T> {
  const copyDir = await mkdtemp(join(tmpdir(), 'caxton-crashed-'));
  try {
    await whileStalled(dataDir, () =>
      copyFile(join(dataDir, 'store.mdb'), join(copyDir, 'store.mdb')),
    );
    return await use(copyDir);
  } finally {
    await rm(copyDir, { recursive: true, force: true });
  }
}
