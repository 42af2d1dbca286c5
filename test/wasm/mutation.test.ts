import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { ByteReader } from '../../src/wasm/byte-reader.js';
import { prepareAgentModule } from '../../src/wasm/prepare.js';
import { compiledC } from './corpus.js';

/**
 * Broken modules: each must end in a CaxtonError or in a module that validates. A seed is printed,
 * and CAXTON_SEED repeats a run.
 */
const MUTATIONS = 10_000;
const OPTIONS = { memoryMaxBytes: 10_000_000 };
const original = compiledC('echo-agent');

/** Returns whether the module was accepted. */
function prepares(bytes: Uint8Array): boolean {
  try {
    const { metered } = prepareAgentModule(bytes, OPTIONS);
    assert.ok(WebAssembly.validate(Uint8Array.from(metered)));
    return true;
  } catch (error) {
    if (!(error instanceof CaxtonError)) throw error;
    assert.match(error.code, /^(INVALID_WASM|RESOURCE_LIMIT_EXCEEDED)$/);
    assert.ok(error.details.rule, error.message);
    return false;
  }
}

/** A small generator of 32-bit numbers (xorshift), so that a seed repeats a run. */
function numbers(seed: number): (bound: number) => number {
  let state = seed | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

function mutate(next: (bound: number) => number): Uint8Array {
  const bytes = Uint8Array.from(original);
  const kind = next(4);
  const at = 8 + next(bytes.length - 8);
  if (kind === 0) bytes[at] = next(256);
  else if (kind === 1) bytes[at]! ^= 1 << next(8);
  else if (kind === 2) for (let i = 0; i < 5; i++) bytes[8 + next(bytes.length - 8)] = next(256);
  else {
    const to = 8 + next(bytes.length - 8);
    bytes.copyWithin(to, at, at + next(40));
  }
  return bytes;
}

test('the module itself is accepted', () => {
  assert.ok(prepares(original));
});

/** The lengths at which a cut falls between two sections. */
function sectionEnds(bytes: Uint8Array): Set<number> {
  const reader = new ByteReader(bytes, 8);
  const ends = new Set<number>();
  while (!reader.atEnd) {
    reader.skip(1);
    reader.skip(reader.u32());
    ends.add(reader.position);
  }
  return ends;
}

test('every truncation of a real module is refused, but where its last sections can be spared', () => {
  const ends = sectionEnds(original);
  let accepted = 0;
  for (let length = 0; length < original.length; length++) {
    if (!prepares(original.subarray(0, length))) continue;
    accepted++;
    assert.ok(ends.has(length), `${length} bytes`);
  }
  assert.ok(accepted < ends.size);
});

test(`${MUTATIONS} mutations of a real module are refused or still valid`, (context) => {
  const seed = Number(process.env.CAXTON_SEED ?? randomInt(2 ** 31));
  context.diagnostic(`seed ${seed}`);
  const next = numbers(seed);
  let accepted = 0;
  for (let i = 0; i < MUTATIONS; i++) {
    const bytes = mutate(next);
    try {
      if (prepares(bytes)) accepted++;
    } catch (error) {
      throw new Error(`mutation ${i} of seed ${seed}: ${error}`, { cause: error });
    }
  }
  assert.ok(accepted > 0 && accepted < MUTATIONS);
});
