import type { Tape } from '../../support/tape.js';

export type ValueType = 'i32' | 'i64' | 'f64' | 'v128';
export const VALUE_TYPES: readonly ValueType[] = ['i32', 'i64', 'f64', 'v128'];

/** Locals of each type that a program reads and writes as it likes. */
export const LOCALS_OF_A_TYPE = 2;

const INTEGER = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr'];
const COMPARISONS = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'ge_u'];
/** May trap. */
const DIVISIONS = ['div_s', 'div_u', 'rem_s', 'rem_u'];
const I32_UNARY = ['clz', 'ctz', 'popcnt', 'eqz', 'extend8_s', 'extend16_s'];
const I64_UNARY = ['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s', 'extend32_s'];
const F64_BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max', 'copysign'];
const F64_UNARY = ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt'];
// No arithmetic on floats in lanes: the bits of a NaN could be seen, and engines choose those.
const V128_BINARY = [
  'i8x16.add',
  'i8x16.sub_sat_u',
  'i16x8.mul',
  'i16x8.narrow_i32x4_s',
  'i32x4.dot_i16x8_s',
  'i32x4.max_u',
  'i64x2.mul',
  'i64x2.extmul_low_i32x4_u',
  'i8x16.swizzle',
  'i8x16.avgr_u',
  'i16x8.q15mulr_sat_s',
  'i32x4.gt_s',
  'v128.andnot',
  'v128.xor',
];
const V128_UNARY = [
  'v128.not',
  'i8x16.popcnt',
  'i16x8.abs',
  'i32x4.neg',
  'i32x4.extadd_pairwise_i16x8_u',
  'i64x2.extend_high_i32x4_s',
];
const V128_TO_I32 = [
  'v128.any_true',
  'i8x16.all_true',
  'i16x8.bitmask',
  'i32x4.extract_lane 2',
  'i8x16.extract_lane_s 7',
];
const LOADS: Readonly<Record<ValueType, readonly string[]>> = {
  i32: ['i32.load', 'i32.load8_s', 'i32.load16_u offset=3', 'i32.load align=1'],
  i64: ['i64.load', 'i64.load32_s', 'i64.load8_u offset=70'],
  f64: [],
  v128: ['v128.load', 'v128.load8x8_u', 'v128.load32_splat offset=5', 'v128.load64_zero'],
};
export const STORES: Readonly<Record<ValueType, readonly string[]>> = {
  i32: ['i32.store', 'i32.store8', 'i32.store16 offset=9'],
  i64: ['i64.store', 'i64.store32 offset=2'],
  f64: [],
  v128: ['v128.store', 'v128.store16_lane 3', 'v128.store offset=11'],
};
const CONSTANTS: Readonly<Record<ValueType, readonly string[]>> = {
  i32: ['0', '1', '-1', '2', '7', '31', '0x80000000', '0x7fffffff', '255'],
  i64: ['0', '1', '-1', '63', '0x8000000000000000', '0x123456789abcdef'],
  f64: ['0', '-0', '1.5', '-1e300', 'inf', 'nan', '4294967296.5', '1e-310'],
  v128: ['i32x4 0 1 2 3', 'i64x2 -1 5', 'i8x16 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16'],
};

export const zero = (type: ValueType): string => `${type}.const ${CONSTANTS[type][0]}`;

/** Where instructions go, and what may be called there. */
export interface Emitter {
  readonly tape: Tape;
  /** @param cost in fuel */
  emit(instruction: string, cost?: number): void;
  /** Calls a function that returns this type. @returns false when there is none here */
  call(type: ValueType): boolean;
}

/** Writes instructions that leave one value of this type. */
export function expression(out: Emitter, type: ValueType, depth = 0): void {
  const { tape } = out;
  const choice = depth > 3 ? tape.next(3) : tape.next(14);
  const binary = (operand: ValueType, instruction: string): void => {
    expression(out, operand, depth + 1);
    expression(out, operand, depth + 1);
    out.emit(instruction);
  };
  const unary = (operand: ValueType, instruction: string): void => {
    expression(out, operand, depth + 1);
    out.emit(instruction);
  };
  if (choice === 0) out.emit(`local.get $${type}${tape.next(LOCALS_OF_A_TYPE)}`);
  else if (choice === 1) out.emit(`${type}.const ${tape.pick(CONSTANTS[type])}`);
  else if (choice === 2) out.emit(`global.get $g_${type}`);
  else if (choice <= 5) simple(type, tape, binary, unary);
  else if (choice === 6) conversion(type, tape, binary, unary);
  else if (choice === 7) conditional(out, type, depth);
  else if (choice === 8) leaving(out, type, depth);
  else if (choice === 9 && LOADS[type].length > 0) {
    unary('i32', 'i32.const 0xfff');
    out.emit('i32.and');
    out.emit(tape.pick(LOADS[type]));
  } else if (choice === 10) {
    expression(out, type, depth + 1);
    expression(out, type, depth + 1);
    expression(out, 'i32', depth + 1);
    out.emit(tape.next(2) === 0 ? 'select' : `select (result ${type})`);
  } else if (choice === 11) {
    expression(out, type, depth + 1);
    out.emit(`local.tee $${type}${tape.next(LOCALS_OF_A_TYPE)}`);
  } else if (choice === 12 && out.call(type)) return;
  else several(out, type, depth);
}

