import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  makeResults,
  type Results,
  readLatest,
  storeResults,
} from '../../bench/harness/results.js';
import { makeRow } from '../../bench/harness/row.js';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-bench-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const results = (figures: Readonly<Record<string, number>>, smoke = false): Results => {
  const rows = Object.entries(figures).map(([name, value]) =>
    makeRow({ name, unit: 'x', values: [value] }),
  );
  return makeResults(rows, { smoke, failed: [], loadBefore: 0 });
};

const figuresOf = (stored: Results | undefined): Record<string, number> =>
  Object.fromEntries(stored?.rows.map(({ name, value }) => [name, value]) ?? []);

test('results say on what, by what and when they were measured', () => {
  const { machine, versions, commit, date, rows } = results({ a: 1 });
  assert.ok(machine.cpu !== '' && machine.cores > 0 && machine.memory_gib > 0);
  assert.equal(machine.node, process.version);
  for (const name of ['@grpc/grpc-js', '@msgpack/msgpack', '@extism/extism', 'caxton']) {
    assert.match(versions[name] ?? '', /^\d+\.\d+/, name);
  }
  assert.ok(commit !== '' && !Number.isNaN(Date.parse(date)));
  assert.deepEqual([rows[0]?.commit, rows[0]?.date], [commit, date]);
});

test('a complete run becomes the latest results', (t) => {
  const folder = folderOf(t);
  storeResults(results({ a: 1, b: 2 }), { complete: true, folder });
  storeResults(results({ a: 3 }), { complete: true, folder });
  assert.deepEqual(figuresOf(readLatest(folder)), { a: 3 });
});

test('a smoke run never replaces results', (t) => {
  const folder = folderOf(t);
  storeResults(results({ a: 1 }), { complete: true, folder });
  const out = join(folder, 'out.json');
  storeResults(results({ a: 9 }, true), { complete: true, folder, out });
  assert.deepEqual(figuresOf(readLatest(folder)), { a: 1 });
  assert.deepEqual(figuresOf(JSON.parse(readFileSync(out, 'utf8'))), { a: 9 });
});

test('single rows take the place of their like, and new ones come last', (t) => {
  const folder = folderOf(t);
  storeResults(results({ a: 1, b: 2 }), { complete: true, folder });
  storeResults(results({ c: 5, b: 4 }), { complete: false, folder });
  assert.deepEqual(figuresOf(readLatest(folder)), { a: 1, b: 4, c: 5 });
});

test('single rows of another machine leave the latest results alone', (t) => {
  const folder = folderOf(t);
  storeResults(results({ a: 1 }), { complete: true, folder });
  const here = results({ a: 2 });
  const elsewhere = { ...here, machine: { ...here.machine, cpu: 'another one' } };
  storeResults(elsewhere, { complete: false, folder });
  assert.deepEqual(figuresOf(readLatest(folder)), { a: 1 });
  assert.ok(existsSync(join(folder, 'partial.json')));
});

test('a complete run keeps what only a run on request measures', (t) => {
  const folder = folderOf(t);
  storeResults(results({ a: 1 }), { complete: true, folder });
  storeResults(results({ soak_memory: 7 }), { complete: false, folder });
  storeResults(results({ a: 2 }), { complete: true, folder });
  assert.deepEqual(figuresOf(readLatest(folder)), { a: 2, soak_memory: 7 });
});
