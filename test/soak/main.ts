import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { Soak } from './soak.js';
import { soakText } from './soak-text.js';

/*
 * Mixed load, deployments and faults at random against a server of its own, and what came of it:
 *
 *   npm run soak -- [--minutes 30] [--seed N] [--json FILE]
 */

function positive(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('it must be a number above 0');
}

const { minutes, seed, json } = new Command('npm run soak --')
  .option('--minutes <number>', 'how long', positive, 30)
  .option('--seed <number>', 'of the random choices', positive, randomInt(1, 2 ** 31 - 1))
  .option('--json <file>', 'where the whole report goes')
  .parse()
  .opts<{ minutes: number; seed: number; json?: string }>();

console.log(`npm run soak -- --minutes ${minutes} --seed ${seed}`);
const report = await Soak.run({ minutes, seed, say: (line) => console.log(line) });
if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`);
console.log(soakText(report));
if (report.unexplained.length > 0 || report.leaks.some(({ leak }) => leak !== undefined)) {
  process.exitCode = 1;
}
