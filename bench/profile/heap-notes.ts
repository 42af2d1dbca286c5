/**
 * Loaded into a server before anything else (`--import`): its main thread notes twice a second what
 * its heap takes, in the file that its own URL names.
 */
import { writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const NOTE_MS = 500;

const file = new URL(import.meta.url).searchParams.get('file');
if (isMainThread && file !== null) {
  setInterval(() => writeFileSync(file, JSON.stringify(process.memoryUsage())), NOTE_MS).unref();
}
