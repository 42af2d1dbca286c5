/**
 * Loaded into each thread of a server before anything else (`--import`): notes which thread of the
 * system runs which script, as their names are the same. It is given the folder for its notes in its
 * own URL, since workers get no environment.
 */
import { readlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const folder = new URL(import.meta.url).searchParams.get('folder');
const thread = basename(readlinkSync('/proc/thread-self'));
if (folder !== null) {
  writeFileSync(join(folder, thread), isMainThread ? 'main' : (process.argv[1] ?? ''));
}
