import { openSync, writeSync } from 'node:fs';
import { readCorpus } from './corpus.js';
import { type FuzzOutcome, fuzz } from './fuzz.js';
import { TARGETS } from './targets.js';

/*
 * The process in which one target runs, started by run-apart.ts. It notes each case in a file before
 * it tries it, so that a case which ends the process, or keeps it for ever, is known.
 */

export interface ApartOptions {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  readonly cases: number;
  readonly withCorpus: boolean;
  /** Where the present case is noted: its length in four bytes, then itself. */
  readonly caseFile: string;
}

export interface ApartResult {
  readonly outcome: FuzzOutcome;
  readonly details: readonly string[];
}

function noteIn(path: string): (bytes: Uint8Array) => void {
  const file = openSync(path, 'w');
  return (bytes) => {
    const noted = Buffer.allocUnsafe(4 + bytes.length);
    noted.writeUInt32LE(bytes.length, 0);
    noted.set(bytes, 4);
    writeSync(file, noted, 0, noted.length, 0);
  };
}

async function main(options: ApartOptions): Promise<void> {
  const { name, seed, seconds, cases, caseFile } = options;
  const target = await TARGETS[name]!();
  const outcome = await fuzz(target, {
    name,
    seed,
    seconds,
    cases,
    corpus: options.withCorpus ? readCorpus(name) : [],
    note: noteIn(caseFile),
    beat: () => process.send!('beat'),
  });
  await target.close?.();
  const result: ApartResult = { outcome, details: target.details?.() ?? [] };
  process.send!(result, () => process.exit(0));
}

await main(JSON.parse(process.argv[2]!) as ApartOptions);
