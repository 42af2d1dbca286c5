import { randomInt } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { describeFailure } from './report.js';
import { Runner } from './runner.js';

/*
 * Runs schedules until one breaks a promise:
 *
 *   npm run sim -- [--seed N] [--schedule K] [--schedules COUNT] [--acts MOST]
 */

interface Options {
  readonly seed: number;
  readonly schedule?: number;
  readonly schedules: number;
  readonly acts?: number;
}

const PROGRESS_MS = 10_000;

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('It must be a whole number from 0 on.');
  }
  return value;
}

async function simulate({ seed, schedule, schedules, acts }: Options): Promise<void> {
  const runner = await Runner.create(seed);
  const first = schedule ?? 0;
  const count = schedule === undefined ? schedules : 1;
  console.log(`npm run sim -- --seed ${seed}`);
  const timer = setInterval(() => {
    const { report } = runner;
    console.log(`${report.schedules} schedules, ${report.steps} steps, no promise broken`);
  }, PROGRESS_MS);
  process.once('SIGINT', () => {
    console.log(String(runner.report));
    process.exit(0);
  });
  for (let at = first; at < first + count; at++) {
    const result = await runner.run(at, acts);
    if (result.failure === undefined) continue;
    const told = acts === undefined ? await runner.shrink(result) : result;
    console.log(describeFailure(seed, told));
    process.exitCode = 1;
    break;
  }
  clearInterval(timer);
  console.log(String(runner.report));
}

await new Command('sim')
  .description('Runs the server’s own code in every order of events, until a promise is broken.')
  .option('--seed <number>', 'what all follows from (default: one by chance)', whole)
  .option('--schedule <number>', 'this schedule alone', whole)
  .option('--schedules <count>', 'end after so many (default: never)', whole)
  .option('--acts <count>', 'at most so many acts of clients in each schedule', whole)
  .action(({ seed = randomInt(1, 2 ** 31), schedules = Number.POSITIVE_INFINITY, ...rest }) =>
    simulate({ seed, schedules, ...rest }),
  )
  .parseAsync();
