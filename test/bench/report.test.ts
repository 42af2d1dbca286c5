import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readLatest } from '../../bench/harness/results.js';
import { makeRow } from '../../bench/harness/row.js';
import { targetNames } from '../../bench/harness/targets.js';
import { readProfiles } from '../../bench/profile/profiles.js';
import { describe as describeRow } from '../../bench/report/descriptions.js';
import { Figures, figure, ratioWithRange } from '../../bench/report/figures.js';
import { markdownTable } from '../../bench/report/markdown.js';
import { type Fillings, fillPage, sectionsOf } from '../../bench/report/page.js';
import { makeReport } from '../../bench/report/report.js';
import { missed, targetsTable } from '../../bench/report/tables.js';
import { packageFile } from '../../src/base/package-file.js';

const FLAME_BYTES_MAX = 150_000;
const ANEW = 'npm run bench-report writes it anew';

const page = readFileSync(packageFile('docs', 'performance.md'), 'utf8');
const results = readLatest();
assert.ok(results !== undefined);
const figures = new Figures(results);
const profiles = readProfiles();
const report = makeReport(page, results, profiles);
const pictures = readdirSync(packageFile('docs', 'performance'));
const picture = (name: string): string =>
  readFileSync(packageFile('docs', 'performance', name), 'utf8');

test('docs/performance.md has the figures of the latest results', () => {
  assert.equal(page, report.page, ANEW);
});

test('the charts are those of the latest results', () => {
  const charts = pictures.filter((name) => !name.startsWith('flame-'));
  assert.deepEqual(charts.sort(), [...report.charts.keys()].sort(), ANEW);
  for (const [name, svg] of report.charts) assert.equal(picture(name), svg, `${name}: ${ANEW}`);
});

test('the flame graphs are those of the profiles, small and of no machine', () => {
  const drawn = profiles.profiles.flatMap(({ threads }) =>
    threads.flatMap(({ flame }) => flame ?? []),
  );
  const kept = pictures.filter((name) => name.startsWith('flame-'));
  assert.deepEqual(kept.sort(), drawn.sort());
  for (const name of kept) {
    const svg = picture(name);
    assert.ok(svg.length < FLAME_BYTES_MAX, `${name} has ${svg.length} bytes`);
    assert.doesNotMatch(svg, /file:|node_modules|\/(home|tmp|root|work|Users)\//, name);
  }
});

test('the page shows every picture that is there, and none that is not', () => {
  const shown = [...page.matchAll(/\]\(performance\/(.+?)\)/g)].map((match) => match[1] as string);
  assert.deepEqual(shown.sort(), pictures.sort());
});

test('each target that was not reached has a section that says so', () => {
  const told = sectionsOf(page)
    .filter((name) => name.startsWith('verdict '))
    .flatMap((name) => name.split(' ').slice(1));
  for (const name of missed(figures)) assert.ok(told.includes(name), name);
});

test('each target is described, and in the table with the command that measured it', () => {
  for (const name of targetNames) assert.notEqual(describeRow(name), name);
  const table = targetsTable(figures);
  for (const { name } of figures.those(targetNames)) {
    assert.match(table, new RegExp(`\`${name}\`.*\`npm run bench -- [a-z-]+\` \\|`));
  }
});

test('results without rows that not every machine has make a page all the same', () => {
  const missing = /^(cost|native|peer)_/;
  const rows = results.rows.filter(({ name }) => !missing.test(name));
  const { charts } = makeReport(page, { ...results, rows }, { ...profiles, memory: null });
  assert.ok(charts.has('ratios.svg'));
  for (const name of ['cost.svg', 'native.svg', 'peers.svg']) assert.ok(!charts.has(name), name);
});

test('a commit is named for what was measured at it, and none for uncommitted changes', () => {
  const make = (commit: string): string => {
    const changed = profiles.profiles.map((each) => ({ ...each, commit }));
    return makeReport(page, { ...results, commit }, { ...profiles, profiles: changed }).page;
  };
  assert.match(make('abc1234'), /rest_send`, measured at commit abc1234 on \d{4}-/);
  assert.match(make('abc1234'), /\| Commit, date \| abc1234, \d{4}-/);
  assert.doesNotMatch(make('abc1234-changed'), /abc1234/);
});

test('the page is found from the pages that lead to it', () => {
  for (const name of ['README.md', 'bench/README.md']) {
    assert.ok(readFileSync(packageFile(name), 'utf8').includes('docs/performance.md'), name);
  }
});

const fillings: Fillings = {
  section: (name) => `of ${name}`,
  inline: (name) => name.toUpperCase(),
};

test('marked places of a page are filled, again and again, and the rest is left', () => {
  const text = 'a\n<!-- section: x y -->\nold\nlines\n<!-- end -->\nb <!--= r.v -->old<!--/--> c\n';
  const filled = 'a\n<!-- section: x y -->\nof x y\n<!-- end -->\nb <!--= r.v -->R.V<!--/--> c\n';
  assert.equal(fillPage(text, fillings), filled);
  assert.equal(fillPage(filled, fillings), filled);
  assert.deepEqual(sectionsOf(text), ['x y']);
});

test('what a page asks for and nobody knows is an error', () => {
  const make = (text: string) => () => makeReport(text, results, profiles);
  assert.throws(make('<!-- section: nothing -->\n<!-- end -->'), /no section 'nothing'/);
  assert.throws(make('<!--= nothing.value --><!--/-->'), /no row 'nothing'/);
  assert.throws(make('<!--= rest_send.unit --><!--/-->'), /is no figure/);
  assert.match(make('<!--= rest_send.value --><!--/-->')().page, /--> ?[\d,]+</);
});

test('figures have three digits that count', () => {
  const read = [54_364.63, 1_667_466, 0.5694, 0.02028, 13.14, 79, 1_000, 999.9, 0].map(figure);
  const shown = ['54,400', '1,670,000', '0.569', '0.0203', '13.1', '79', '1,000', '1,000', '0'];
  assert.deepEqual(read, shown);
  const row = makeRow({ name: 'x', unit: 'x', values: [50, 60], baselines: [100, 100] });
  const stored = { ...row, commit: '', date: '' };
  assert.equal(ratioWithRange(stored), '0.500 (0.500–0.600)');
});

test('a table keeps its cells apart', () => {
  const table = markdownTable([{ title: 'a' }, { title: 'b', right: true }], [['x|y', '1']]);
  assert.equal(table, '| a | b |\n| --- | ---: |\n| x\\|y | 1 |');
});
