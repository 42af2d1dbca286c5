import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../scripts/package-root.js';

const corpusFolder = join(packageRoot(import.meta.url), 'test/fuzz/corpus');

export interface CorpusFile {
  readonly name: string;
  readonly bytes: Buffer;
}

/** What is kept of a target: inputs that reach what chance seldom does, and all that failed once. */
export function readCorpus(target: string): CorpusFile[] {
  const folder = join(corpusFolder, target);
  let names: string[];
  try {
    names = readdirSync(folder).sort();
  } catch {
    return [];
  }
  return names.map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

/** Keeps an input that failed, under a name to be changed for what it is. @returns its path */
export function keepFind(target: string, bytes: Uint8Array): string {
  const folder = join(corpusFolder, target);
  mkdirSync(folder, { recursive: true });
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const path = join(folder, `find-${hash}`);
  writeFileSync(path, bytes);
  return path;
}
