import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { meterModule } from '../../src/wasm/meter.js';
import { functionModule, moduleOf, name, section, vector } from './binary.js';
import { compileWat } from './corpus.js';
import { Guest } from './guest.js';

const metered = (text: string, memoryMaxPages?: number) =>
  meterModule(compileWat(text), memoryMaxPages === undefined ? {} : { memoryMaxPages });

const grow = (bytes: Uint8Array, pages: number): unknown =>
  new Guest(bytes).call('grow', [pages]).result;

describe('the memory’s maximum', () => {
  const GROW = '(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))';

  test('becomes the cap where none is declared', () => {
    const module = metered(`(module (memory 1) ${GROW})`, 5);
    assert.equal(module.initialPages, 1);
    assert.equal(module.maxPages, 5);
    assert.equal(grow(module.bytes, 4), 1);
    assert.equal(grow(module.bytes, 5), -1);
  });

  test('stays where it is lower than the cap', () => {
    const module = metered(`(module (memory 1 3) ${GROW})`, 5);
    assert.equal(module.maxPages, 3);
    assert.equal(grow(module.bytes, 3), -1);
  });

  test('is lowered to the cap', () => {
    const module = metered(`(module (memory 2 60000) ${GROW})`, 5);
    assert.equal(module.maxPages, 5);
    assert.equal(grow(module.bytes, 3), 2);
    assert.equal(grow(module.bytes, 4), -1);
  });

  test('is what addresses allow when there is no cap', () => {
    assert.equal(metered('(module (memory 0))').maxPages, 65_536);
    assert.equal(metered('(module)').maxPages, 0);
  });

  test('is asked of an imported memory too', () => {
    const { bytes } = metered('(module (import "host" "memory" (memory 1)))', 2);
    const module = new WebAssembly.Module(Uint8Array.from(bytes));
    const link = (maximum: number) => () =>
      new WebAssembly.Instance(module, {
        host: { memory: new WebAssembly.Memory({ initial: 1, maximum }) },
      });
    link(2)();
    assert.throws(link(3), WebAssembly.LinkError);
  });
});

describe('a memory that is grown again and again', () => {
  const PAGES_PER_WEIGHT = 1_024;
  const { memory_growth_per_call: allowed } = LIMITS;

  /** Grows `pages` until that fails; the result is how often it did. */
  const growing = (initial: number, pages: number, maximum = 65_536): Uint8Array =>
    metered(
      `(module (memory ${initial}) (func (export "grow") (result i32) (local $count i32)
        (loop $again
          (if (i32.ne (memory.grow (i32.const ${pages})) (i32.const -1))
            (then
              (local.set $count (i32.add (local.get $count) (i32.const 1)))
              (br $again))))
        (local.get $count)))`,
      maximum,
    ).bytes;
  const times = (bytes: Uint8Array) => new Guest(bytes).call('grow').result;

  test('by nothing, is refused after so many times', () => {
    assert.equal(times(growing(1, 0)), allowed);
  });

  test('is refused sooner when it is large', () => {
    assert.equal(times(growing(PAGES_PER_WEIGHT - 1, 0)), allowed);
    assert.equal(times(growing(PAGES_PER_WEIGHT, 0)), allowed / 2);
    assert.equal(times(growing(3 * PAGES_PER_WEIGHT, 0)), allowed / 4);
  });

  test('by a page each time, gets past its first 64 MiB', () => {
    const count = times(growing(1, 1)) as number;
    assert.ok(count > PAGES_PER_WEIGHT && count < allowed, `${count} times`);
  });

  test('may grow again when the host says so', () => {
    const guest = new Guest(growing(1, 0));
    assert.equal(guest.call('grow').result, allowed);
    assert.equal(guest.call('grow').result, 0);
    (guest.exports['caxton:growth'] as WebAssembly.Global<'i32'>).value = 7;
    assert.equal(guest.call('grow').result, 7);
  });

  test('pays fuel for pages that it gets, and none when it is refused', () => {
    const guest = new Guest(growing(1, 1));
    const { fuel = 0, result } = guest.call('grow');
    assert.ok(fuel > (result as number) * 1_000);
    const { fuel: refused = 0 } = guest.call('grow');
    assert.ok(refused < 1_000, `${refused} units`);
  });

  test('loses nothing by attempts that fail for lack of room', () => {
    const bytes = metered(
      `(module (memory 1) (func (export "grow") (result i32) (local $count i32)
        (loop $again
          (drop (memory.grow (i32.const 9)))
          (drop (memory.grow (i32.const -1)))
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $count) (i32.const ${2 * allowed}))))
        (memory.grow (i32.const 1))))`,
      4,
    ).bytes;
    assert.equal(times(bytes), 1);
  });

  test('has no counter where it never grows', () => {
    assert.equal('caxton:growth' in new Guest(metered('(module (memory 1))').bytes).exports, false);
  });
});

