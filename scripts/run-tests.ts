import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Runs every compiled test. Arguments that name a folder or file of test/ choose among them; the
 * rest are passed to the runner, such as `--test-name-pattern=ring`.
 *
 *   npm test -- config ring/reader
 */

// Node 20's runner takes no glob, so the files are listed here.
const testFolder = fileURLToPath(new URL('../test', import.meta.url));

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.js'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function main(args: readonly string[]): void {
  const options = args.filter((arg) => arg.startsWith('-'));
  const filters = args.filter((arg) => !arg.startsWith('-'));
  const files = testFiles(testFolder).filter((file) => {
    const name = file.slice(testFolder.length + 1);
    return filters.length === 0 || filters.some((filter) => name.includes(filter));
  });
  if (files.length === 0) {
    console.error(`No compiled test matches ${filters.join(' ') || 'test/'}.`);
    process.exitCode = 1;
    return;
  }
  const runner = spawn(
    process.execPath,
    [
      '--enable-source-maps',
      '--test',
      '--test-reporter=spec',
      '--test-concurrency=2',
      ...options,
      ...files,
    ],
    { stdio: 'inherit' },
  );
  // The runner ends its own children; it gets the time to do so.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => runner.kill(signal));
  runner.on('exit', (code, signal) => {
    if (signal) console.error(`The test runner was stopped by ${signal}.`);
    process.exitCode = code ?? 1;
  });
}

main(process.argv.slice(2));
