import { type Database, open, type RootDatabase, type Transaction } from 'lmdb';
import { CaxtonError } from '../base/errors.js';
import { jsonRecord } from './damage.js';

/** Form of what is stored. A store of a newer form is refused, an older one would be migrated. */
export const SCHEMA_VERSION = 2;
const SCHEMA_KEY = Buffer.from('schema');
const STATE_KEY = Buffer.from('state');

/**
 * Address space reserved for the map, not memory and not disk: as much as some 25 WebAssembly
 * memories take, so that the map need not be moved under its readers as the file grows.
 */
const MAP_BYTES = 256 * 2 ** 30;

export type Table = Database<Buffer, Uint8Array>;
export type Snapshot = Transaction;

/** The tables of a store; docs/store.md has their keys and values. */
export interface Tables {
  readonly root: RootDatabase<Buffer, Uint8Array>;
  readonly meta: Table;
  readonly agents: Table;
  readonly modules: Table;
  readonly data: Table;
  readonly messages: Table;
  readonly segments: Table;
  readonly postings: Table;
  readonly deadLetters: Table;
  readonly deadLetterIds: Table;
  readonly deadLetterAgents: Table;
  readonly deployments: Table;
  readonly tasks: Table;
  /** Not there in stores of earlier servers, which don't know it either: they leave it as it is. */
  readonly pending: Table;
}

/** Counters that are written in the same transaction as what they count. */
export interface StoreState {
  /** Names the process whose records `sequence` counts. */
  session: string;
  /** The last record of that process that is on disk. */
  sequence: number;
  /** Messages have consecutive numbers: those from `firstNumber` on are kept. */
  firstNumber: number;
  nextNumber: number;
  /** Latest timestamp of any message so far, µs. */
  latestUs: number;
  /** How far, at most, a message's timestamp lies before that of an earlier one, µs. */
  disorderUs: number;
  /** How far, at most, the time in a message's id is from its timestamp, µs. */
  idSkewUs: number;
  /** Whether there ever was a message whose id has no time in it. */
  foreignIds: boolean;
  deadLetters: number;
  nextDeadLetter: number;
}

const INITIAL_STATE: StoreState = {
  session: '',
  sequence: 0,
  firstNumber: 1,
  nextNumber: 1,
  latestUs: 0,
  disorderUs: 0,
  idSkewUs: 0,
  foreignIds: false,
  deadLetters: 0,
  nextDeadLetter: 1,
};

/**
 * Opens the environment in this thread. Threads of one process share it; LMDB's own synchronous
 * commit is used (no overlappingSync), so that a commit that returned is on disk.
 */
export function openTables(path: string): Tables {
  const form = { encoding: 'binary', keyEncoding: 'binary' } as const;
  const root = open<Buffer, Uint8Array>({
    path,
    ...form,
    overlappingSync: false,
    maxDbs: 16,
    mapSize: MAP_BYTES,
  });
  const table = (name: string): Table => root.openDB<Buffer, Uint8Array>({ name, ...form });
  return {
    root,
    meta: table('meta'),
    agents: table('agents'),
    modules: table('modules'),
    data: table('data'),
    messages: table('messages'),
    segments: table('segments'),
    postings: table('postings'),
    deadLetters: table('dead_letters'),
    deadLetterIds: table('dead_letter_ids'),
    deadLetterAgents: table('dead_letter_agents'),
    deployments: table('deployments'),
    tasks: table('tasks'),
    pending: table('pending'),
  };
}

/**
 * Writes the schema version into a new store and checks it in an old one.
 * @throws CaxtonError CONFLICT when another version of the server wrote it
 */
export function checkSchema(tables: Tables, path: string): void {
  const found = tables.meta.get(SCHEMA_KEY);
  if (found === undefined) {
    tables.meta.putSync(SCHEMA_KEY, Buffer.from(String(SCHEMA_VERSION)));
    return;
  }
  const version = found.toString('utf8');
  if (version === String(SCHEMA_VERSION)) return;
  throw new CaxtonError(
    'CONFLICT',
    `The store in ${path} has schema version ${version}; this server reads version ${SCHEMA_VERSION}. Start the version of the server that wrote it, or name another data_dir.`,
    { field: 'data_dir', schema_version: version, supported_version: SCHEMA_VERSION },
  );
}

export function readState(tables: Tables, snapshot?: Snapshot): StoreState {
  const found = tables.meta.get(STATE_KEY, snapshot ? { transaction: snapshot } : {});
  const stored = found === undefined ? {} : (jsonRecord('meta', STATE_KEY, found) as object);
  return { ...INITIAL_STATE, ...stored };
}

/** In a transaction only. */
export function writeState(tables: Tables, state: StoreState): void {
  tables.meta.putSync(STATE_KEY, Buffer.from(JSON.stringify(state)));
}
