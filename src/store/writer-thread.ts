import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { assert } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import { releaseMemory } from '../base/release-memory.js';
import { Commits, type WriterNotice } from './commits.js';
import { DiskRoom } from './disk-room.js';
import { StatusWords } from './status-words.js';
import { openTables, type Tables } from './tables.js';
import { Writer, type WriterLimits } from './writer.js';

/** What the writer thread starts with. */
export interface WriterStart {
  readonly path: string;
  readonly ring: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
  readonly session: string;
  readonly limits: WriterLimits;
}

/** How long records wait for company when nobody waits for them. */
const LINGER_MS = 100;
/** So much in the ring is company enough, which is looked at between naps. */
const LINGER_BYTES = 1024 * 1024;
const NAP_MS = 20;
const IDLE_MAX_MS = 1_000;
const BACKOFF_MIN_MS = 100;
/** Attempts to write out the rest when the store is closed and the disk doesn't take it. */
const LAST_ATTEMPTS = 3;

function post(notice: WriterNotice): void {
  parentPort?.postMessage(notice);
}

function run(start: WriterStart, words: StatusWords, writer: Writer): void {
  const commits = new Commits(words, writer, post);
  const idleMs = Math.max(10, Math.min(IDLE_MAX_MS, start.limits.ageMs / 8));
  for (;;) {
    const found = writer.consumer.waitForFrames(idleMs);
    if (!found && words.stopRequested) return;
    if (found) linger(words, writer);
    if (!attempt(words, commits)) return;
  }
}

function linger(words: StatusWords, writer: Writer): void {
  for (let waited_ms = 0; waited_ms < LINGER_MS; waited_ms += NAP_MS) {
    if (writer.consumer.pendingBytes() >= LINGER_BYTES) return;
    if (!words.napUnlessUrgent(NAP_MS)) return;
  }
}

/** Writes all that is there now; repeats with growing pauses while the disk doesn't take it. */
function attempt(words: StatusWords, commits: Commits): boolean {
  let failures = 0;
  for (;;) {
    const outcome = commits.attempt();
    // What came meanwhile waits for company, as what came first did.
    if (outcome === 'done') return true;
    if (outcome === 'more') {
      failures = 0;
      continue;
    }
    failures++;
    if (words.stopRequested && failures >= LAST_ATTEMPTS) return false;
    words.backOff(Math.min(LIMITS.store_retry_max_ms, BACKOFF_MIN_MS * 2 ** (failures - 1)));
  }
}

// Opening a table is a transaction too.
function openGuarded(): Tables {
  words.enter();
  try {
    return openTables(start.path);
  } finally {
    words.leave();
  }
}

assert(!isMainThread, 'this module is the writer thread');
const start = workerData as WriterStart;
const words = new StatusWords(start.words);
const tables = openGuarded();
const onDropped = (reason: string): void => post({ notice: 'dropped', reason });
const room = new DiskRoom(start.path);
const writer = new Writer(tables, room, start.ring, words, start.session, start.limits, onDropped);
// Now, as the loop blocks the thread until it ends.
await releaseMemory();
run(start, words, writer);
room.close();
await tables.root.close();
