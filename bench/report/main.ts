/**
 * `npm run bench-report`: makes the charts and brings the figures of docs/performance.md to those of
 * `bench/results`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../src/base/package-file.js';
import { readLatest } from '../harness/results.js';
import { readProfiles } from '../profile/profiles.js';
import { makeReport } from './report.js';

const PAGE = packageFile('docs', 'performance.md');
const CHARTS = packageFile('docs', 'performance');

const results = readLatest();
if (results === undefined) {
  process.stderr.write('there are no results; npm run bench makes them\n');
  process.exit(1);
}
const { page, charts } = makeReport(readFileSync(PAGE, 'utf8'), results, readProfiles());
writeFileSync(PAGE, page);
mkdirSync(CHARTS, { recursive: true });
for (const [name, svg] of charts) writeFileSync(join(CHARTS, name), svg);
process.stdout.write(`${PAGE} and ${charts.size} charts are those of ${results.commit}\n`);
