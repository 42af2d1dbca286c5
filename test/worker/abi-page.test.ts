import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../scripts/package-root.js';
import { LIMITS } from '../../src/base/limits.js';
import {
  ASSEMBLYSCRIPT_FUNCTIONS,
  CAXTON_FUNCTIONS,
  type HostFunction,
  WASI_FUNCTIONS,
} from '../../src/wasm/host-signatures.js';
import { ValueType } from '../../src/wasm/opcodes.js';
import { HOST_CALL_FUEL } from '../../src/wire/host-calls.js';

const page = readFileSync(join(packageRoot(import.meta.url), 'docs/agent-abi.md'), 'utf8');

const TYPE_NAMES: Readonly<Record<number, string>> = {
  [ValueType.I32]: 'i32',
  [ValueType.I64]: 'i64',
  [ValueType.F64]: 'f64',
};

interface Row {
  readonly type: string;
  readonly fuel: number;
}

/** Rows of the tables of imports: | `name` | `type` | fuel | meaning | */
function importRows(): Map<string, Row> {
  const rows = page.matchAll(/^\| `(\w+)` \| `(\([^`]*)` \| (\d+) \|/gm);
  return new Map(
    [...rows].map(([, name, type, fuel]) => [name!, { type: type!, fuel: Number(fuel) }]),
  );
}

function typeOf({ params, results }: HostFunction): string {
  const names = (types: readonly number[]): string[] => types.map((type) => TYPE_NAMES[type]!);
  return `(${names(params).join(', ')}) -> ${names(results)[0] ?? '()'}`;
}

test('the page’s tables of imports and the fuel table have the same calls at the same prices', () => {
  const documented = Object.fromEntries([...importRows()].map(([name, row]) => [name, row.fuel]));
  const wasi = Number(/`wasi`, (\d+)/.exec(page)?.[1]);
  assert.deepEqual({ ...documented, wasi }, { ...HOST_CALL_FUEL });
});

test('the page gives each import the type that modules are held to', () => {
  const rows = importRows();
  for (const host of [...CAXTON_FUNCTIONS, ...ASSEMBLYSCRIPT_FUNCTIONS]) {
    const documented = rows.get(host.name)?.type.replace(/\w+: /g, '');
    assert.equal(documented, typeOf(host), host.name);
  }
});

test('the WASI functions that the page explains exist', () => {
  const section = page.slice(page.indexOf('## WASI'), page.indexOf('## Determinism'));
  const rows = [...section.matchAll(/^\| (`.*?) \| /gm)].map(([, names]) => names!);
  const named = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  const known = new Set(WASI_FUNCTIONS.map(({ name }) => name));
  assert.ok(named.length > 10);
  for (const name of named) assert.ok(known.has(name), name);
});

test('the limits on the page are those in force', () => {
  const cell = (name: string): string => {
    const row = page.split('\n').find((line) => line.startsWith(`| ${name}`));
    assert.ok(row, name);
    return row.split('|')[2]!.trim();
  };
  const KIB = 1_024;
  const MIB = KIB * KIB;
  assert.equal(cell('nesting of content'), `${LIMITS.content_depth} levels`);
  assert.equal(
    cell('effects of one call'),
    `${LIMITS.effects_messages.toLocaleString('en')}, and ${LIMITS.effects_bytes / MIB} MiB together`,
  );
  assert.equal(cell('a key of the store'), `1 to ${LIMITS.data_key_bytes} bytes`);
  assert.equal(cell('a value of the store'), `${LIMITS.data_value_bytes / MIB} MiB`);
  assert.equal(
    cell('all keys and values'),
    `${LIMITS.data_bytes_per_agent / MIB} MiB; each entry counts ${LIMITS.data_entry_bytes} bytes more`,
  );
  assert.ok(cell('a log line').startsWith(`${LIMITS.log_line_bytes / KIB} KiB;`));
  assert.ok(cell('log lines of one call').startsWith(`${LIMITS.log_bytes_per_message / KIB} KiB;`));
  assert.equal(cell('capabilities, subscriptions'), `${LIMITS.capabilities_per_agent} each`);
  assert.equal(LIMITS.capabilities_per_agent, LIMITS.subscriptions_per_agent);
  assert.equal(cell("a capability's name"), `${LIMITS.agent_name_bytes} bytes`);
  assert.equal(
    cell('timers of an agent'),
    `${LIMITS.timers_per_agent.toLocaleString('en')}; the longest delay is ${LIMITS.timer_delay_max_ms / 86_400_000} days`,
  );
});
