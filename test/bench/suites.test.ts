import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { USAGE } from '../../bench/command-line.js';
import { makeContext } from '../../bench/harness/context.js';
import { readLatest } from '../../bench/harness/results.js';
import { makeRow, type Row } from '../../bench/harness/row.js';
import { targetNames } from '../../bench/harness/targets.js';
import { findSuite, ON_REQUEST, SUITES } from '../../bench/suites.js';
import { packageFile } from '../../src/base/package-file.js';

const main = packageFile('dist', 'bench', 'main.js');
const readme = readFileSync(packageFile('bench', 'README.md'), 'utf8');

test('the ring benchmark measures every row and ends', { timeout: 120_000 }, async () => {
  const rows: Row[] = [];
  const { run } = await import('../../bench/rows/ring.js');
  await run(makeContext(true, (measured) => rows.push(makeRow(measured))));
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['ring_push_pop', 'ring_round_trip', 'ring_wasm_round_trip'],
  );
  for (const { value, baseline, ratio } of rows) {
    assert.ok(value > 0);
    assert.equal(ratio, baseline === null ? null : value / baseline);
  }
});

test('a smoke run of named benchmarks prints a table and stores nothing but what it is told to', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-bench-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const latest = readLatest();
  const out = join(folder, 'out.json');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [main, '--smoke', '--out', out, 'agent-call'],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  assert.match(stdout, /agent_call/);
  assert.deepEqual(readLatest(), latest);
  const stored = JSON.parse(readFileSync(out, 'utf8')) as { smoke: boolean; rows: Row[] };
  assert.equal(stored.smoke, true);
  assert.deepEqual(
    stored.rows.map(({ name }) => name),
    ['agent_call'],
  );
});

test('a benchmark is found by its own name and by those of its rows', () => {
  for (const name of Object.keys({ ...SUITES, ...ON_REQUEST })) assert.equal(findSuite(name), name);
  for (const name of targetNames) assert.ok(findSuite(name) !== undefined, name);
  assert.equal(findSuite('agent_to_agent_two_workers'), 'agent-to-agent');
  assert.equal(findSuite('agent_call'), 'agent-call');
  assert.equal(findSuite('peer_nats'), 'peers');
  assert.equal(findSuite('nothing'), undefined);
});

test('an unknown benchmark is refused with the names that there are', () => {
  const { status, stderr } = spawnSync(process.execPath, [main, 'nothing'], { encoding: 'utf8' });
  assert.equal(status, 2);
  assert.match(stderr, /no benchmark 'nothing'/);
  for (const name of Object.keys({ ...SUITES, ...ON_REQUEST })) assert.ok(stderr.includes(name));
});

test('the README of the benchmarks names each of them and each row that has a target', () => {
  for (const name of Object.keys({ ...SUITES, ...ON_REQUEST })) {
    assert.ok(readme.includes(`\`${name}\``), name);
  }
  for (const name of targetNames) assert.ok(readme.includes(`\`${name}\``), name);
});

const run = (...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { encoding: 'utf8', timeout: 30_000 });

test('help is what the README says, and measures nothing', () => {
  for (const option of ['--help', '-h']) {
    const { status, stdout, stderr } = run(option);
    assert.deepEqual([status, stdout, stderr], [0, USAGE, '']);
  }
  assert.ok(readme.includes(USAGE));
});

test('an option that nobody knows is refused in a sentence', () => {
  const { status, stdout, stderr } = run('--bogus');
  assert.deepEqual([status, stdout], [2, '']);
  assert.match(stderr, /^Unknown option '--bogus'; npm run bench -- --help .+\n$/);
  assert.equal(run('--out').status, 2, 'a value is missing');
});
