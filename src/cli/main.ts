#!/usr/bin/env node
import { EXIT } from './exit-codes.js';
import { hideToken } from './hide-token.js';
import { run } from './run.js';

hideToken(process.argv.slice(2));

// A reader that has seen enough, such as head, closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
});

process.exitCode = await run(process.argv);
