import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { LIMITS, type LimitName } from '../../src/base/limits.js';
import { meterModule } from '../../src/wasm/meter.js';
import { ValueType } from '../../src/wasm/opcodes.js';
import { functionModule, leb, moduleOf, name, section, vector } from './binary.js';

const ZERO = [0x41, 0];
const BLOCK = [0x02, 0x40];
const LOOP = [0x03, 0x40];
const IF = [...ZERO, 0x04, 0x40];
const END = [0x0b];
const branchIf = (labels: number): number[] => [...ZERO, 0x0d, ...leb(labels)];

const repeat = (count: number, part: (index: number) => readonly number[]): number[] =>
  Array.from({ length: count }, (_, index) => part(index)).flat();
const assign = (count: number): number[] =>
  repeat(count, (index) => [...ZERO, 0x21, ...leb(index)]);
const branchTable = (targets: number): number[] => [
  ...ZERO,
  0x0e,
  ...leb(targets - 1),
  ...repeat(targets, leb),
];

/** A function with i32 locals. */
const withLocals = (locals: number, instructions: readonly number[]): Uint8Array =>
  functionModule(instructions, [[...leb(locals), ValueType.I32]]);

/** Nested loops with a back edge each, the innermost of which assigns all locals. */
const loopNest = (loops: number, locals: number): number[] => [
  ...repeat(loops, () => LOOP),
  ...assign(locals),
  ...repeat(loops, () => [...branchIf(0), ...END]),
];

/** Blocks that are left with one set of values and with another. */
const blockNest = (blocks: number, locals: number): number[] => [
  ...repeat(blocks, () => BLOCK),
  ...IF,
  ...branchTable(blocks),
  ...END,
  ...assign(locals),
  ...branchTable(blocks),
  ...repeat(blocks, () => END),
];

/** One loop that assigns all locals, with many ways back. */
const backEdges = (count: number, locals: number): number[] => [
  ...LOOP,
  ...assign(locals),
  ...repeat(count, () => branchIf(0)),
  ...END,
];

const onOperands = (operands: number, instructions: readonly number[]): number[] => [
  ...repeat(operands, () => ZERO),
  ...instructions,
  ...repeat(operands, () => [0x1a]),
];

const loopsAround = (loops: number, instructions: number): number[] => [
  ...repeat(loops, () => LOOP),
  ...repeat(instructions, () => [...ZERO, 0x1a]),
  ...repeat(loops, () => [...branchIf(0), ...END]),
];

function refusalOf(bytes: Uint8Array): CaxtonError {
  assert.ok(WebAssembly.validate(Uint8Array.from(bytes)), 'the test’s module is no good');
  try {
    meterModule(bytes);
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String(error));
    return error;
  }
  throw new Error('the module was accepted');
}

function assertRefused(bytes: Uint8Array, limit: LimitName): CaxtonError {
  const error = refusalOf(bytes);
  assert.equal(error.code, 'INVALID_WASM');
  assert.equal(error.details.limit, limit, error.message);
  assert.equal(error.details.limit_value, LIMITS[limit]);
  assert.ok((error.details.actual as number) > LIMITS[limit]);
  assert.equal(typeof error.details.function, 'number');
  assert.match(error.message, /Split the function/);
  return error;
}

describe('a function that would fill the compiler’s memory is refused', () => {
  const cases: Readonly<Record<string, readonly [LimitName, Uint8Array]>> = {
    'nested loops around assignments of many locals': [
      'merged_values_per_function',
      withLocals(999, loopNest(4_000, 999)),
    ],
    'nested loops in code that ends there': [
      'merged_values_per_function',
      withLocals(999, [
        ...repeat(500, () => LOOP),
        ...assign(999),
        0x00,
        ...repeat(500, () => END),
      ]),
    ],
    'nested blocks that many values leave': [
      'merged_values_per_function',
      withLocals(999, blockNest(1_000, 999)),
    ],
    'a loop with many back edges': [
      'merged_values_per_function',
      withLocals(999, backEdges(2_000, 999)),
    ],
    'blocks above many operands': [
      'kept_values_per_function',
      functionModule(
        onOperands(
          30_000,
          repeat(1_000, () => [...IF, ...END]),
        ),
      ),
    ],
    'a stack of operands that calls build up': [
      'kept_values_per_function',
      callsOnOperands(1_500, 1_000),
    ],
    'many blocks over many locals': [
      'kept_values_per_function',
      withLocals(
        999,
        repeat(20_000, () => [...IF, ...END]),
      ),
    ],
    'much code in nested loops': [
      'loop_bytes_per_function',
      functionModule(loopsAround(2_000, 8_000)),
    ],
  };
  for (const [what, [limit, bytes]] of Object.entries(cases)) {
    test(what, () =>
      assert.equal(assertRefused(bytes, limit).details.function, what.includes('calls') ? 1 : 0),
    );
  }
});

