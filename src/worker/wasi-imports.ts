import { LOG_ERROR, LOG_INFO } from '../wire/frames.js';
import { HOST_CALL_FUEL } from '../wire/host-calls.js';
import type { HostContext, ImportBinder } from './host-context.js';
import { HostTrap } from './host-trap.js';

/**
 * The part of WASI preview 1 that toolchains need to start: no files, no sockets. Numbers and
 * layouts: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
 */
const SUCCESS = 0;
const EBADF = 8;
const EINVAL = 28;
const ENOSYS = 52;
const ESPIPE = 70;

const STDOUT = 1;
const STDERR = 2;
const CHARACTER_DEVICE = 2;
const RIGHT_FD_READ = 1n << 1n;
const RIGHT_FD_WRITE = 1n << 6n;
const FDSTAT_BYTES = 24;
const IOVEC_BYTES = 8;
const CLOCKS = 4;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const EVENT_CLOCK = 0;

/** Price of each entry of a list, its bytes aside: a count of millions of empty ones is work too. */
const ENTRY_FUEL = 10;
/** How many copied bytes a random byte costs as much as. */
const RANDOM_COST = 8;

/** A call that charges its price and is given its arguments as the guest gave them. */
type WasiCall = (host: HostContext, ...args: number[]) => number;

const CALLS: Readonly<Record<string, WasiCall>> = {
  args_sizes_get: (host, count, bytes) =>
    writeSizes(host, host.agent.wasiArguments, count!, bytes!),
  args_get: (host, pointers, text) =>
    writeStrings(host, host.agent.wasiArguments, pointers!, text!),
  environ_sizes_get: (host, count, bytes) =>
    writeSizes(host, host.agent.wasiEnvironment, count!, bytes!),
  environ_get: (host, pointers, text) =>
    writeStrings(host, host.agent.wasiEnvironment, pointers!, text!),

  fd_write: (host, fd, vectors, count, written) => {
    if (fd !== STDOUT && fd !== STDERR) return EBADF;
    const total = writeVectors(host, fd, vectors!, count! >>> 0);
    writeU32(host, written!, total);
    return SUCCESS;
  },
  // Standard input is at its end from the start.
  fd_read: (host, fd, _vectors, _count, read) => {
    if (fd !== 0) return EBADF;
    writeU32(host, read!, 0);
    return SUCCESS;
  },
  fd_fdstat_get: (host, fd, pointer) => {
    if (!isStandard(fd!)) return EBADF;
    const start = host.memory.check(pointer!, FDSTAT_BYTES);
    host.memory.bytes.fill(0, start, start + FDSTAT_BYTES);
    host.memory.bytes[start] = CHARACTER_DEVICE;
    host.memory.view.setBigUint64(start + 8, fd === 0 ? RIGHT_FD_READ : RIGHT_FD_WRITE, true);
    return SUCCESS;
  },
  fd_fdstat_set_flags: (_host, fd) => (isStandard(fd!) ? SUCCESS : EBADF),
  fd_close: (_host, fd) => (isStandard(fd!) ? SUCCESS : EBADF),
  fd_seek: (_host, fd) => (isStandard(fd!) ? ESPIPE : EBADF),
  // Nothing is opened beforehand: this ends a C library's search for folders.
  fd_prestat_get: () => EBADF,
  fd_prestat_dir_name: () => EBADF,

  random_get: (host, pointer, length) => {
    const start = host.memory.check(pointer!, length!);
    // Making bytes takes longer than copying them.
    host.fuel.charge(0, (length! >>> 0) * RANDOM_COST);
    host.services.call.random.fill(host.memory.bytes, start, length! >>> 0);
    return SUCCESS;
  },
  clock_res_get: (host, clock, pointer) => {
    if (clock! >>> 0 >= CLOCKS) return EINVAL;
    writeU64(host, pointer!, 1_000n);
    return SUCCESS;
  },
  // The second argument, a precision, is a bigint; it has no meaning for a clock that stands.
  clock_time_get: (host, clock, _precision, pointer) => {
    if (clock! >>> 0 >= CLOCKS) return EINVAL;
    const us = BigInt(Math.floor(host.services.call.timestampUs));
    writeU64(host, pointer!, us * 1_000n);
    return SUCCESS;
  },
  poll_oneoff: (host, subscriptions, events, count, stored) =>
    poll(host, subscriptions!, events!, count! >>> 0, stored!),

  sched_yield: () => SUCCESS,
  proc_exit: (_host, code) => {
    throw new HostTrap(`the agent called proc_exit(${code! >>> 0})`);
  },
};

