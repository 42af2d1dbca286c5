import fc from 'fast-check';
import { type CorpusFile, keepFind } from './corpus.js';
import type { FuzzTarget } from './target.js';

export interface FuzzOptions {
  readonly name: string;
  readonly seed: number;
  /** Ends after so long, or after so many cases, whichever is first. */
  readonly seconds: number;
  readonly cases: number;
  /** Tried first. */
  readonly corpus: readonly CorpusFile[];
  /** Is told each case before it is tried, for when trying it ends the process. */
  readonly note?: (bytes: Uint8Array) => void;
  /** Is called now and then, to say that it still goes on. */
  readonly beat?: () => void;
}

const BEAT_MS = 1_000;

export interface FuzzOutcome {
  /** Files of the corpus that were tried. */
  readonly replayed: number;
  readonly cases: number;
  readonly seconds: number;
  readonly find: Find | undefined;
}

export interface Find {
  /** The input, where it was saved or lies in the corpus. */
  readonly path: string;
  readonly reason: string;
}

/** Tries the corpus, then new inputs, until the time is over or one fails; that one is kept. */
export async function fuzz<Case>(
  target: FuzzTarget<Case>,
  options: FuzzOptions,
): Promise<FuzzOutcome> {
  const { name, seed, seconds, cases, corpus, note = () => undefined } = options;
  const beganMs = performance.now();
  const beat = regularly(options.beat ?? (() => undefined));
  let tried = 0;
  let replayed = 0;
  const outcome = (find?: Find): FuzzOutcome => ({
    replayed,
    cases: tried,
    seconds: (performance.now() - beganMs) / 1_000,
    find,
  });
  for (const file of corpus) {
    note(file.bytes);
    await beat();
    try {
      await target.replay(file.bytes);
      replayed += 1;
    } catch (error) {
      return outcome({ path: `test/fuzz/corpus/${name}/${file.name}`, reason: told(error) });
    }
  }
  const property = fc.asyncProperty(target.cases, async (one) => {
    tried += 1;
    await beat();
    note(target.bytesOf(one));
    await target.check(one);
  });
  const run = await fc.check(property, {
    seed,
    numRuns: cases,
    maxSkipsPerRun: 1_000,
    interruptAfterTimeLimit: seconds * 1_000,
  });
  if (run.counterexample !== null) {
    const bytes = target.bytesOf(run.counterexample[0]);
    return outcome({ path: keepFind(name, bytes), reason: told(run.errorInstance) });
  }
  try {
    await target.finish?.();
  } catch (error) {
    return outcome({ path: '', reason: told(error) });
  }
  return outcome();
}

/** Timers and messages get their turn too, between cases that never wait for anything. */
function regularly(beat: () => void): () => Promise<void> | undefined {
  let lastMs = performance.now();
  return () => {
    const nowMs = performance.now();
    if (nowMs - lastMs < BEAT_MS) return undefined;
    lastMs = nowMs;
    beat();
    return new Promise((resolve) => setImmediate(resolve));
  };
}

function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
