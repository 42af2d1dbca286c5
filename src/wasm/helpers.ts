import { assert } from '../base/assert.js';
import type { ByteWriter } from './byte-writer.js';
import { Edit, type ModulePlan } from './module-plan.js';
import { Bulk, EMPTY_BLOCK, Op, ValueType } from './opcodes.js';

/** Fuel for each page that `memory.grow` may still get. */
export const GROW_FUEL_PER_PAGE = 1_000;
/** Growing a memory counts one more for every 2^10 pages, that is 64 MiB, which it has already. */
const GROWTH_PAGES_SHIFT = 10;
/** A bulk memory operation costs one unit for each full 2^6 bytes. */
const BYTES_SHIFT = 6;

/**
 * Functions `(n: i32) -> n` that charge for an operation of size n, the operand on top of the
 * stack, before it runs. n is unsigned: near 2^32 it must cost much, not less than nothing, so it
 * is widened before any arithmetic.
 */
export class Helpers {
  private readonly kinds: readonly number[];
  private readonly firstIndex: number;

  /** @param firstIndex the function index that the first helper gets */
  constructor(plan: ModulePlan, firstIndex: number) {
    const used: readonly (readonly [boolean, number])[] = [
      [plan.usesBytes, Edit.BYTES],
      [plan.usesElements, Edit.ELEMENTS],
      [plan.usesTableGrow, Edit.TABLE_GROW],
      [plan.usesMemoryGrow, Edit.MEMORY_GROW],
    ];
    this.kinds = used.filter(([isUsed]) => isUsed).map(([, kind]) => kind);
    this.firstIndex = firstIndex;
  }

  get count(): number {
    return this.kinds.length;
  }

  /** Function index of the helper for an edit of this kind. */
  indexOf(kind: number): number {
    const at = this.kinds.indexOf(kind);
    assert(at >= 0, `no helper for edit ${kind}`);
    return this.firstIndex + at;
  }

  /**
   * Writes the helpers' bodies.
   * @param growthGlobal what the module may still grow its memory; undefined when it doesn't
   * @param maxPages the most pages the memory can have
   * @param maxElements the most elements the table can have
   */
  emit(
    out: ByteWriter,
    fuelGlobal: number,
    growthGlobal: number | undefined,
    maxPages: number,
    maxElements: number,
  ): void {
    for (const kind of this.kinds) {
      const body = out.beginSized();
      emitLocals(out);
      if (kind === Edit.MEMORY_GROW && growthGlobal !== undefined) {
        emitGrowthCheck(out, growthGlobal, maxPages);
      }
      out.byte(Op.GLOBAL_GET);
      out.u32(fuelGlobal);
      if (kind === Edit.MEMORY_GROW) {
        emitAvailable(out, maxPages, () => {
          out.byte(Op.MEMORY_SIZE);
          out.byte(0);
        });
        out.byte(Op.I64_CONST);
        out.positiveSigned(GROW_FUEL_PER_PAGE);
        out.byte(Op.I64_MUL);
      } else if (kind === Edit.TABLE_GROW) {
        emitAvailable(out, maxElements, () => {
          out.byte(Op.PREFIX_FC);
          out.u32(Bulk.TABLE_SIZE);
          out.u32(0);
        });
      } else {
        out.byte(Op.LOCAL_GET);
        out.u32(0);
        out.byte(Op.I64_EXTEND_I32_U);
      }
      if (kind === Edit.BYTES) {
        out.byte(Op.I64_CONST);
        out.positiveSigned(BYTES_SHIFT);
        out.byte(Op.I64_SHR_U);
      }
      emitCharge(out, fuelGlobal);
      out.endSized(body);
    }
  }
}

function emitLocals(out: ByteWriter): void {
  out.u32(2);
  out.u32(1);
  out.byte(ValueType.I64); // 1: the counter
  out.u32(1);
  out.byte(ValueType.I32); // 2: room to grow, or what growing counts
}

/**
 * Refuses to grow, by the answer that no memory can grow by, when that was done too often: the
 * engine may collect garbage each time, for longer the larger the memory is. What fails anyhow, as
 * there is no room for n pages, takes no time and counts nothing.
 *
 *   if n <= maximum − size:
 *     weight := (size >> 10) + 1
 *     if growth < weight: return −1
 *     growth := growth − weight
 */
function emitGrowthCheck(out: ByteWriter, growthGlobal: number, maximum: number): void {
  const weight = 2;
  out.byte(Op.LOCAL_GET);
  out.u32(0);
  out.byte(Op.I32_CONST);
  out.positiveSigned(maximum);
  out.byte(Op.MEMORY_SIZE);
  out.byte(0);
  out.byte(Op.I32_SUB);
  out.byte(Op.I32_LE_U);
  out.byte(Op.IF);
  out.byte(EMPTY_BLOCK);
  out.byte(Op.GLOBAL_GET);
  out.u32(growthGlobal);
  out.byte(Op.MEMORY_SIZE);
  out.byte(0);
  out.byte(Op.I32_CONST);
  out.positiveSigned(GROWTH_PAGES_SHIFT);
  out.byte(Op.I32_SHR_U);
  out.byte(Op.I32_CONST);
  out.positiveSigned(1);
  out.byte(Op.I32_ADD);
  out.byte(Op.LOCAL_TEE);
  out.u32(weight);
  out.byte(Op.I32_LT_U);
  out.byte(Op.IF);
  out.byte(EMPTY_BLOCK);
  out.byte(Op.I32_CONST);
  out.byte(0x7f); // −1
  out.byte(Op.RETURN);
  out.byte(Op.END);
  out.byte(Op.GLOBAL_GET);
  out.u32(growthGlobal);
  out.byte(Op.LOCAL_GET);
  out.u32(weight);
  out.byte(Op.I32_SUB);
  out.byte(Op.GLOBAL_SET);
  out.u32(growthGlobal);
  out.byte(Op.END);
}

/** Pushes min(n, maximum − size) as an i64. */
function emitAvailable(out: ByteWriter, maximum: number, size: () => void): void {
  out.byte(Op.LOCAL_GET);
  out.u32(0);
  out.byte(Op.I32_CONST);
  out.positiveSigned(maximum);
  size();
  out.byte(Op.I32_SUB);
  out.byte(Op.LOCAL_TEE);
  out.u32(2);
  // n or the room, whichever is less: n if the room is more.
  out.byte(Op.LOCAL_GET);
  out.u32(2);
  out.byte(Op.LOCAL_GET);
  out.u32(0);
  out.byte(Op.I32_GT_U);
  out.byte(Op.SELECT);
  out.byte(Op.I64_EXTEND_I32_U);
}

/** With the counter and the charge on the stack: subtracts, checks, returns n. */
function emitCharge(out: ByteWriter, fuelGlobal: number): void {
  out.byte(Op.I64_SUB);
  out.byte(Op.LOCAL_TEE);
  out.u32(1);
  out.byte(Op.GLOBAL_SET);
  out.u32(fuelGlobal);
  out.byte(Op.LOCAL_GET);
  out.u32(1);
  out.byte(Op.I64_CONST);
  out.byte(0);
  out.byte(Op.I64_LT_S);
  out.byte(Op.IF);
  out.byte(EMPTY_BLOCK);
  out.byte(Op.UNREACHABLE);
  out.byte(Op.END);
  out.byte(Op.LOCAL_GET);
  out.u32(0);
  out.byte(Op.END);
}
