import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type FuzzReport, fuzzApi } from './fuzz-api.js';
import { startFuzzedServer } from './fuzzed-server.js';

/*
 * Asks a server of its own for whatever its /openapi.json describes, and more, for a while:
 *
 *   npm run fuzz:api -- [--seconds 60] [--seed N]
 */

function numberOf(text: string, name: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} must be a whole number above 0; got ${text}`);
}

function print(report: FuzzReport): void {
  let requests = 0;
  for (const [id, counts] of [...report].sort(([a], [b]) => a.localeCompare(b))) {
    const each = [...counts].sort(([a], [b]) => a - b);
    requests += each.reduce((sum, [, count]) => sum + count, 0);
    const texts = each.map(([status, count]) => `${status === 0 ? 'left' : status}: ${count}`);
    console.log(`${id.padEnd(20)} ${texts.join(', ')}`);
  }
  console.log(`${requests} requests, and every answer as /openapi.json has it.`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
  });
  const seconds = numberOf(values.seconds, 'seconds');
  const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : numberOf(values.seed, 'seed');
  console.log(`npm run fuzz:api -- --seconds ${seconds} --seed ${seed}`);
  const fuzzed = await startFuzzedServer();
  try {
    print(await fuzzApi({ ...fuzzed, seconds, seed }));
  } finally {
    await fuzzed.server.close();
  }
}

await main();