/** Names of preview 1 that exist and aren't offered. */
const UNSUPPORTED = [
  'fd_advise',
  'fd_allocate',
  'fd_datasync',
  'fd_fdstat_set_rights',
  'fd_filestat_get',
  'fd_filestat_set_size',
  'fd_filestat_set_times',
  'fd_pread',
  'fd_pwrite',
  'fd_readdir',
  'fd_renumber',
  'fd_sync',
  'fd_tell',
  'path_create_directory',
  'path_filestat_get',
  'path_filestat_set_times',
  'path_link',
  'path_open',
  'path_readlink',
  'path_remove_directory',
  'path_rename',
  'path_symlink',
  'path_unlink_file',
  'proc_raise',
  'sock_accept',
  'sock_recv',
  'sock_send',
  'sock_shutdown',
] as const;

function bind(call: WasiCall): ImportBinder {
  return (host) =>
    (...args: number[]) => {
      host.fuel.charge(HOST_CALL_FUEL.wasi);
      return call(host, ...args);
    };
}

/** The imports of the `wasi_snapshot_preview1` module. */
export const WASI_IMPORTS: Readonly<Record<string, ImportBinder>> = Object.freeze({
  ...Object.fromEntries(UNSUPPORTED.map((name) => [name, bind(() => ENOSYS)])),
  ...Object.fromEntries(Object.entries(CALLS).map(([name, call]) => [name, bind(call)])),
});

function isStandard(fd: number): boolean {
  return fd >= 0 && fd <= STDERR;
}

function writeU32(host: HostContext, pointer: number, value: number): void {
  const start = host.memory.check(pointer, 4);
  host.memory.view.setUint32(start, value, true);
}

function writeU64(host: HostContext, pointer: number, value: bigint): void {
  const start = host.memory.check(pointer, 8);
  host.memory.view.setBigUint64(start, value, true);
}

function writeSizes(
  host: HostContext,
  texts: readonly Uint8Array[],
  countPointer: number,
  bytesPointer: number,
): number {
  let bytes = 0;
  for (const text of texts) bytes += text.length;
  writeU32(host, countPointer, texts.length);
  writeU32(host, bytesPointer, bytes);
  return SUCCESS;
}

/** Strings ended by 0, one after the other, and a table of where each begins. */
function writeStrings(
  host: HostContext,
  texts: readonly Uint8Array[],
  pointers: number,
  buffer: number,
): number {
  let at = buffer >>> 0;
  for (const [index, bytes] of texts.entries()) {
    host.fuel.charge(ENTRY_FUEL, bytes.length);
    writeU32(host, (pointers >>> 0) + index * 4, at);
    host.memory.copyIn(host.memory.check(at, bytes.length), bytes.length, bytes);
    at += bytes.length;
  }
  return SUCCESS;
}

function writeVectors(host: HostContext, fd: number, vectors: number, count: number): number {
  const { logs } = host.services.effects;
  let total = 0;
  for (let i = 0; i < count; i++) {
    const vector = host.memory.check((vectors >>> 0) + i * IOVEC_BYTES, IOVEC_BYTES);
    const pointer = host.memory.view.getUint32(vector, true);
    const length = host.memory.view.getUint32(vector + 4, true);
    const start = host.memory.check(pointer, length);
    host.fuel.charge(ENTRY_FUEL, length);
    logs.write(fd === STDOUT ? LOG_INFO : LOG_ERROR, host.memory.bytes, start, length);
    total += length;
  }
  return total;
}

/** Every clock has rung at once, since time stands still during a call. */
function poll(
  host: HostContext,
  subscriptions: number,
  events: number,
  count: number,
  stored: number,
): number {
  if (count === 0) return EINVAL;
  for (let i = 0; i < count; i++) {
    host.fuel.charge(ENTRY_FUEL);
    const from = host.memory.check(
      (subscriptions >>> 0) + i * SUBSCRIPTION_BYTES,
      SUBSCRIPTION_BYTES,
    );
    const to = host.memory.check((events >>> 0) + i * EVENT_BYTES, EVENT_BYTES);
    const { view, bytes } = host.memory;
    const userData = view.getBigUint64(from, true);
    const kind = bytes[from + 8]!;
    bytes.fill(0, to, to + EVENT_BYTES);
    view.setBigUint64(to, userData, true);
    view.setUint16(to + 8, kind === EVENT_CLOCK ? SUCCESS : ENOSYS, true);
    bytes[to + 10] = kind;
  }
  writeU32(host, stored, count);
  return SUCCESS;
}
