/**
 * What the reader must know of each instruction: which immediates follow, and whether it costs
 * fuel. Source: WebAssembly 2.0 core specification, section 5.4. What isn't in the tables is
 * refused, by the name of the proposal where one is known.
 */

/** How an instruction is read. The control instructions have a kind each. */
export const Kind = Object.freeze({
  REFUSED: 0,
  /** No immediate, costs 1. */
  PLAIN: 1,
  /** No immediate, costs nothing: `nop` and `drop`, which generate no code. */
  FREE: 2,
  /** One LEB128 immediate. */
  LEB: 3,
  /** Alignment and offset. */
  MEMARG: 4,
  BYTES_4: 5,
  BYTES_8: 6,
  SELECT_TYPED: 7,
  REF_NULL: 8,
  REF_FUNC: 9,
  MEMORY_SIZE: 10,
  MEMORY_GROW: 11,
  BLOCK: 12,
  LOOP: 13,
  IF: 14,
  ELSE: 15,
  END: 16,
  BR: 17,
  BR_IF: 18,
  BR_TABLE: 19,
  RETURN: 20,
  UNREACHABLE: 21,
  CALL: 22,
  CALL_INDIRECT: 23,
  PREFIX_FC: 24,
  PREFIX_FD: 25,
});

export const Op = Object.freeze({
  UNREACHABLE: 0x00,
  BLOCK: 0x02,
  IF: 0x04,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  RETURN: 0x0f,
  CALL: 0x10,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  GLOBAL_GET: 0x23,
  GLOBAL_SET: 0x24,
  TABLE_SET: 0x26,
  MEMORY_SIZE: 0x3f,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  I32_LT_U: 0x49,
  I32_GT_U: 0x4b,
  I32_LE_U: 0x4d,
  I64_LT_S: 0x53,
  I32_ADD: 0x6a,
  I32_SUB: 0x6b,
  I32_SHR_U: 0x76,
  I64_SUB: 0x7d,
  I64_MUL: 0x7e,
  I64_SHR_U: 0x88,
  I64_EXTEND_I32_U: 0xad,
  SELECT: 0x1b,
  PREFIX_FC: 0xfc,
});

export const ValueType = Object.freeze({
  I32: 0x7f,
  I64: 0x7e,
  F32: 0x7d,
  F64: 0x7c,
  V128: 0x7b,
  FUNCREF: 0x70,
  EXTERNREF: 0x6f,
});

export const EMPTY_BLOCK = 0x40;

function mainTable(): Uint8Array {
  const table = new Uint8Array(256);
  const set = (from: number, to: number, kind: number): void => {
    table.fill(kind, from, to + 1);
  };
  set(0x45, 0xc4, Kind.PLAIN); // comparisons, arithmetic, conversions, sign extension
  set(0x1b, 0x1b, Kind.PLAIN); // select
  set(0xd1, 0xd1, Kind.PLAIN); // ref.is_null
  set(0x01, 0x01, Kind.FREE);
  set(0x1a, 0x1a, Kind.FREE);
  set(0x20, 0x26, Kind.LEB); // local.*, global.*, table.get, table.set
  set(0x41, 0x42, Kind.LEB);
  set(0x43, 0x43, Kind.BYTES_4);
  set(0x44, 0x44, Kind.BYTES_8);
  set(0x28, 0x3e, Kind.MEMARG);
  set(0x3f, 0x3f, Kind.MEMORY_SIZE);
  set(0x40, 0x40, Kind.MEMORY_GROW);
  set(0x1c, 0x1c, Kind.SELECT_TYPED);
  set(0xd0, 0xd0, Kind.REF_NULL);
  set(0xd2, 0xd2, Kind.REF_FUNC);
  const control: readonly (readonly [number, number])[] = [
    [0x00, Kind.UNREACHABLE],
    [0x02, Kind.BLOCK],
    [0x03, Kind.LOOP],
    [0x04, Kind.IF],
    [0x05, Kind.ELSE],
    [0x0b, Kind.END],
    [0x0c, Kind.BR],
    [0x0d, Kind.BR_IF],
    [0x0e, Kind.BR_TABLE],
    [0x0f, Kind.RETURN],
    [0x10, Kind.CALL],
    [0x11, Kind.CALL_INDIRECT],
    [0xfc, Kind.PREFIX_FC],
    [0xfd, Kind.PREFIX_FD],
  ];
  for (const [opcode, kind] of control) table[opcode] = kind;
  return table;
}

/** `Kind` by opcode. */
export const OPCODE_KINDS = mainTable();

/** What follows a 0xfd opcode. */
export const Simd = Object.freeze({
  REFUSED: 0,
  PLAIN: 1,
  MEMARG: 2,
  BYTES_16: 3,
  LANE: 4,
  MEMARG_LANE: 5,
});

function simdTable(): Uint8Array {
  const table = new Uint8Array(256).fill(Simd.PLAIN);
  table.fill(Simd.MEMARG, 0x00, 0x0c);
  table.fill(Simd.BYTES_16, 0x0c, 0x0e);
  table.fill(Simd.LANE, 0x15, 0x23);
  table.fill(Simd.MEMARG_LANE, 0x54, 0x5c);
  table.fill(Simd.MEMARG, 0x5c, 0x5e);
  const holes = [
    0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2,
    0xd3, 0xd4, 0xe2, 0xee,
  ];
  for (const hole of holes) table[hole] = Simd.REFUSED;
  return table;
}

/** `Simd` by sub-opcode, for 128-bit fixed-width SIMD. */
export const SIMD_KINDS = simdTable();

/** Sub-opcodes of 0xfc. */
export const Bulk = Object.freeze({
  TRUNC_SAT_LAST: 7,
  MEMORY_INIT: 8,
  DATA_DROP: 9,
  MEMORY_COPY: 10,
  MEMORY_FILL: 11,
  TABLE_INIT: 12,
  ELEM_DROP: 13,
  TABLE_COPY: 14,
  TABLE_GROW: 15,
  TABLE_SIZE: 16,
  TABLE_FILL: 17,
});

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const REFUSED_FEATURES: readonly (readonly [number, number, string])[] = [
  [0x06, 0x0a, 'exceptions'],
  [0x12, 0x13, 'tail calls'],
  [0x14, 0x14, 'typed function references'],
  [0x15, 0x15, 'tail calls'],
  [0x18, 0x19, 'exceptions'],
  [0x1f, 0x1f, 'exceptions'],
  [0xd3, 0xd3, 'garbage collection'],
  [0xd4, 0xd6, 'typed function references'],
  [0xe0, 0xe6, 'stack switching'],
  [0xfb, 0xfb, 'garbage collection'],
  [0xfe, 0xfe, 'threads'],
];

export interface RefusedOpcode {
  readonly feature: string;
  readonly what: string;
}

/** Names an opcode that the tables don't hold. `sub` is given for the prefixes 0xfc and 0xfd. */
export function refusedOpcode(opcode: number, sub?: number): RefusedOpcode {
  const what = sub === undefined ? `opcode ${hex(opcode)}` : `opcode ${hex(opcode)} ${hex(sub)}`;
  if (opcode === 0xfd && sub !== undefined && sub >= 0x100)
    return { feature: 'relaxed SIMD', what };
  if (opcode === 0xfc && sub !== undefined && sub >= 0x13 && sub <= 0x16) {
    return { feature: 'wide arithmetic', what };
  }
  const known = REFUSED_FEATURES.find(([from, to]) => opcode >= from && opcode <= to);
  return { feature: known?.[2] ?? 'an unknown instruction', what };
}
