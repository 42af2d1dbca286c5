import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApartOptions, ApartResult } from './apart.js';
import { keepFind } from './corpus.js';

const APART = fileURLToPath(new URL('./apart.js', import.meta.url));
/** A process that has tried no further case for so long hangs. */
const HANGING_MS = 120_000;
const STDERR_KEPT = 4_000;

export type ApartRun = Omit<ApartOptions, 'caseFile'>;

/**
 * Runs one target in a process of its own: a case that ends the process, or that it hangs in, is
 * a find like any other.
 */
export async function runApart(run: ApartRun): Promise<ApartResult> {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-fuzz-'));
  const caseFile = join(folder, 'case');
  try {
    return await ended({ ...run, caseFile });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ended(options: ApartOptions): Promise<ApartResult> {
  const beganMs = performance.now();
  const child = fork(APART, [JSON.stringify(options)], {
    execArgv: ['--enable-source-maps', '--unhandled-rejections=strict'],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let stderr = '';
  let result: ApartResult | undefined;
  let hung = false;
  const watch = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, HANGING_MS);
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  child.on('message', (message) => {
    watch.refresh();
    if (message !== 'beat') result = message as ApartResult;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watch);
      if (result !== undefined) {
        resolve(result);
        return;
      }
      const how = hung
        ? `it tried one case for more than ${HANGING_MS / 1_000} s`
        : `its process ended with ${signal ?? `code ${code}`}`;
      const find = { path: savedCase(options), reason: `${how}\n${stderr}` };
      const seconds = (performance.now() - beganMs) / 1_000;
      resolve({ outcome: { replayed: 0, cases: 0, seconds, find }, details: [] });
    });
  });
}

/** @returns where the case is that the process tried last; empty when it came to none */
function savedCase({ name, caseFile }: ApartOptions): string {
  let noted: Buffer;
  try {
    noted = readFileSync(caseFile);
  } catch {
    return '';
  }
  return noted.length < 4 ? '' : keepFind(name, noted.subarray(4, 4 + noted.readUInt32LE(0)));
}
