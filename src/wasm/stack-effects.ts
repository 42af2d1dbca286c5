/**
 * By how much an instruction changes the height of the operand stack, by opcode. Control
 * instructions and calls, whose effect is told by a type, are 0 here; so is what isn't allowed.
 * Source: WebAssembly 2.0 core specification, section 7.9 (the index of instructions).
 */
function effects(changes: readonly (readonly [number, number, number])[]): Int8Array {
  const table = new Int8Array(256);
  for (const [from, to, change] of changes) table.fill(change, from, to + 1);
  return table;
}

export const STACK_EFFECTS = effects([
  [0x1a, 0x1a, -1], // drop
  [0x1b, 0x1c, -2], // select
  [0x20, 0x20, 1], // local.get
  [0x21, 0x21, -1], // local.set
  [0x23, 0x23, 1], // global.get
  [0x24, 0x24, -1], // global.set
  [0x26, 0x26, -2], // table.set
  [0x36, 0x3e, -2], // stores
  [0x3f, 0x3f, 1], // memory.size
  [0x41, 0x44, 1], // constants
  [0x46, 0x4f, -1], // comparisons, but for the two eqz
  [0x51, 0x66, -1],
  [0x6a, 0x78, -1], // arithmetic with two operands
  [0x7c, 0x8a, -1],
  [0x92, 0x98, -1],
  [0xa0, 0xa6, -1],
  [0xd0, 0xd0, 1], // ref.null
  [0xd2, 0xd2, 1], // ref.func
]);

/** Of what follows 0xfc, up to `table.fill`. */
export const BULK_STACK_EFFECTS = effects([
  [0x08, 0x08, -3], // memory.init
  [0x0a, 0x0c, -3], // memory.copy, memory.fill, table.init
  [0x0e, 0x0e, -3], // table.copy
  [0x0f, 0x0f, -1], // table.grow
  [0x10, 0x10, 1], // table.size
  [0x11, 0x11, -3], // table.fill
]);

/** Of what follows 0xfd. */
export const SIMD_STACK_EFFECTS = effects([
  [0x0b, 0x0b, -2], // v128.store
  [0x0c, 0x0c, 1], // v128.const
  [0x0d, 0x0e, -1], // shuffle, swizzle
  [0x17, 0x17, -1], // replace_lane
  [0x1a, 0x1a, -1],
  [0x1c, 0x1c, -1],
  [0x1e, 0x1e, -1],
  [0x20, 0x20, -1],
  [0x22, 0x4c, -1], // the last replace_lane, comparisons
  [0x4e, 0x51, -1], // and, andnot, or, xor
  [0x52, 0x52, -2], // bitselect
  [0x54, 0x57, -1], // load_lane
  [0x58, 0x5b, -2], // store_lane
  [0x65, 0x66, -1], // i8x16
  [0x6b, 0x73, -1],
  [0x76, 0x79, -1],
  [0x7b, 0x7b, -1],
  [0x82, 0x82, -1], // i16x8
  [0x85, 0x86, -1],
  [0x8b, 0x93, -1],
  [0x95, 0x99, -1],
  [0x9b, 0x9f, -1],
  [0xab, 0xae, -1], // i32x4
  [0xb1, 0xb1, -1],
  [0xb5, 0xba, -1],
  [0xbc, 0xbf, -1],
  [0xcb, 0xce, -1], // i64x2
  [0xd1, 0xd1, -1],
  [0xd5, 0xdf, -1],
  [0xe4, 0xeb, -1], // f32x4
  [0xf0, 0xf7, -1], // f64x2
]);
