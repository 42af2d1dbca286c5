import assert from 'node:assert/strict';
import { CaxtonError } from '../../../src/base/errors.js';
import { hostFunction } from '../../../src/wasm/host-signatures.js';
import { FUEL_EXPORT, START_EXPORT } from '../../../src/wasm/meter.js';
import { ValueType } from '../../../src/wasm/opcodes.js';
import { type PreparedModule, prepareAgentModule } from '../../../src/wasm/prepare.js';
import { guest, guestNames, sampleAgent } from '../../support/guests.js';
import { bytesTarget, Fates, type FuzzTarget } from '../target.js';
import { moduleMutants } from './module-mutants.js';

const OPTIONS = { memoryMaxBytes: 10_000_000 };
/** Enough for most messages, and soon over where a loop does not end. */
const BUDGET = 200_000;
/** What an error of a refusal names the place by. */
const PLACES = ['offset', 'export', 'import', 'function'];

/**
 * Real modules with something done to them: a refusal that says which rule was broken and where, or
 * a module that validates and never runs beyond its fuel.
 */
export async function moduleMutation(): Promise<FuzzTarget> {
  const guests = await Promise.all(guestNames().map(guest));
  const seeds = [
    ...(['echo', 'counter', 'bidder', 'echo-c'] as const).map(sampleAgent),
    ...guests.filter((bytes) => bytes.length < 20_000),
  ];
  const fates = new Fates();
  return bytesTarget(moduleMutants(seeds), (bytes) => fates.add(fateOf(bytes)), {
    details: () => fates.lines,
  }) as FuzzTarget;
}

function fateOf(bytes: Uint8Array): string {
  let prepared: PreparedModule;
  try {
    prepared = prepareAgentModule(bytes, OPTIONS);
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String((error as Error).stack ?? error));
    assert.match(error.code, /^(INVALID_WASM|RESOURCE_LIMIT_EXCEEDED)$/);
    const { rule } = error.details;
    assert.equal(typeof rule, 'string', error.message);
    assert.ok(
      PLACES.some((place) => error.details[place] !== undefined),
      `no place: ${error.message}`,
    );
    assert.ok(error.message.length < 10_000);
    return `refused for ${rule}`;
  }
  assert.ok(WebAssembly.validate(Uint8Array.from(bytes)), 'an invalid module was taken');
  const metered = Uint8Array.from(prepared.metered);
  assert.ok(WebAssembly.validate(metered), 'metering made it invalid');
  return runs(new WebAssembly.Module(metered), prepared);
}

type Callable = (...args: number[]) => unknown;

/** Calls each export of the ABI in an instance of its own. */
function runs(module: WebAssembly.Module, { exports, start }: PreparedModule): string {
  const fates = new Set<string>();
  for (const name of exports) {
    const outcome = call(module, name, start, BUDGET);
    fates.add(outcome.how);
    if (outcome.how !== 'returned') continue;
    const { used } = outcome;
    assert.ok(used >= 0 && used <= BUDGET, `${name} took ${used} of ${BUDGET}`);
    // The same again with just enough, and with one unit less.
    assert.deepEqual(call(module, name, start, used), outcome, `${name} on what it takes`);
    if (used === 0) continue;
    assert.equal(call(module, name, start, used - 1).how, 'out of fuel', `${name} on less`);
  }
  return `ran: ${[...fates].sort().join(', ')}`;
}

interface Outcome {
  readonly how: 'returned' | 'trapped' | 'out of fuel' | 'no instance';
  readonly result: unknown;
  readonly used: number;
}

function call(module: WebAssembly.Module, name: string, start: boolean, budget: number): Outcome {
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(module, importsOf(module));
  } catch (error) {
    // A segment that lies outside of its memory or table.
    if (error instanceof WebAssembly.RuntimeError) {
      return { how: 'no instance', result: undefined, used: 0 };
    }
    throw error;
  }
  const fuel = instance.exports[FUEL_EXPORT] as WebAssembly.Global;
  const run = (target: string, args: number[], units: number): Outcome => {
    fuel.value = BigInt(units);
    try {
      const result = (instance.exports[target] as Callable)(...args);
      assert.ok(fuel.value >= 0n, `${target} returned without fuel`);
      return { how: 'returned', result, used: units - Number(fuel.value) };
    } catch (error) {
      const known = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
      if (!known) throw error;
      return { how: fuel.value < 0n ? 'out of fuel' : 'trapped', result: undefined, used: 0 };
    }
  };
  if (start) {
    const begun = run(START_EXPORT, [], BUDGET);
    if (begun.how !== 'returned') return { ...begun, how: 'no instance' };
  }
  return run(name, [1_024, 16], budget);
}

/** The host's functions, none of which does anything. */
function importsOf(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: space, name } of WebAssembly.Module.imports(module)) {
    const result = hostFunction(space, name)!.results[0];
    imports[space] ??= {};
    imports[space][name] = () => (result === ValueType.I64 ? 0n : 0);
  }
  return imports;
}
