import { HOST_MODULES, hostFunction } from './host-signatures.js';
import { readModule } from './meter.js';
import {
  EXTERN_KIND_NAMES,
  type ExportEntry,
  ExternKind,
  type FunctionType,
  formatType,
  type ImportEntry,
  sameType,
} from './module-types.js';
import { ValueType } from './opcodes.js';
import { ParsedModule } from './parse-module.js';
import { refusal } from './refusal.js';

const { I32 } = ValueType;
const type = (params: readonly number[], results: readonly number[]): FunctionType => ({
  params,
  results,
});

interface AgentExport {
  readonly type: FunctionType;
  readonly required: boolean;
}

/** What the agent ABI, version 1, says of a guest's exports, but for its memory. */
export const AGENT_EXPORTS: Readonly<Record<string, AgentExport>> = Object.freeze({
  handle_message: { type: type([I32, I32], [I32]), required: true },
  caxton_alloc: { type: type([I32], [I32]), required: true },
  caxton_encoding: { type: type([], [I32]), required: false },
  agent_init: { type: type([], [I32]), required: false },
  agent_shutdown: { type: type([], []), required: false },
  handle_timer: { type: type([I32], [I32]), required: false },
  migrate_state: { type: type([I32, I32], [I32]), required: false },
  _initialize: { type: type([], []), required: false },
});

/** What a checked module has of the ABI. */
export interface AgentModuleInfo {
  /** Names of the ABI's exports that the module has, `memory` aside. */
  readonly exports: readonly string[];
  /** Its imports as "module.name". */
  readonly imports: readonly string[];
  /** Whether it has a start section, to be run by calling `caxton:start`. */
  readonly start: boolean;
}

function checkNotCommand(module: ParsedModule): void {
  const start = module.exports.find(({ name }) => name === '_start');
  if (!start) return;
  throw refusal(
    'command-module',
    "The module exports '_start': it is a WASI command, which runs once and exits, and not an agent, which stays and handles messages",
    {
      export: '_start',
      offset: start.offset,
      fix: 'Build it as a reactor: with clang -mexec-model=reactor (or -Wl,--no-entry), in Rust as a cdylib, in Go with -buildmode=c-shared.',
    },
  );
}

function checkMemory(module: ParsedModule): void {
  const entry = module.exports.find(({ name }) => name === 'memory');
  if (entry?.kind === ExternKind.MEMORY) return;
  const found = entry ? `a ${EXTERN_KIND_NAMES[entry.kind]} under that name` : 'none';
  throw refusal(
    'required-export',
    `The module must export its memory as 'memory', and has ${found}`,
    {
      export: 'memory',
      ...(entry ? { offset: entry.offset } : {}),
      expected: 'memory',
      actual: found,
      fix: 'Export the memory: wasm-ld does so by default, in WAT write (memory (export "memory") 1).',
    },
  );
}

function checkExport(module: ParsedModule, name: string, wanted: AgentExport): boolean {
  const entry: ExportEntry | undefined = module.exports.find((entry) => entry.name === name);
  const expected = formatType(wanted.type);
  if (!entry) {
    if (!wanted.required) return false;
    throw refusal('required-export', `The module lacks the export '${name}'`, {
      export: name,
      expected,
      fix: `Export a function '${name}' of type ${expected}.`,
    });
  }
  const actual =
    entry.kind === ExternKind.FUNCTION
      ? formatType(module.typeOf(entry.index))
      : `a ${EXTERN_KIND_NAMES[entry.kind]}`;
  const fits =
    entry.kind === ExternKind.FUNCTION && sameType(module.typeOf(entry.index), wanted.type);
  if (fits) return true;
  throw refusal('export-type', `The export '${name}' has the wrong type: ${actual}`, {
    export: name,
    offset: entry.offset,
    expected,
    actual,
    fix: `It must be a function of type ${expected}.`,
  });
}

function checkImport(module: ParsedModule, entry: ImportEntry): void {
  const name = `${entry.module}.${entry.name}`;
  const place = { import: name, offset: entry.offset };
  if (entry.kind !== ExternKind.FUNCTION) {
    const kind = EXTERN_KIND_NAMES[entry.kind]!;
    throw refusal('import', `The module imports a ${kind}, '${name}'`, {
      ...place,
      actual: kind,
      expected: 'function',
      fix: `Only functions can be imported: let the module define its ${kind} itself (for instance, build without --import-${kind}).`,
    });
  }
  const host = hostFunction(entry.module, entry.name);
  if (!host) {
    const known = HOST_MODULES.has(entry.module);
    throw refusal('import', `The module imports '${name}', which the server does not offer`, {
      ...place,
      fix: known
        ? `Remove the import: '${entry.module}' offers ${[...HOST_MODULES.get(entry.module)!.keys()].join(', ')}.`
        : `Remove the import: the import modules are ${[...HOST_MODULES.keys()].join(', ')}.`,
    });
  }
  const actual = module.types[entry.typeIndex]!;
  if (sameType(actual, host)) return;
  throw refusal('import', `The import '${name}' has the wrong type: ${formatType(actual)}`, {
    ...place,
    expected: formatType(host),
    actual: formatType(actual),
    fix: `Declare it as ${formatType(host)}.`,
  });
}

/**
 * Holds a module to the agent ABI, version 1: required exports with their exact types, the types
 * of the optional ones it has, one memory of its own, and imports that the host offers.
 * @throws CaxtonError INVALID_WASM that names the export or import and how to mend it
 */
export function checkAgentModule(module: Uint8Array | ParsedModule): AgentModuleInfo {
  const parsed = module instanceof ParsedModule ? module : readModule(module);
  checkNotCommand(parsed);
  for (const entry of parsed.imports) checkImport(parsed, entry);
  checkMemory(parsed);
  const exports = Object.entries(AGENT_EXPORTS)
    .filter(([name, wanted]) => checkExport(parsed, name, wanted))
    .map(([name]) => name);
  return {
    exports,
    imports: parsed.imports.map((entry) => `${entry.module}.${entry.name}`),
    start: parsed.startFunction !== undefined,
  };
}