describe('a table', () => {
  test('cannot grow past the limit', () => {
    const { bytes } = metered(`(module (table 1 funcref)
      (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))`);
    assert.equal(grow(bytes, LIMITS.table_elements - 1), 1);
    assert.equal(grow(bytes, LIMITS.table_elements), -1);
  });

  test('that cannot grow as asked is charged for the room it has', () => {
    const { bytes } = metered(`(module (table 1 4 funcref)
      (func (export "grow") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))`);
    const { fuel } = new Guest(bytes).call('grow', [-1]);
    // The entry, three instructions, and three elements.
    assert.equal(fuel, 1 + 3 + 3);
  });
});

describe('indexes stay what they were', () => {
  test('with imported functions, globals and an exported start function', () => {
    const { bytes, start } = metered(`(module
      (import "host" "add" (func $add (param i32 i32) (result i32)))
      (global $a (mut i32) (i32.const 4))
      (func $begin (export "begin") (global.set $a (call $add (global.get $a) (i32.const 1))))
      (start $begin)
      (func (export "f") (result i32) (call $begin) (global.get $a)))`);
    assert.ok(start);
    const guest = new Guest(bytes);
    guest.call('caxton:start');
    guest.call('begin');
    assert.equal(guest.call('f').result, 7);
  });

  test('in every kind of element segment', () => {
    const refFunc = [0xd2, 0, 0x0b];
    const zero = [0x41, 0, 0x0b];
    const segments = [
      [0, ...zero, 1, 0],
      [1, 0, 1, 0],
      [2, 0, ...zero, 0, 1, 0],
      [3, 0, 1, 0],
      [4, ...zero, 1, ...refFunc],
      [5, 0x70, 1, ...refFunc],
      [6, 0, ...zero, 0x70, 1, ...refFunc],
      [7, 0x70, 1, ...refFunc],
    ];
    const body = [0, 0x41, 42, 0x0b];
    const bytes = moduleOf(
      section(1, vector([[0x60, 0, 1, 0x7f]])),
      section(3, vector([[0]])),
      section(4, vector([[0x70, 0, 2]])),
      section(7, vector([[...name('t'), 1, 0]])),
      section(9, vector(segments)),
      section(10, vector([[body.length, ...body]])),
    );
    const table = new Guest(meterModule(bytes).bytes).exports.t as WebAssembly.Table;
    assert.throws(
      () => table.get(0)(),
      WebAssembly.RuntimeError,
      'metered: it starts without fuel',
    );
    assert.equal(table.get(1), null);
  });

  test('when numbers are written longer than they need be', () => {
    const long = [0x81, 0x80, 0x80, 0x80, 0x00];
    const longZero = [0x80, 0x80, 0x80, 0x80, 0x00];
    const body = [
      ...longZero,
      0x03,
      0x40,
      0x41,
      ...longZero,
      0x0d,
      ...longZero,
      0x0b,
      0x41,
      ...long,
      0x0f,
      0x0b,
    ];
    const bytes = moduleOf(
      section(1, [...long, 0x60, ...longZero, ...long, 0x7f]),
      section(3, [...long, ...longZero]),
      section(7, [...long, 0x81, 0x00, 0x66, 0, ...longZero]),
      section(10, [...long, body.length, ...body]),
    );
    assert.deepEqual(new Guest(meterModule(bytes).bytes).call('f'), {
      result: 1,
      fuel: 4,
      exhausted: false,
    });
  });
});

test('names are kept for stack traces, other custom sections are dropped', () => {
  const text = '(module (func $inner unreachable) (func (export "f") (call $inner)))';
  const original = compileWat(text);
  const custom = section(0, [...name('producers'), 0]);
  const bytes = Uint8Array.from([...original, ...custom]);
  const module = new WebAssembly.Module(Uint8Array.from(meterModule(bytes).bytes));
  assert.equal(WebAssembly.Module.customSections(module, 'producers').length, 0);
  assert.equal(WebAssembly.Module.customSections(module, 'name').length, 1);
});

test('the fuel is an exported global that begins at 0, so that nothing runs before it is set', () => {
  const module = new WebAssembly.Module(Uint8Array.from(meterModule(functionModule([])).bytes));
  const { exports } = new WebAssembly.Instance(module);
  const fuel = exports['caxton:fuel'] as WebAssembly.Global;
  assert.equal(fuel.value, 0n);
  assert.throws(() => (exports.f as () => void)(), WebAssembly.RuntimeError);
  assert.ok(fuel.value < 0n);
  fuel.value = 1n;
  (exports.f as () => void)();
  assert.equal(fuel.value, 0n);
});

test('a module comes out the same each time', () => {
  const bytes = compileWat(
    '(module (memory 1) (func (export "f") (loop (br_if 0 (i32.const 0)))))',
  );
  assert.deepEqual(meterModule(bytes), meterModule(bytes));
});
