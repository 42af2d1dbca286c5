import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import { type MeterOptions, meterModule } from '../../src/wasm/meter.js';
import { functionModule, leb, moduleOf, name, section, vector } from './binary.js';
import { compileWat } from './corpus.js';

function refusalOf(bytes: Uint8Array, options?: MeterOptions): CaxtonError {
  try {
    meterModule(bytes, options);
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String(error));
    return error;
  }
  throw new Error('the module was accepted');
}

function assertRefused(bytes: Uint8Array, rule: string, details: Record<string, unknown>): void {
  const error = refusalOf(bytes);
  assert.equal(error.code, 'INVALID_WASM');
  assert.equal(error.details.rule, rule, error.message);
  for (const [key, value] of Object.entries(details)) assert.equal(error.details[key], value, key);
  assert.equal(typeof error.details.fix, 'string');
}

const VOID_TYPE = section(1, vector([[0x60, 0, 0]]));
const I32_ZERO = [0x41, 0];

describe('a feature outside the allowed set is refused by name', () => {
  const wat = (text: string, features: Record<string, boolean>): Uint8Array =>
    compileWat(text, 'feature.wat', features);
  const cases: readonly (readonly [string, string, Uint8Array])[] = [
    [
      'an atomic operation',
      'threads',
      wat('(module (memory 1 1 shared) (func (drop (i32.atomic.load (i32.const 0)))))', {
        threads: true,
      }),
    ],
    ['an atomic operation alone', 'threads', functionModule([0xfe, 0x03, 0x00])],
    ['a shared memory', 'threads', wat('(module (memory 1 2 shared))', { threads: true })],
    ['a tag', 'exceptions', wat('(module (tag $e))', { exceptions: true })],
    ['an exported tag', 'exceptions', moduleOf(section(7, vector([[...name('t'), 4, 0]])))],
    [
      'an imported tag',
      'exceptions',
      moduleOf(section(2, vector([[...name('m'), ...name('t'), 4, 0, 0]]))),
    ],
    ['try', 'exceptions', functionModule([0x06, 0x40, 0x19, 0x0b])],
    ['try_table', 'exceptions', functionModule([0x1f, 0x40, 0x00, 0x0b])],
    ['return_call', 'tail calls', functionModule([0x12, 0x00])],
    ['return_call_indirect', 'tail calls', functionModule([...I32_ZERO, 0x13, 0x00, 0x00])],
    ['call_ref', 'typed function references', functionModule([0x14, 0x00])],
    ['ref.eq', 'garbage collection', functionModule([0xd3])],
    ['struct.new', 'garbage collection', functionModule([0xfb, 0x00, 0x00])],
    ['a struct type', 'garbage collection', moduleOf(section(1, vector([[0x5f, 0x00]])))],
    ['a recursive type', 'garbage collection', moduleOf(section(1, vector([[0x4e, 0x00]])))],
    ['an i31 local', 'garbage collection', functionModule([], [[1, 0x6c]])],
    ['a typed reference', 'typed function references', functionModule([], [[1, 0x64, 0x70]])],
    ['ref.null of any', 'typed function references', functionModule([0xd0, 0x6e, 0x1a])],
    [
      'a table with a value',
      'typed function references',
      moduleOf(section(4, [1, 0x40, 0x00, 0x70, 0, 1, 0xd0, 0x70, 0x0b])),
    ],
    ['a 64-bit memory', 'memory64', moduleOf(section(5, [1, 0x04, 1]))],
    ['two memories', 'multiple memories', moduleOf(section(5, [2, 0, 1, 0, 1]))],
    ['a memory index', 'multiple memories', functionModule([...I32_ZERO, 0x28, 0x42, 1, 0, 0x1a])],
    ['memory.size of the second', 'multiple memories', functionModule([0x3f, 0x01, 0x1a])],
    ['custom page sizes', 'custom page sizes', moduleOf(section(5, [1, 0x08, 1, 0]))],
    ['relaxed SIMD', 'relaxed SIMD', functionModule([0xfd, 0x80, 0x02])],
    ['wide arithmetic', 'wide arithmetic', functionModule([0xfc, 0x13])],
    [
      'arithmetic in a constant',
      'extended constant expressions',
      moduleOf(section(6, vector([[0x7f, 0, 0x41, 1, 0x41, 2, 0x6a, 0x0b]]))),
    ],
    ['an unassigned opcode', 'an unknown instruction', functionModule([0x27])],
    ['an unassigned SIMD opcode', 'an unknown instruction', functionModule([0xfd, 0x9a, 0x01])],
    ['a component', 'the component model', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0)],
  ];
  for (const [what, feature, bytes] of cases) {
    test(`${what}: ${feature}`, () => {
      assertRefused(bytes, 'feature', { feature });
      assert.equal(typeof refusalOf(bytes).details.offset, 'number');
    });
  }

  test('with the offset of the instruction', () => {
    const bytes = functionModule([0x01, 0x01, 0x12, 0x00]);
    assertRefused(bytes, 'feature', { offset: bytes.indexOf(0x12, 20) });
  });
});

