import { readSync, writeSync } from 'node:fs';
import { openTables } from '../../src/store/tables.js';

/**
 * Started by stalled-store.ts: holds the write lock of a store until its standard input ends, so
 * that whoever wants to write waits.
 */
openTables(process.argv[2] as string).root.transactionSync(() => {
  writeSync(1, 'held\n');
  readSync(0, Buffer.alloc(1));
});
process.exit(0);
