import { start } from '../../bench/harness/child.js';
import { makeFolder } from '../../bench/harness/leftovers.js';

/** Starts a process that would go on for ever, makes a folder, and tells of both. */
const script = 'console.log("ready"); setInterval(() => undefined, 1_000)';
const { pid } = await start(process.execPath, ['-e', script], /^ready$/);
process.stdout.write(`${JSON.stringify({ pid, folder: makeFolder() })}\n`);
if (process.argv[2] === 'fail') throw new Error('as a benchmark may');