describe('a structural limit is named with its value', () => {
  const repeated = (count: number, item: readonly number[]): number[] =>
    vector(Array.from({ length: count }, () => item));
  const segment = (count: number): number[] => repeated(count, [1, 0]);
  const nested = LIMITS.block_depth + 1;
  const cases: Readonly<Record<string, Uint8Array>> = {
    module_bytes: new Uint8Array(LIMITS.module_bytes + 1),
    functions: moduleOf(
      VOID_TYPE,
      section(3, repeated(LIMITS.functions + 1, [0])),
      section(10, repeated(LIMITS.functions + 1, [2, 0, 0x0b])),
    ),
    locals_per_function: functionModule([], [[...leb(LIMITS.locals_per_function + 1), 0x7f]]),
    globals: moduleOf(section(6, repeated(LIMITS.globals + 1, [0x7f, 0, ...I32_ZERO, 0x0b]))),
    tables: moduleOf(section(4, repeated(2, [0x70, 0, 1]))),
    table_elements: moduleOf(section(4, [1, 0x70, 0, ...leb(LIMITS.table_elements + 1)])),
    br_table_targets: functionModule([
      0x02,
      0x40,
      ...I32_ZERO,
      0x0e,
      ...repeated(LIMITS.br_table_targets + 1, [0]),
      0,
      0x0b,
    ]),
    parameters: moduleOf(
      section(1, vector([[0x60, ...repeated(LIMITS.parameters + 1, [0x7f]), 0]])),
    ),
    results: moduleOf(section(1, vector([[0x60, 0, ...repeated(LIMITS.results + 1, [0x7f])]]))),
    types: moduleOf(section(1, repeated(LIMITS.types + 1, [0x60, 0, 0]))),
    imports: moduleOf(section(2, repeated(LIMITS.imports + 1, [1, 0x6d, 1, 0x67, 3, 0x7f, 0]))),
    exports: moduleOf(
      section(6, vector([[0x7f, 0, ...I32_ZERO, 0x0b]])),
      section(
        7,
        vector(Array.from({ length: LIMITS.exports + 1 }, (_, i) => [...name(`${i}`), 3, 0])),
      ),
    ),
    data_segments: moduleOf(section(11, segment(LIMITS.data_segments + 1))),
    element_segments: moduleOf(section(9, repeated(LIMITS.element_segments + 1, [1, 0, 0]))),
    segment_elements: moduleOf(
      VOID_TYPE,
      section(3, vector([[0]])),
      section(9, repeated(LIMITS.segment_elements / 100 + 1, [1, 0, ...repeated(100, [0])])),
      section(10, vector([[2, 0, 0x0b]])),
    ),
    block_depth: functionModule([
      ...Array.from({ length: nested }, () => [0x02, 0x40]).flat(),
      ...Array.from({ length: nested }, () => 0x0b),
    ]),
  };
  for (const [limit, bytes] of Object.entries(cases)) {
    test(limit, () => {
      const value = LIMITS[limit as keyof typeof LIMITS];
      assertRefused(bytes, 'limit', { limit, limit_value: value });
      assert.ok((refusalOf(bytes).details.actual as number) > value);
    });
  }

  test('function_body_bytes, measured with its metering', () => {
    // A loop whose body is nearly all conditional branches: each gets a charge of its own.
    const branch = [...I32_ZERO, 0x0d, 0x01];
    const body = (count: number): Uint8Array =>
      functionModule([
        0x02,
        0x40,
        0x03,
        0x40,
        ...Array.from({ length: count }, () => branch).flat(),
        ...I32_ZERO,
        0x0d,
        0x00,
        0x0b,
        0x0b,
      ]);
    const bytes = body(20_000);
    assert.ok(bytes.length < LIMITS.function_body_bytes);
    assertRefused(bytes, 'limit', { limit: 'function_body_bytes', function: 0 });
    assert.ok(meterModule(body(10_000)).bytes.length < LIMITS.function_body_bytes);
  });

  test('metered_module_bytes', () => {
    const branches = Array.from({ length: 400 }, () => [...I32_ZERO, 0x0d, 0x00]).flat();
    const body = [0, 0x02, 0x40, ...branches, 0x0b, 0x0b];
    const count = 6_000;
    const sized = [...leb(body.length), ...body];
    const code = new Uint8Array(count * sized.length);
    for (let i = 0; i < count; i++) code.set(sized, i * sized.length);
    const contents = leb(count);
    const bytes = Buffer.concat([
      moduleOf(VOID_TYPE, section(3, repeated(count, [0]))),
      Uint8Array.from([10, ...leb(contents.length + code.length), ...contents]),
      code,
    ]);
    assert.ok(bytes.length <= LIMITS.module_bytes);
    assertRefused(bytes, 'limit', { limit: 'metered_module_bytes' });
  });

  test('a declared count is not trusted', () => {
    assertRefused(moduleOf(section(1, leb(0xffff_ffff))), 'limit', { limit: 'types' });
    assertRefused(moduleOf(section(10, leb(0xffff_ffff))), 'limit', { limit: 'functions' });
  });
});