/** Function 0 leaves 32 operands; function 1 calls it again and again, and then opens blocks. */
function callsOnOperands(calls: number, blocks: number): Uint8Array {
  const sized = (body: readonly number[]): number[] => [...leb(body.length), ...body];
  const results = Array.from({ length: 32 }, () => ValueType.I32);
  const operands = calls * results.length;
  const body = [
    0,
    ...repeat(calls, () => [0x10, 0]),
    ...repeat(blocks, () => [...IF, ...END]),
    ...repeat(operands, () => [0x1a]),
    ...END,
  ];
  return moduleOf(
    section(
      1,
      vector([
        [0x60, 0, ...vector(results.map((type) => [type]))],
        [0x60, 0, 0],
      ]),
    ),
    section(3, vector([[0], [1]])),
    section(10, vector([sized([0, ...repeat(32, () => ZERO), ...END]), sized(body)])),
  );
}

describe('operations that become many of the compiler’s are refused in large numbers', () => {
  const BULK = [...ZERO, ...ZERO, ...ZERO, 0xfc];
  const cases: Readonly<Record<string, readonly [accepted: number, part: readonly number[]]>> = {
    loops: [2_500, [...LOOP, ...END]],
    'loops with a back edge': [2_500, [...LOOP, ...branchIf(0), ...END]],
    calls: [75_000, [0x10, 0]],
    'calls with many results': [2_272, [0x10, 1, ...repeat(64, () => [0x1a])]],
    'calls that hand on many results': [1_135, [0x10, 2, 0x10, 2]],
    'indirect calls': [18_750, [...ZERO, 0x11, 0, 0]],
    'ref.func': [5_000, [0xd2, 0, 0x1a]],
    'memory.fill': [5_000, [...BULK, 11, 0]],
    'memory.copy': [5_000, [...BULK, 10, 0, 0]],
    'memory.grow': [5_000, [...ZERO, 0x40, 0, 0x1a]],
    'table.set': [5_000, [...ZERO, 0xd0, 0x70, 0x26, 0]],
    'table.grow': [5_000, [0xd0, 0x70, ...ZERO, 0xfc, 15, 0, 0x1a]],
    'table.fill': [5_000, [...ZERO, 0xd0, 0x70, ...ZERO, 0xfc, 17, 0]],
  };
  for (const [what, [accepted, part]] of Object.entries(cases)) {
    test(what, () => {
      meterModule(withFunctions(accepted, part));
      assertRefused(withFunctions(accepted + 1, part), 'built_values_per_function');
      // What can't be reached is not compiled.
      const dead = [0x00, ...repeat(accepted, () => part), ...part];
      if (!what.startsWith('calls ')) meterModule(withFunctions(1, dead));
    });
  }

  /** Function 0 repeats the part; 1 has 64 results, and 2 as many parameters as well. */
  function withFunctions(count: number, part: readonly number[]): Uint8Array {
    const sized = (body: readonly number[]): number[] => [...leb(body.length), ...body];
    const values = vector(Array.from({ length: 64 }, () => [ValueType.I32]));
    const handsOn = part[1] === 2;
    const before = handsOn ? [0x10, 1] : [];
    const after = handsOn ? repeat(64, () => [0x1a]) : [];
    return moduleOf(
      section(
        1,
        vector([
          [0x60, 0, 0],
          [0x60, 0, ...values],
          [0x60, ...values, ...values],
        ]),
      ),
      section(3, vector([[0], [1], [2]])),
      section(4, [1, 0x70, 0, 10]),
      section(5, [1, 0, 1]),
      section(9, vector([[3, 0, 1, 0]])),
      section(
        10,
        vector([
          sized([0, ...before, ...repeat(count, () => part), ...after, ...END]),
          sized([0, ...repeat(64, () => ZERO), ...END]),
          sized([0, ...repeat(64, (index) => [0x20, index]), ...END]),
        ]),
      ),
    );
  }
});

