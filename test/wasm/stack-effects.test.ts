import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Bulk, Kind, OPCODE_KINDS, SIMD_KINDS, Simd, ValueType } from '../../src/wasm/opcodes.js';
import {
  BULK_STACK_EFFECTS,
  SIMD_STACK_EFFECTS,
  STACK_EFFECTS,
} from '../../src/wasm/stack-effects.js';
import { leb, moduleOf, section, vector } from './binary.js';

const ZERO = [0x41, 0];
const END = [0x0b];

const repeat = (count: number, part: (index: number) => readonly number[]): number[] =>
  Array.from({ length: count }, (_, index) => part(index)).flat();

describe('the table of effects on the operand stack agrees with the engine', () => {
  const { I32, I64, F32, F64, V128, FUNCREF } = ValueType;
  const constants: Readonly<Record<number, readonly number[]>> = {
    [I32]: [0x41, 0],
    [I64]: [0x42, 0],
    [F32]: [0x43, 0, 0, 0, 0],
    [F64]: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
    [V128]: [0xfd, 0x0c, ...Array<number>(16).fill(0)],
    [FUNCREF]: [0xd0, 0x70],
  };
  const types = Object.keys(constants).map(Number);
  const operands: readonly (readonly number[])[] = [
    [],
    ...types.map((t) => [t]),
    ...types.flatMap((t) => types.map((u) => [t, u])),
    ...types.flatMap((t) => [
      [t, t, I32],
      [t, t, t],
      [I32, t, I32],
    ]),
  ];

  /** By how much the instruction changes the height; undefined when it never validates. */
  function effectOf(instruction: readonly number[]): number | undefined {
    for (const taken of operands) {
      const before = taken.flatMap((type) => constants[type] as number[]);
      for (let left = 0; left <= taken.length + 1; left++) {
        const body = [0x01, 0x01, I32, ...before, ...instruction, ...repeat(left, () => [0x1a])];
        if (WebAssembly.validate(withEverything([...body, ...END]))) return left - taken.length;
      }
    }
    return undefined;
  }

  /** A memory, a table, a global, segments and a local, all with index 0. */
  function withEverything(body: readonly number[]): Uint8Array<ArrayBuffer> {
    return moduleOf(
      section(1, vector([[0x60, 0, 0]])),
      section(3, vector([[0]])),
      section(4, vector([[0x70, 0, 1]])),
      section(5, vector([[0, 1]])),
      section(6, vector([[I32, 1, ...ZERO, ...END]])),
      section(9, vector([[1, 0, 1, 0]])),
      section(12, [1]),
      section(10, vector([[...leb(body.length), ...body]])),
      section(11, vector([[1, 0]])),
    );
  }

  const zeros = (count: number): number[] => Array<number>(count).fill(0);
  const immediates: Readonly<Record<number, number[]>> = {
    [Kind.PLAIN]: [],
    [Kind.FREE]: [],
    [Kind.LEB]: [0],
    [Kind.MEMARG]: [0, 0],
    [Kind.BYTES_4]: zeros(4),
    [Kind.BYTES_8]: zeros(8),
    [Kind.SELECT_TYPED]: [1, I32],
    [Kind.REF_NULL]: [0x70],
    [Kind.REF_FUNC]: [0],
    [Kind.MEMORY_SIZE]: [0],
    [Kind.MEMORY_GROW]: [0],
  };

  test('for plain instructions', () => {
    for (let opcode = 0; opcode < 256; opcode++) {
      const following = immediates[OPCODE_KINDS[opcode] as number];
      if (following === undefined) continue;
      const effect = effectOf([opcode, ...following]);
      assert.equal(STACK_EFFECTS[opcode], effect, `opcode 0x${opcode.toString(16)}`);
    }
  });

  test('for bulk operations', () => {
    for (let sub = 0; sub <= Bulk.TABLE_FILL; sub++) {
      const effects = [[], [0], [0, 0]].map((after) => effectOf([0xfc, sub, ...after]));
      const effect = effects.find((found) => found !== undefined);
      assert.equal(BULK_STACK_EFFECTS[sub], effect, `opcode 0xfc 0x${sub.toString(16)}`);
    }
  });

  test('for vectors', () => {
    const simd: Readonly<Record<number, number[]>> = {
      [Simd.PLAIN]: [],
      [Simd.MEMARG]: [0, 0],
      [Simd.BYTES_16]: zeros(16),
      [Simd.LANE]: [0],
      [Simd.MEMARG_LANE]: [0, 0, 0],
    };
    SIMD_KINDS.forEach((kind, sub) => {
      if (kind === Simd.REFUSED) return;
      const effect = effectOf([0xfd, ...leb(sub), ...(simd[kind] as number[])]);
      assert.equal(SIMD_STACK_EFFECTS[sub], effect, `opcode 0xfd 0x${sub.toString(16)}`);
    });
  });
});