describe('reserved names', () => {
  test('as an export', () => {
    const bytes = compileWat('(module (global (export "caxton:fuel") (mut i64) (i64.const 0)))');
    assertRefused(bytes, 'reserved-name', { export: 'caxton:fuel' });
  });

  test('as an import, in either part of its name', () => {
    for (const [module, field] of [
      ['caxton:x', 'f'],
      ['env', 'caxton:fuel'],
    ]) {
      const bytes = compileWat(`(module (import "${module}" "${field}" (func)))`);
      assertRefused(bytes, 'reserved-name', { import: `${module}.${field}` });
    }
  });

  test('so that nothing is metered twice', () => {
    const once = meterModule(compileWat('(module (func (export "f")))')).bytes;
    assertRefused(once, 'reserved-name', { export: 'caxton:fuel' });
  });
});

describe('what is no module at all', () => {
  for (const [what, bytes] of [
    ['no bytes', new Uint8Array()],
    ['text', Buffer.from('(module)')],
    ['a wrong version', Uint8Array.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0)],
    ['a type error', functionModule([0x41, 0, 0x43, 0, 0, 0, 0, 0x6a, 0x1a])],
    ['a section cut short', moduleOf([1, 50, 1])],
  ] as const) {
    test(`${what} is refused with an offset`, () => {
      assertRefused(bytes, 'malformed', {});
      assert.equal(typeof refusalOf(bytes).details.offset, 'number');
    });
  }
});

test('an initial memory above the cap is RESOURCE_LIMIT_EXCEEDED and names both', () => {
  const error = refusalOf(compileWat('(module (memory 5 9))'), { memoryMaxPages: 4 });
  assert.equal(error.code, 'RESOURCE_LIMIT_EXCEEDED');
  assert.equal(error.details.initial_pages, 5);
  assert.equal(error.details.limit_pages, 4);
  assert.match(error.message, /5 pages.*4 pages/);
});