describe('many functions that are each below a limit are refused together', () => {
  const NEST = repeat(200, () => LOOP);
  const cases: Partial<Record<LimitName, readonly [count: number, body: readonly number[]]>> = {
    merged_values_per_module: [40, loopNest(95, 999)],
    kept_values_per_module: [70, repeat(1_900, () => [...IF, ...END])],
    loop_bytes_per_module: [
      70,
      [...NEST, ...repeat(26_000, () => [...ZERO, 0x1a]), ...repeat(200, () => END)],
    ],
  };
  for (const [limit, [count, instructions]] of Object.entries(cases)) {
    test(limit, () => {
      const body = [1, ...leb(999), ValueType.I32, ...instructions, ...END];
      const sized = [...leb(body.length), ...body];
      const modules = (functions: number): Uint8Array =>
        moduleOf(
          section(1, vector([[0x60, 0, 0]])),
          section(3, vector(Array.from({ length: functions }, () => [0]))),
          section(10, vector(Array.from({ length: functions }, () => sized))),
        );
      meterModule(modules(1));
      assertRefused(modules(count), limit as LimitName);
    });
  }
});

describe('a function that is large in one way alone is accepted', () => {
  const cases: Readonly<Record<string, Uint8Array>> = {
    'a thousand locals': withLocals(999, loopNest(3, 999)),
    'nested loops': withLocals(9, loopNest(1_000, 9)),
    'a switch of 4,000 cases in a loop': withLocals(9, [
      ...LOOP,
      ...repeat(4_000, () => BLOCK),
      ...branchTable(4_000),
      ...repeat(4_000, (index) => [...END, ...ZERO, 0x21, ...leb(index % 9)]),
      ...branchIf(0),
      ...END,
    ]),
    'deep operands': functionModule(onOperands(30_000, [...IF, ...END])),
    'many blocks': functionModule(repeat(20_000, () => [...IF, ...END])),
    'locals assigned in code that can’t be reached': withLocals(999, [
      0x00,
      ...loopNest(1_000, 999),
    ]),
  };
  for (const [what, bytes] of Object.entries(cases)) {
    test(what, () => assert.ok(meterModule(bytes).bytes.length > 0));
  }

  test('operands that every kind of block takes and leaves', () => {
    // Were the height of the stack to drift, two thousand of these would pass the limit.
    const pair = [ValueType.I32, ValueType.I32];
    const blockType = [
      0x60,
      ...vector(pair.map((type) => [type])),
      ...vector(pair.map((t) => [t])),
    ];
    const both = [...ZERO, ...ZERO];
    const steps = repeat(2_000, () => [
      ...both,
      ...[0x02, 0x01, 0x0b],
      ...[0x03, 0x01, 0x0b],
      ...[...ZERO, 0x04, 0x01, 0x1a, 0x1a, ...both, 0x05, 0x0b],
      ...[0x02, 0x01, 0x0c, 0x00, 0x0b],
      ...[0x02, 0x01, ...ZERO, 0x0e, 0x00, 0x00, 0x0b],
      ...[0x1a, 0x1a],
    ]);
    const body = [0, ...steps, ...END];
    const bytes = moduleOf(
      section(1, vector([[0x60, 0, 0], blockType])),
      section(3, vector([[0]])),
      section(7, vector([[...name('f'), 0, 0]])),
      section(10, vector([[...leb(body.length), ...body]])),
    );
    assert.ok(meterModule(bytes).bytes.length > 0);
  });
});
