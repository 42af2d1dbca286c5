import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const childPath = fileURLToPath(new URL('./store-lock-child.js', import.meta.url));

/**
 * Makes the store of a data folder stand still while `act` runs, as behind a disk that doesn't
 * answer: its writer waits for a lock that another process has.
 */
export async function whileStalled<T>(dataDir: string, act: () => Promise<T>): Promise<T> {
  const child = spawn(process.execPath, [childPath, join(dataDir, 'store.mdb')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  try {
    return await act();
  } finally {
    child.stdin.end();
    await ended;
  }
}
