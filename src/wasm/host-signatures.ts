import type { FunctionType } from './module-types.js';
import { ValueType } from './opcodes.js';

/**
 * Every function that an agent may import, with its type. The worker builds an agent's imports from
 * this table, and the check of a module holds its imports to it, so neither can know a function
 * that the other doesn't.
 */

export type HostGroup = 'caxton' | 'assemblyscript' | 'wasi';

export interface HostFunction extends FunctionType {
  readonly group: HostGroup;
  readonly name: string;
}

export const WASI_MODULE = 'wasi_snapshot_preview1';

const LETTERS: Readonly<Record<string, number>> = Object.freeze({
  i: ValueType.I32,
  I: ValueType.I64,
  d: ValueType.F64,
});

/** Reads "iI:i" as (i32, i64) -> i32. */
function signature(text: string): FunctionType {
  const [params = '', results = ''] = text.split(':');
  const types = (letters: string): readonly number[] =>
    Object.freeze([...letters].map((letter) => LETTERS[letter]!));
  return { params: types(params), results: types(results) };
}

function group(name: HostGroup, signatures: Readonly<Record<string, string>>): HostFunction[] {
  return Object.entries(signatures).map(([functionName, text]) =>
    Object.freeze({ group: name, name: functionName, ...signature(text) }),
  );
}

/** Import module `caxton`, and `env` as its alias. */
export const CAXTON_FUNCTIONS: readonly HostFunction[] = group('caxton', {
  send_message: 'ii:i',
  broadcast_message: 'iiii:i',
  register_capability: 'ii:i',
  subscribe_messages: 'ii:i',
  store_data: 'iiii:i',
  load_data: 'iiii:i',
  delete_data: 'ii:i',
  get_config: 'iiii:i',
  set_timer: 'I:i',
  cancel_timer: 'i:i',
  current_timestamp: ':I',
  random_u32: ':i',
  fuel_remaining: ':I',
  console_log: 'ii:',
  console_error: 'ii:',
});

/** Import module `env`: what AssemblyScript's standard library expects of its host. */
export const ASSEMBLYSCRIPT_FUNCTIONS: readonly HostFunction[] = group('assemblyscript', {
  abort: 'iiii:',
  trace: 'iiddddd:',
  seed: ':d',
});

/**
 * Import module `wasi_snapshot_preview1`: all of it links, as toolchains import functions that are
 * never called. Source: WASI preview 1, witx/wasi_snapshot_preview1.witx.
 */
export const WASI_FUNCTIONS: readonly HostFunction[] = group('wasi', {
  args_get: 'ii:i',
  args_sizes_get: 'ii:i',
  environ_get: 'ii:i',
  environ_sizes_get: 'ii:i',
  clock_res_get: 'ii:i',
  clock_time_get: 'iIi:i',
  fd_advise: 'iIIi:i',
  fd_allocate: 'iII:i',
  fd_close: 'i:i',
  fd_datasync: 'i:i',
  fd_fdstat_get: 'ii:i',
  fd_fdstat_set_flags: 'ii:i',
  fd_fdstat_set_rights: 'iII:i',
  fd_filestat_get: 'ii:i',
  fd_filestat_set_size: 'iI:i',
  fd_filestat_set_times: 'iIIi:i',
  fd_pread: 'iiiIi:i',
  fd_prestat_get: 'ii:i',
  fd_prestat_dir_name: 'iii:i',
  fd_pwrite: 'iiiIi:i',
  fd_read: 'iiii:i',
  fd_readdir: 'iiiIi:i',
  fd_renumber: 'ii:i',
  fd_seek: 'iIii:i',
  fd_sync: 'i:i',
  fd_tell: 'ii:i',
  fd_write: 'iiii:i',
  path_create_directory: 'iii:i',
  path_filestat_get: 'iiiii:i',
  path_filestat_set_times: 'iiiiIIi:i',
  path_link: 'iiiiiii:i',
  path_open: 'iiiiiIIii:i',
  path_readlink: 'iiiiii:i',
  path_remove_directory: 'iii:i',
  path_rename: 'iiiiii:i',
  path_symlink: 'iiiii:i',
  path_unlink_file: 'iii:i',
  poll_oneoff: 'iiii:i',
  proc_exit: 'i:',
  proc_raise: 'i:i',
  sched_yield: ':i',
  random_get: 'ii:i',
  sock_accept: 'iii:i',
  sock_recv: 'iiiiii:i',
  sock_send: 'iiiii:i',
  sock_shutdown: 'ii:i',
});

const byName = (functions: readonly HostFunction[]): ReadonlyMap<string, HostFunction> =>
  new Map(functions.map((entry) => [entry.name, entry]));

/** Host functions by import module and name. */
export const HOST_MODULES: ReadonlyMap<string, ReadonlyMap<string, HostFunction>> = new Map([
  ['caxton', byName(CAXTON_FUNCTIONS)],
  ['env', byName([...CAXTON_FUNCTIONS, ...ASSEMBLYSCRIPT_FUNCTIONS])],
  [WASI_MODULE, byName(WASI_FUNCTIONS)],
]);

/** The host function that an import names, or undefined when there is none. */
export function hostFunction(module: string, name: string): HostFunction | undefined {
  return HOST_MODULES.get(module)?.get(name);
}
