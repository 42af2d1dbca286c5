import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { meterModule } from '../../src/wasm/meter.js';
import { compileWat } from './corpus.js';
import { Guest } from './guest.js';

const BUDGET = 2_000_000;

/** Shapes of code that never end; each exports `f`. */
const ENDLESS: Readonly<Record<string, string>> = {
  'loop with br': '(func (export "f") (loop (br 0)))',
  'loop with br_if': '(func (export "f") (loop (br_if 0 (i32.const 1))))',
  'loop with br_table': '(func (export "f") (param i32) (loop (br_table 0 0 0 (local.get 0))))',
  'loop with the back edge in a block': '(func (export "f") (loop (block (br 1))))',
  'loop with the back edge in both arms':
    '(func (export "f") (param i32) (loop (if (local.get 0) (then (br 1)) (else (br 1)))))',
  'loop that turns an arm on and off': `(func (export "f") (param i32)
    (loop (local.set 0 (i32.eqz (local.get 0)))
      (if (local.get 0) (then (br 1)))
      (br 0)))`,
  'nested loops': `(func (export "f") (local i32)
    (loop $o (local.set 0 (i32.const 3))
      (loop $i (br_if $i (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (br $o)))`,
  'inner loop that goes on at the outer header':
    '(func (export "f") (loop $o (loop $i (br_if $o (i32.const 1)) (br $i))))',
  'loop with parameters': '(func (export "f") (i32.const 1) (loop (param i32) (br 0)))',
  'loop over calls': '(func $g) (func (export "f") (loop (call $g) (br 0)))',
  'loop over an empty callee in a table': `(type $t (func)) (table funcref (elem $g)) (func $g)
    (func (export "f") (loop (call_indirect (type $t) (i32.const 0)) (br 0)))`,
  'loop whose condition calls': `(func $g (result i32) (i32.const 1))
    (func (export "f") (loop (br_if 0 (call $g))))`,
  'loop of selects': `(func (export "f") (param i32)
    (loop (local.set 0 (select (i32.const 1) (i32.const 2) (local.get 0))) (br 0)))`,
  'loop of SIMD': `(func (export "f") (local v128)
    (loop (local.set 0 (i8x16.add (local.get 0) (local.get 0))) (br 0)))`,
  'loop of memory.grow': `(memory 1 3)
    (func (export "f") (loop (drop (memory.grow (i32.const 1))) (br 0)))`,
  'loop of memory.grow by 0': `(memory 1)
    (func (export "f") (loop (drop (memory.grow (i32.const 0))) (br 0)))`,
  'loop of memory.fill': `(memory 1)
    (func (export "f") (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))`,
  'loop of table.grow': `(table 1 externref)
    (func (export "f") (loop (drop (table.grow (ref.null extern) (i32.const 0))) (br 0)))`,
  'loop of stores': `(memory 1)
    (func (export "f") (loop (i32.store (i32.const 0) (i32.const 1)) (br 0)))`,
};

const RECURSION: Readonly<Record<string, string>> = {
  itself: '(func $f (export "f") (call $f))',
  mutual: '(func $f (export "f") (call $g)) (func $g (call $f))',
  'in a loop': '(func $f (export "f") (loop (call $f) (br 0)))',
  'under a condition in a loop': `(func $f (export "f") (param i32)
    (loop (if (i32.eqz (local.get 0)) (then (call $f (local.get 0)))) (br 0)))`,
  'through a table': `(type $t (func)) (table funcref (elem $f))
    (func $f (export "f") (call_indirect (type $t) (i32.const 0)))`,
};

const guestOf = (text: string): Guest =>
  new Guest(meterModule(compileWat(`(module ${text})`)).bytes);

describe('code without an end runs out of fuel', () => {
  for (const [name, text] of Object.entries(ENDLESS)) {
    test(name, () => {
      const outcome = guestOf(text).call('f', [0], BUDGET);
      assert.deepEqual(outcome, { trap: 'unreachable', exhausted: true });
    });
  }

  for (const [name, text] of Object.entries(RECURSION)) {
    test(`recursion: ${name}`, () => {
      const guest = guestOf(text);
      assert.deepEqual(guest.call('f', [0], 5_000), { trap: 'unreachable', exhausted: true });
      // With plenty of fuel the stack may end first; either way the call ends.
      assert.match(guest.call('f', [0], BUDGET).trap!, /unreachable|stack/);
    });
  }

  test('a tree of calls without loops', () => {
    const levels = Array.from({ length: 20 }, (_, i) =>
      i === 0 ? '(func $f0)' : `(func $f${i} ${`(call $f${i - 1})`.repeat(10)})`,
    );
    const guest = guestOf(`${levels.join(' ')} (func (export "f") (call $f19))`);
    assert.ok(guest.call('f', [], BUDGET).exhausted);
  });
});

