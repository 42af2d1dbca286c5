import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { packageFile } from '../src/base/package-file.js';
import type { Report, Row, RunOptions } from './row.js';

type Suite = { run(report: Report, options: RunOptions): Promise<void> };

const SUITES: Readonly<Record<string, () => Promise<Suite>>> = {
  ring: () => import('./ring.js'),
  codec: () => import('./codec.js'),
  metering: () => import('./metering.js'),
  'agent-call': () => import('./agent-call.js'),
  store: () => import('./store.js'),
  native: () => import('./native.js'),
  rest: () => import('./rest.js'),
};

const { values, positionals } = parseArgs({
  options: { smoke: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const unknown = positionals.find((name) => SUITES[name] === undefined);
if (unknown !== undefined) {
  process.stderr.write(`no benchmark '${unknown}'; there are ${Object.keys(SUITES).join(', ')}\n`);
  process.exit(2);
}

const rows: Row[] = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
  process.stderr.write(`${name} …\n`);
  const suite = await (SUITES[name] as () => Promise<Suite>)();
  await suite.run((row) => rows.push(row), { smoke: values.smoke });
}

const table = new Table({
  head: ['benchmark', 'value', 'unit', 'baseline', 'ratio'],
  colAligns: ['left', 'right', 'left', 'right', 'right'],
  style: { head: [], border: [], compact: true },
});
for (const { name, value, unit, baseline, ratio } of rows) {
  table.push([name, figure(value), unit, figure(baseline), figure(ratio)]);
}
process.stdout.write(`${table.toString()}\n`);
if (values.smoke) process.stdout.write('Smoke run: too short for its figures to mean much.\n');

const folder = packageFile('bench', 'results');
mkdirSync(folder, { recursive: true });
writeFileSync(`${folder}/latest.json`, `${JSON.stringify(rows, null, 2)}\n`);

function figure(value: number | null): string {
  if (value === null) return '';
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
