import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageFile } from '../../src/base/package-file.js';
import { httpGenerator } from '../load/http-load.js';
import { describeMachine, type Machine } from './machine.js';
import type { Row } from './row.js';
import { describeVersions, gitCommit } from './versions.js';

const NOTES: readonly string[] = [
  'The server runs as `caxton serve` with its defaults; only rates are not limited (--no-rate-limits), as all load comes from one address.',
  'Agents under load have a mailbox of 100,000 messages (resources.mailbox), as each client has much under way.',
  'Baseline and server are measured in turns; a ratio is the median over neighbouring turns.',
];

/** A row that was measured at another time than the others says when, and at which commit. */
export interface StoredRow extends Row {
  readonly commit: string;
  readonly date: string;
}

export interface Results {
  readonly date: string;
  readonly commit: string;
  readonly smoke: boolean;
  readonly machine: Machine;
  /** The load average of the minute before. */
  readonly load_before: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly http_generator: string;
  readonly notes: readonly string[];
  /** Benchmarks that ended with an error. */
  readonly failed: readonly string[];
  readonly rows: readonly StoredRow[];
}

const FOLDER = packageFile('bench', 'results');
const LATEST = 'latest.json';
const PARTIAL = 'partial.json';

export interface Circumstances {
  readonly smoke: boolean;
  readonly failed: readonly string[];
  readonly loadBefore: number;
}

export function makeResults(
  rows: readonly Row[],
  { smoke, failed, loadBefore }: Circumstances,
): Results {
  const date = new Date().toISOString();
  const commit = gitCommit();
  return {
    date,
    commit,
    smoke,
    machine: describeMachine(),
    load_before: loadBefore,
    versions: describeVersions(),
    http_generator: httpGenerator,
    notes: NOTES,
    failed,
    rows: rows.map((row) => ({ ...row, commit, date })),
  };
}

/** The results that are kept with the source. */
export function readLatest(folder = FOLDER): Results | undefined {
  const path = join(folder, LATEST);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Results) : undefined;
}

export interface StoreOptions {
  /** Whether everything was measured, but for what is measured on request. */
  readonly complete: boolean;
  readonly out?: string | undefined;
  readonly folder?: string;
}

/**
 * Writes what a run found. A complete run becomes the latest results; single rows take the place of
 * their like in those, if they were measured on the same machine. A smoke run is written only where
 * it is asked for.
 * @returns the files written
 */
export function storeResults(
  results: Results,
  { complete, out, folder = FOLDER }: StoreOptions,
): string[] {
  const written = out === undefined ? [] : [write(out, results)];
  if (results.smoke || results.rows.length === 0) return written;
  const [latestPath, partialPath] = [join(folder, LATEST), join(folder, PARTIAL)];
  const latest = readLatest(folder);
  if (complete) return [...written, write(latestPath, keepRequested(results, latest))];
  return latest !== undefined && sameMachine(latest.machine, results.machine)
    ? [...written, write(latestPath, mergeRows(latest, results))]
    : [...written, write(partialPath, results)];
}

/** A complete run, with the rows of before that only a run of their own measures. */
function keepRequested(results: Results, latest: Results | undefined): Results {
  if (latest === undefined || !sameMachine(latest.machine, results.machine)) return results;
  const requested = latest.rows.filter(({ name }) => name.startsWith('soak_'));
  return mergeRows(results, { ...latest, rows: requested });
}

/** The latest results with the rows that were measured anew; new ones come last. */
export function mergeRows(latest: Results, anew: Results): Results {
  const fresh = new Map(anew.rows.map((row) => [row.name, row]));
  const kept = latest.rows.map((row) => {
    const rowAnew = fresh.get(row.name);
    fresh.delete(row.name);
    return rowAnew ?? row;
  });
  return { ...latest, rows: [...kept, ...fresh.values()] };
}

function sameMachine(a: Machine, b: Machine): boolean {
  return a.cpu === b.cpu && a.cores === b.cores && a.node === b.node;
}

function write(path: string, results: Results): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}
