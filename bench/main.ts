import { basename } from 'node:path';
import { type CommandLine, parseCommandLine, USAGE } from './command-line.js';
import { profileServers } from './harness/caxton.js';
import { makeContext, type Suite } from './harness/context.js';
import { compareWithFormer } from './harness/former.js';
import './harness/leftovers.js';
import { loadOfOthers } from './harness/machine.js';
import { makeResults, readLatest, storeResults } from './harness/results.js';
import { makeRow, type Row } from './harness/row.js';
import { printComparison, printTable } from './harness/table.js';
import { findSuite, ON_REQUEST, SUITES } from './suites.js';

const TRIES = 2;
/** A load average above which the machine does other things too. */
const BUSY = 0.5;

const options = readCommandLine();

const known: Readonly<Record<string, () => Promise<Suite>>> = { ...SUITES, ...ON_REQUEST };
const unknown = options.names.find((name) => findSuite(name) === undefined);
if (unknown !== undefined) {
  process.stderr.write(`no benchmark '${unknown}'; there are ${Object.keys(known).join(', ')}\n`);
  process.exit(2);
}
if (options.profiles !== undefined) profileServers(options.profiles);
const chosen = new Set(options.names.map((name) => findSuite(name) as string));

const loadBefore = loadOfOthers();
if (loadBefore > BUSY) {
  process.stderr.write(`the machine is busy (load average ${loadBefore}): figures mean little\n`);
}
const rows: Row[] = [];
const failed: string[] = [];
for (const name of chosen.size > 0 ? chosen : Object.keys(SUITES)) {
  const start = performance.now();
  const measured = await measure(name);
  if (measured === undefined) failed.push(name);
  else rows.push(...measured);
  process.stderr.write(`${name}: ${((performance.now() - start) / 1_000).toFixed(1)} s\n`);
}

const results = makeResults(rows, { smoke: options.smoke, failed, loadBefore });
printTable(rows);
if (options.smoke) {
  process.stdout.write('Smoke run: too short for its figures to mean much; nothing is stored.\n');
  const former = readLatest();
  if (former === undefined) process.stdout.write('There are no results to compare with.\n');
  else printComparison(compareWithFormer(rows, former.rows), former);
}
const complete = options.names.length === 0 && failed.length === 0;
for (const path of storeResults(results, { complete, out: options.out })) {
  process.stderr.write(`results in ${path}\n`);
  if (basename(path) === 'latest.json') {
    process.stderr.write('npm run bench-report brings docs/performance.md to them\n');
  }
}
process.exit(failed.length > 0 ? 1 : 0);

/** Ends here where the command line asks for help or is wrong. */
function readCommandLine(): CommandLine {
  try {
    const read = parseCommandLine(process.argv.slice(2));
    if (!read.help) return read;
  } catch (error) {
    // What follows the first sentence is about arguments that begin with a dash.
    const [sentence] = (error as Error).message.split('. ');
    process.stderr.write(`${sentence}; npm run bench -- --help shows what there is\n`);
    process.exit(2);
  }
  process.stdout.write(USAGE);
  process.exit(0);
}

/** The rows of one benchmark, which has a second try: what else the machine does may disturb it. */
async function measure(name: string): Promise<Row[] | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const found: Row[] = [];
    try {
      const suite = await (known[name] as () => Promise<Suite>)();
      await suite.run(makeContext(options.smoke, (measured) => found.push(makeRow(measured))));
      return found;
    } catch (error) {
      process.stderr.write(`${name} failed: ${error instanceof Error ? error.stack : error}\n`);
    }
  }
  return undefined;
}
