import type { StoredRow } from '../harness/results.js';
import { targetNames } from '../harness/targets.js';
import { isCommit } from '../harness/versions.js';
import { commandFor, describe } from './descriptions.js';
import { type Figures, figure, ratioWithRange } from './figures.js';
import { type Column, markdownTable } from './markdown.js';

const right = (title: string): Column => ({ title, right: true });

/** Every target, what was measured, and the command that measured it. */
export function targetsTable(figures: Figures): string {
  return markdownTable(
    [
      { title: 'What' },
      { title: 'Row' },
      { title: 'Target' },
      right('Measured'),
      right('Of the baseline (least–most)'),
      { title: 'Reached' },
      { title: 'Command' },
    ],
    figures
      .those(targetNames)
      .map((row) => [
        describe(row.name),
        `\`${row.name}\``,
        targetOf(row),
        measured(row),
        ratioWithRange(row),
        row.met ? 'yes' : '**no**',
        `\`${commandFor(row.name)}\``,
      ]),
  );
}

/** The target as it was when the row was measured, with thousands apart. */
function targetOf({ target, unit }: StoredRow): string {
  return (target ?? '')
    .replaceAll(/\d{4,}/g, (digits) => Number(digits).toLocaleString('en-US'))
    .replace(/^value (. [\d.,]+)$/, `$1 ${unit}`);
}

function measured({ value, unit }: StoredRow): string {
  return `${figure(value)} ${unit}`;
}

/** Rows with their baselines, of the names that were measured. */
export function rowsTable(figures: Figures, names: readonly string[]): string {
  const rows = figures.those(names);
  if (rows.length === 0) return 'Not among the results.';
  const compared = rows.some(({ ratio }) => ratio !== null);
  return markdownTable(
    [
      { title: 'Row' },
      right('Measured'),
      ...(compared ? [right('Baseline'), right('Ratio (least–most)')] : []),
      { title: 'Baseline is' },
    ].filter(({ title }) => compared || title !== 'Baseline is'),
    rows.map((row) => [
      `\`${row.name}\``,
      measured(row),
      ...(compared
        ? [
            row.baseline === null ? '' : figure(row.baseline),
            ratioWithRange(row),
            row.baseline_is ?? '',
          ]
        : []),
    ]),
  );
}

/** Where and when the results were measured. */
export function machineTable({ results }: Figures): string {
  const { machine, versions } = results;
  const date = results.date.slice(0, 10);
  const tools = ['uws', 'wrk', 'h2load', 'nats-server', 'g++'].filter((name) => versions[name]);
  return markdownTable(
    [{ title: 'Measured on' }, { title: '' }],
    [
      ['Machine', `${machine.cpu}, ${machine.cores} cores, ${figure(machine.memory_gib)} GiB`],
      ['System', `${machine.kernel}, Node.js ${machine.node}`],
      isCommit(results.commit) ? ['Commit, date', `${results.commit}, ${date}`] : ['Date', date],
      ['Load average of the minute before', figure(results.load_before)],
      ['Tools', tools.map((name) => versions[name]?.split(' Copyright')[0]).join('; ')],
    ],
  );
}

/** One line on a row's target, for the head of a section about it. */
export function verdicts(figures: Figures, names: readonly string[]): string {
  return figures
    .those(names)
    .map((row) => {
      const ratio = row.ratio === null ? '' : `, ratio ${ratioWithRange(row)}`;
      const verdict = row.met ? 'reached' : 'not reached';
      return `- \`${row.name}\`: target ${targetOf(row)}; measured ${measured(row)}${ratio}: **${verdict}**.`;
    })
    .join('\n');
}

/** Targets that were not reached. */
export function missed(figures: Figures): readonly string[] {
  return figures.those(targetNames).flatMap(({ name, met }) => (met === false ? [name] : []));
}