describe('an operation that is too large traps before it runs', () => {
  const memory = '(memory (export "memory") 1)';

  test('memory.fill', () => {
    const guest = guestOf(`${memory} (func (export "f")
      (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536)))`);
    assert.ok(guest.call('f', [], 1_000).exhausted);
    const { buffer } = guest.exports.memory as WebAssembly.Memory;
    assert.ok(new Uint8Array(buffer).every((byte) => byte === 0));
  });

  test('memory.grow', () => {
    const guest = guestOf(`${memory} (func (export "f") (drop (memory.grow (i32.const 10))))`);
    assert.ok(guest.call('f', [], 10_002).exhausted);
    assert.equal((guest.exports.memory as WebAssembly.Memory).buffer.byteLength, 65_536);
    assert.equal(guest.call('f', [], 10_003).fuel, 10_003);
  });

  test('lengths near 2^32 are charged as what they are', () => {
    const text = `${memory} (func (export "f") (param i32)
      (memory.fill (i32.const 0) (i32.const 7) (local.get 0)))`;
    // 2^32 − 1 bytes cost 67,108,863 units; one less than all of it is not enough.
    assert.ok(guestOf(text).call('f', [-1], 67_108_863 + 4).exhausted);
    const enough = guestOf(text).call('f', [-1], 67_108_863 + 5);
    assert.equal(enough.exhausted, false);
    assert.match(enough.trap!, /out of bounds/);
  });
});

test('charges too large for 32 bits do not wrap round', () => {
  // Each of 40,000 calls in one stretch of code costs its caller about 90,000 units.
  const guest = guestOf(`
    (global $g (mut i32) (i32.const 0))
    (func $callee ${'(global.set $g (i32.const 1))'.repeat(45_000)})
    (func (export "f") ${'call $callee '.repeat(40_000)})`);
  for (const budget of [BUDGET, 3_000_000_000, 3_600_080_000]) {
    assert.ok(guest.call('f', [], budget).exhausted, `${budget}`);
  }
});

describe('a guest cannot reach its fuel', () => {
  test('by globals of its own', () => {
    const guest = guestOf(`
      (global $fuel (export "fuel") (mut i64) (i64.const 0))
      (global $other (mut i64) (i64.const 0))
      (func (export "f")
        (loop
          (global.set $fuel (i64.const 1000000000))
          (global.set $other (i64.const 1000000000))
          (br 0)))`);
    assert.ok(guest.call('f', [], BUDGET).exhausted);
    assert.equal(guest.state().fuel, 1_000_000_000n);
  });

  test('and an ordinary trap leaves it at 0 or more', () => {
    const guest = guestOf('(func (export "f") (loop (br_if 0 (i32.const 0))) unreachable)');
    assert.deepEqual(guest.call('f', [], 100), { trap: 'unreachable', exhausted: false });
  });
});

test('a host function is not called by an agent that is out of fuel', () => {
  const metered = meterModule(
    compileWat(`(module (import "host" "act" (func $act))
      (func (export "f") (param i32)
        (loop
          (if (local.get 0) (then ${'(local.set 0 (i32.const 5))'.repeat(40)} (call $act))))
        (loop (br_if 0 (i32.const 0)))))`),
  );
  const run = (budget: bigint): number => {
    let acted = 0;
    const imports = { host: { act: () => acted++ } };
    const module = new WebAssembly.Module(Uint8Array.from(metered.bytes));
    const { exports } = new WebAssembly.Instance(module, imports);
    (exports['caxton:fuel'] as WebAssembly.Global).value = budget;
    try {
      (exports.f as (n: number) => void)(1);
    } catch (error) {
      assert.ok(error instanceof WebAssembly.RuntimeError);
    }
    return acted;
  };
  assert.equal(run(20n), 0);
  assert.equal(run(1_000n), 1);
});
