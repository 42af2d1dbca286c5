import Table from 'cli-table3';
import type { Change } from './former.js';
import type { Results } from './results.js';
import type { Row } from './row.js';

/** Prints results for people. */
export function printTable(rows: readonly Row[]): void {
  if (rows.length === 0) return;
  const table = new Table({
    head: ['benchmark', 'value', 'unit', 'baseline', 'ratio', 'min', 'max', 'target', 'met'],
    colAligns: ['left', 'right', 'left', 'right', 'right', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push([
      row.name,
      figure(row.value),
      row.unit,
      figure(row.baseline),
      figure(row.ratio),
      figure(row.ratio_min),
      figure(row.ratio_max),
      row.target ?? '',
      row.met === null ? '' : row.met ? 'yes' : 'no',
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
  for (const [text, names] of remarks(rows)) {
    const others = names.length === 1 ? '' : ` and ${names.length - 1} more`;
    process.stdout.write(`${names[0]}${others}: ${text}\n`);
  }
}

/** What is to be said of rows, with the names of those that it is said of. */
function remarks(rows: readonly Row[]): Map<string, string[]> {
  const said = new Map<string, string[]>();
  for (const { name, baseline_is, note } of rows) {
    const parts = [baseline_is === null ? null : `against ${baseline_is}`, note];
    const text = parts.filter((part) => part !== null).join('; ');
    if (text !== '') said.set(text, [...(said.get(text) ?? []), name]);
  }
  return said;
}

/** Tells what became worse since the results that are kept with the source. */
export function printComparison(changes: readonly Change[], former: Results): void {
  const since = `the results of ${former.date.slice(0, 10)} (${former.commit})`;
  if (changes.length === 0) {
    process.stdout.write(`No ratio is worse than in ${since} by more than 20 %.\n`);
    return;
  }
  process.stdout.write(`Worse than in ${since} by more than 20 %:\n`);
  for (const { name, former: before, now, worseBy } of changes) {
    const share = Math.round(worseBy * 100);
    process.stdout.write(`  ${name}: ratio ${figure(now)}, was ${figure(before)} (${share} %)\n`);
  }
}

function figure(value: number | null): string {
  if (value === null) return '';
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);
}
