/** `npm run bench-flame -- FILE.cpuprofile OUT.svg`: draws a profile and prints where its time goes. */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readProfile, stacksOf } from './cpu-profile.js';
import { flameGraph } from './flame.js';
import { timesOf } from './owners.js';
import { timesTable } from './times-table.js';

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) {
  process.stderr.write('usage: npm run bench-flame -- FILE.cpuprofile OUT.svg\n');
  process.exit(2);
}
const stacks = stacksOf(readProfile(from));
writeFileSync(to, flameGraph(stacks, basename(from, '.cpuprofile')));
const times = timesOf(stacks);
process.stdout.write(`${timesTable([{ role: 'thread', times }])}\n`);