type Operation = (operand: ValueType, instruction: string) => void;

function simple(type: ValueType, tape: Tape, binary: Operation, unary: Operation): void {
  const choice = tape.next(5);
  if (type === 'v128') {
    if (choice === 0) unary('v128', tape.pick(V128_UNARY));
    else if (choice === 1)
      binary('v128', 'i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31');
    else binary('v128', tape.pick(V128_BINARY));
  } else if (type === 'f64') {
    if (choice < 2) unary('f64', `f64.${tape.pick(F64_UNARY)}`);
    else binary('f64', `f64.${tape.pick(F64_BINARY)}`);
  } else if (choice === 0)
    unary(type, `${type}.${tape.pick(type === 'i32' ? I32_UNARY : I64_UNARY)}`);
  else if (choice === 1 && tape.next(4) === 0) binary(type, `${type}.${tape.pick(DIVISIONS)}`);
  else binary(type, `${type}.${tape.pick(INTEGER)}`);
}

function conversion(type: ValueType, tape: Tape, binary: Operation, unary: Operation): void {
  const choice = tape.next(5);
  if (type === 'i32') {
    if (choice === 0) binary('i32', `i32.${tape.pick(COMPARISONS)}`);
    else if (choice === 1) binary('i64', `i64.${tape.pick(COMPARISONS)}`);
    else if (choice === 2) binary('f64', `f64.${tape.pick(['eq', 'lt', 'ge', 'ne'])}`);
    else if (choice === 3) unary('v128', tape.pick(V128_TO_I32));
    else unary('f64', tape.pick(['i32.trunc_sat_f64_s', 'i32.trunc_sat_f64_u']));
  } else if (type === 'i64') {
    if (choice < 2) unary('i32', tape.pick(['i64.extend_i32_s', 'i64.extend_i32_u']));
    else if (choice === 2) unary('f64', 'i64.trunc_sat_f64_s');
    else unary('v128', 'i64x2.extract_lane 1');
  } else if (type === 'f64') {
    unary(choice < 3 ? 'i32' : 'i64', choice < 3 ? 'f64.convert_i32_s' : 'f64.convert_i64_u');
  } else {
    unary(choice < 3 ? 'i32' : 'i64', choice < 3 ? 'i32x4.splat' : 'i64x2.splat');
  }
}

function conditional(out: Emitter, type: ValueType, depth: number): void {
  expression(out, 'i32', depth + 1);
  out.emit(`if (result ${type})`);
  expression(out, type, depth + 1);
  out.emit('else', 0);
  expression(out, type, depth + 1);
  out.emit('end', 0);
}

/** A block that a branch with a value may leave before its end. */
function leaving(out: Emitter, type: ValueType, depth: number): void {
  out.emit(`block (result ${type})`, 0);
  expression(out, type, depth + 1);
  expression(out, 'i32', depth + 1);
  out.emit(out.tape.next(2) === 0 ? 'br_if 0' : 'br_table 0 0 0');
  // Behind br_table nothing is reached, which is charged nothing by either count.
  out.emit('drop', 0);
  expression(out, type, depth + 1);
  out.emit('end', 0);
}

/** Blocks that take and leave several values. */
function several(out: Emitter, type: ValueType, depth: number): void {
  expression(out, 'i64', depth + 1);
  expression(out, type, depth + 1);
  out.emit(`block (param i64 ${type}) (result ${type} i64)`, 0);
  out.emit(`local.set $${type}0`);
  out.emit('local.set $i640');
  expression(out, type, depth + 1);
  out.emit('local.get $i640');
  out.emit('end', 0);
  out.emit('drop', 0);
}
