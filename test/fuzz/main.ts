import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runApart } from './run-apart.js';
import { TARGETS } from './targets.js';

/*
 * Tries what is in the corpus, and then inputs that nobody thought of, on each target in turn:
 *
 *   npm run fuzz -- [--seconds 60] [--seed N] [--target NAME …]
 *
 * Ends with code 1 when something was found, whose input is then in test/fuzz/corpus.
 */

const NEVER_MIND = 2_000_000_000;

function numberOf(text: string, name: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0; got ${text}`);
}

function chosen(names: readonly string[]): readonly string[] {
  const all = Object.keys(TARGETS);
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) {
    throw new Error(`there is no target ${unknown}; there are ${all.join(', ')}`);
  }
  return names.length === 0 ? all : names;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string' },
      target: { type: 'string', multiple: true, default: [] },
    },
  });
  const seconds = numberOf(values.seconds, 'seconds');
  const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : numberOf(values.seed, 'seed');
  const names = chosen(values.target);
  console.log(`npm run fuzz -- --seconds ${seconds} --seed ${seed}, of each target`);
  for (const name of names) {
    const run = { name, seed, seconds, cases: NEVER_MIND, withCorpus: true };
    const { outcome, details } = await runApart(run);
    const { cases, replayed, find } = outcome;
    const rate = Math.round(cases / Math.max(outcome.seconds, 0.001));
    console.log(
      `${name.padEnd(18)} corpus ${replayed}, cases ${cases}, ${rate}/s, seed ${seed}, finds ${find ? 1 : 0}`,
    );
    for (const line of names.length === 1 ? details : []) console.log(`  ${line}`);
    if (find === undefined) continue;
    process.exitCode = 1;
    console.log(`  ${find.path || 'no input is known'}\n${find.reason}`);
  }
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 2;
});
