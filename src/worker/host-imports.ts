import { LOG_ERROR, LOG_INFO } from '../wire/frames.js';
import { HOST_CALL_FUEL } from '../wire/host-calls.js';
import { ASSEMBLYSCRIPT_IMPORTS } from './assemblyscript-imports.js';
import type { HostContext, ImportBinder } from './host-context.js';
import { MESSAGE_IMPORTS } from './message-imports.js';
import { STATE_IMPORTS } from './state-imports.js';
import { WASI_IMPORTS } from './wasi-imports.js';

const CALL_IMPORTS: Readonly<Record<string, ImportBinder>> = Object.freeze({
  current_timestamp: (host) => () => {
    host.fuel.charge(HOST_CALL_FUEL.current_timestamp);
    return BigInt(Math.floor(host.services.call.timestampUs));
  },

  random_u32: (host) => () => {
    host.fuel.charge(HOST_CALL_FUEL.random_u32);
    return host.services.call.random.next();
  },

  fuel_remaining: (host) => () => {
    host.fuel.charge(HOST_CALL_FUEL.fuel_remaining);
    return BigInt(host.fuel.remaining);
  },

  console_log: (host) => (pointer: number, length: number) => {
    log(host, LOG_INFO, HOST_CALL_FUEL.console_log, pointer, length);
  },

  console_error: (host) => (pointer: number, length: number) => {
    log(host, LOG_ERROR, HOST_CALL_FUEL.console_error, pointer, length);
  },
});

function log(host: HostContext, level: number, fuel: number, pointer: number, length: number) {
  const start = host.memory.check(pointer, length);
  host.fuel.charge(fuel, length >>> 0);
  host.services.effects.logs.add(level, host.memory.bytes, start, length >>> 0);
}

/** The imports of the `caxton` module. */
export const CAXTON_IMPORTS: Readonly<Record<string, ImportBinder>> = Object.freeze({
  ...MESSAGE_IMPORTS,
  ...STATE_IMPORTS,
  ...CALL_IMPORTS,
});

/** Every import that the host offers: module → name → what makes it. */
export const HOST_IMPORTS: Readonly<Record<string, Readonly<Record<string, ImportBinder>>>> =
  Object.freeze({
    caxton: CAXTON_IMPORTS,
    env: Object.freeze({ ...CAXTON_IMPORTS, ...ASSEMBLYSCRIPT_IMPORTS }),
    wasi_snapshot_preview1: WASI_IMPORTS,
  });

/** The imports that this module asks for, and no others: each is a closure of its own. */
export function bindImports(module: WebAssembly.Module, host: HostContext): WebAssembly.Imports {
  const imports: WebAssembly.Imports = {};
  for (const wanted of WebAssembly.Module.imports(module)) {
    const binder = HOST_IMPORTS[wanted.module]?.[wanted.name];
    // What is missing is left out: linking then fails and names it.
    if (binder === undefined) continue;
    imports[wanted.module] ??= {};
    imports[wanted.module]![wanted.name] = binder(host);
  }
  return imports;
}
