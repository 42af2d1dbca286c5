import { readFile, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { LIMITS } from '../base/limits.js';
import { UsageError } from './failures.js';

/**
 * The content of a file, at first and whenever it has changed and come to rest: compilers write in
 * pieces, rename another file over it, or delete it and its folder and make them anew. So the path
 * is looked at again and again: a watch by the system stays with a file or folder that is gone, and
 * doesn't see what happens on some mounts and network drives.
 * @throws UsageError when it can't be read
 */
export async function* fileVersions(file: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  let last: Buffer | undefined;
  let taken: string | undefined;
  let seen: string | undefined;
  let sinceMs = performance.now();
  do {
    const state = await stateOf(file);
    if (state !== seen) {
      seen = state;
      sinceMs = performance.now();
    }
    const restedMs = performance.now() - sinceMs;
    if (state === undefined || state === taken || restedMs < LIMITS.watch_settle_ms) continue;
    const bytes = await read(file, state);
    if (bytes === undefined) continue;
    if (restedMs < LIMITS.watch_incomplete_ms && !WebAssembly.validate(new Uint8Array(bytes))) {
      continue;
    }
    taken = state;
    if (last?.equals(bytes)) continue;
    last = bytes;
    yield bytes;
  } while (await nextLook(signal));
}

/** What tells two states of a file apart; undefined when there is none. */
async function stateOf(file: string): Promise<string | undefined> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return undefined;
  }
}

/** The content in that state, or undefined when it changed meanwhile. */
async function read(file: string, state: string): Promise<Buffer | undefined> {
  try {
    const bytes = await readFile(file);
    return (await stateOf(file)) === state ? bytes : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`${file} can't be read: ${(error as Error).message}`);
  }
}

async function nextLook(signal: AbortSignal): Promise<boolean> {
  return setTimeout(LIMITS.watch_poll_ms, true, { signal }).catch(() => false);
}
