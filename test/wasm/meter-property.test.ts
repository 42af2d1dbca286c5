import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { meterModule } from '../../src/wasm/meter.js';
import { compileWat } from './corpus.js';
import { Guest } from './guest.js';
import { randomProgram } from './random-program.js';

const MAIN = 'f3';
const BUDGET = 10_000_000;

function checkProgram(tape: Uint8Array, args: readonly number[]): void {
  const original = compileWat(randomProgram(tape, false));
  const metered = meterModule(original).bytes;
  const guest = new Guest(metered);
  // First, so that a mistake in the generator shows as an exhausted budget and not as a hang.
  const actual = guest.call(MAIN, args, BUDGET);
  assert.ok(!actual.exhausted, 'the program ends');
  const plain = new Guest(original);
  const expected = plain.call(MAIN, args);
  assert.deepEqual(actual.result, expected.result);
  assert.equal(actual.trap, expected.trap);
  assert.deepEqual(guest.state(), plain.state());
  if (actual.fuel === undefined) return;

  const counting = new Guest(compileWat(randomProgram(tape, true)));
  counting.call(MAIN, args);
  assert.equal(BigInt(actual.fuel), counting.state().count, 'the fuel counted');
  assert.equal(new Guest(metered).call(MAIN, args, actual.fuel).trap, undefined);
  const less = new Guest(metered).call(MAIN, args, actual.fuel - 1);
  assert.deepEqual(less, { trap: 'unreachable', exhausted: true });
}

test('a metered random program does the same and costs what a count of each instruction gives', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600, size: 'max' }),
      fc.tuple(fc.integer({ min: -4, max: 20 }), fc.integer({ min: -4, max: 20 })),
      checkProgram,
    ),
    { numRuns: 400 },
  );
});
