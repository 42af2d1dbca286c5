import assert from 'node:assert/strict';
import fc from 'fast-check';
import { meterModule } from '../../../src/wasm/meter.js';
import { compileWat } from '../../wasm/corpus.js';
import { Guest } from '../../wasm/guest.js';
import { bytesTarget, Fates, type FuzzTarget } from '../target.js';
import { MAIN, wideProgram } from './wide-program.js';

const BUDGET = 100_000_000;

/**
 * Modules made up with all that is allowed in them: metered, they give the same results, traps,
 * memory and globals, take what a count of each instruction gives, and end on less.
 */
export function moduleGeneration(): FuzzTarget {
  const fates = new Fates();
  const tapes = fc.uint8Array({ minLength: 2, maxLength: 900, size: 'max' });
  return bytesTarget(tapes, (tape) => fates.add(fateOf(tape)), {
    details: () => fates.lines,
  }) as FuzzTarget;
}

/** The first two bytes of a tape are the program's arguments. */
function fateOf(bytes: Uint8Array): string {
  const args = [(bytes[0] ?? 0) - 5, (bytes[1] ?? 0) - 5];
  const tape = bytes.subarray(2);
  const original = compileWat(wideProgram(tape, false));
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
  const runWith = (budget: number) => new Guest(metered).call(MAIN, args, budget);
  if (actual.fuel === undefined) return 'trapped';
  const { fuel } = actual;
  const counting = new Guest(compileWat(wideProgram(tape, true)));
  counting.call(MAIN, args);
  assert.equal(BigInt(fuel), counting.state().count, 'the fuel counted');
  assert.deepEqual(runWith(fuel), actual);
  for (const budget of new Set([fuel - 1, Math.floor(fuel / 2), 0])) {
    assert.deepEqual(runWith(budget), { trap: 'unreachable', exhausted: true }, `on ${budget}`);
  }
  return fuel > 1_000 ? 'returned after much' : 'returned';
}
