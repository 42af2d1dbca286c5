import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { ChargeTransfer } from './charge-transfer.js';
import type { Helpers } from './helpers.js';
import { EDIT_STRIDE, Edit, FunctionFlag, type ModulePlan, SlotFlag } from './module-plan.js';
import { EMPTY_BLOCK, Op, ValueType } from './opcodes.js';
import type { FunctionBody, ParsedModule } from './parse-module.js';

export interface EmitContext {
  readonly module: ParsedModule;
  readonly plan: ModulePlan;
  readonly helpers: Helpers;
  readonly fuelGlobal: number;
  /** The block type that yields the results of a function type, by type index. */
  blockTypeOf(typeIndex: number): number;
  readonly transfer: ChargeTransfer;
}

/**
 * Writes one function with its charges. There are two forms:
 *
 * Without loops the counter stays in the global, and each charge is checked at once:
 *
 *   fuel := fuel − cost;  if fuel < 0: unreachable
 *
 * With loops it is kept in a new local between calls, as a global costs a load and a store at each
 * charge. Only charges on a cycle are checked at once, and one check at the exit catches the rest:
 *
 *   block $exhausted
 *     block $exit                    takes over the function's own label, so that every way out
 *       local := fuel − cost; …      comes by the one flush below; depths of branches stay as
 *       body                         they are, and `return` becomes a `br` to it
 *     end
 *     check; fuel := local; return
 *   end
 *   fuel := −1; unreachable
 *
 * The global is the truth at every call and return: flushed before, read again after. A trap in
 * between leaves what was last flushed, and a negative value always means exhaustion.
 */
export class FunctionEmitter {
  private readonly context: EmitContext;
  private readonly out: ByteWriter;
  private cached = false;
  private hasUnchecked = false;
  private local = 0;

  constructor(context: EmitContext, out: ByteWriter) {
    this.context = context;
    this.out = out;
  }

  /** Writes the body of the defined function `ordinal` (without its size). */
  emit(ordinal: number, body: FunctionBody): void {
    const { module, plan, transfer } = this.context;
    if (transfer.isUntouched(ordinal)) {
      this.out.copy(module.bytes, body.start, body.end);
      return;
    }
    const typeIndex = module.functions[module.importedFunctions + ordinal]!;
    const editsFrom = plan.editStarts.at(ordinal);
    const editsTo = plan.editStarts.at(ordinal + 1);
    this.cached = (plan.functionFlags.at(ordinal) & FunctionFlag.HAS_LOOP) !== 0;
    this.hasUnchecked = this.cached && this.anyUnchecked(ordinal);
    this.emitLocals(body, module.types[typeIndex]!.params.length);
    const start = plan.edits.at(editsFrom);
    if (this.cached) this.openCached(this.context.blockTypeOf(typeIndex));
    const copied = this.emitEdits(editsFrom, editsTo, start);
    this.out.copy(module.bytes, copied, body.end - 1);
    if (this.cached) this.closeCached();
    this.out.byte(Op.END);
  }

  /** Writes a function of its own that charges the entry of another and calls it. */
  emitThunk(functionIndex: number): void {
    const { module, transfer } = this.context;
    const params = module.typeOf(functionIndex).params.length;
    this.local = params;
    this.out.u32(1);
    this.out.byte(1);
    this.out.byte(ValueType.I64);
    this.chargeGlobalBy(transfer.entryCost(functionIndex));
    for (let i = 0; i < params; i++) {
      this.out.byte(Op.LOCAL_GET);
      this.out.u32(i);
    }
    this.out.byte(Op.CALL);
    this.out.u32(functionIndex);
    this.out.byte(Op.END);
  }

  private anyUnchecked(ordinal: number): boolean {
    const { plan } = this.context;
    const to = plan.slotStarts.at(ordinal + 1);
    for (let slot = plan.slotStarts.at(ordinal); slot < to; slot++) {
      if (plan.slotCosts.at(slot) > 0 && !(plan.slotFlags.at(slot) & SlotFlag.CHECKED)) return true;
    }
    return false;
  }

  /** Copies the declarations of locals and adds one i64 at their end. */
  private emitLocals(body: FunctionBody, params: number): void {
    const reader = new ByteReader(this.context.module.bytes, body.start, body.end);
    const groups = reader.u32();
    const from = reader.position;
    let count = 0;
    for (let i = 0; i < groups; i++) {
      count += reader.u32();
      reader.skip(1);
    }
    this.local = params + count;
    this.out.u32(groups + 1);
    this.out.copy(this.context.module.bytes, from, reader.position);
    this.out.byte(1);
    this.out.byte(ValueType.I64);
  }

  /** Copies the instructions up to the last edit; returns where the rest begins. */
  private emitEdits(from: number, to: number, start: number): number {
    const { edits } = this.context.plan;
    const { bytes } = this.context.module;
    let copied = start;
    for (let i = from; i < to; i += EDIT_STRIDE) {
      const kind = edits.at(i + 1);
      if (!this.cached && kind >= Edit.CALL && kind <= Edit.RETURN) continue;
      const position = edits.at(i);
      this.out.copy(bytes, copied, position);
      copied = position + this.emitEdit(kind, edits.at(i + 2), edits.at(i + 3));
    }
    return copied;
  }

  /** Writes one edit; returns the number of original bytes that it stands for. */
  private emitEdit(kind: number, a: number, depth: number): number {
    const { helpers, module, transfer } = this.context;
    switch (kind) {
      case Edit.ENTRY:
        if (this.cached) this.enterCached(a);
        else this.chargeGlobal(a);
        return 0;
      case Edit.CHARGE:
        if (this.cached) this.chargeLocal(a, depth);
        else this.chargeGlobal(a);
        return 0;
      case Edit.CALL:
        if (a >= 0 && transfer.isSilent(a)) return 0;
        // A host function must not act for an agent that has run out; others check themselves.
        if (this.hasUnchecked && a < module.importedFunctions) this.check(depth, true);
        this.flush();
        return 0;
      case Edit.AFTER_CALL:
        if (a < 0 || !transfer.isSilent(a)) this.reload();
        return 0;
      case Edit.RETURN:
        this.out.byte(Op.BR);
        this.out.u32(depth);
        return 1;
      default:
        if (this.cached) this.flush();
        this.out.byte(Op.CALL);
        this.out.u32(helpers.indexOf(kind));
        if (this.cached) this.reload();
        return 0;
    }
  }

  private localOp(opcode: number): void {
    this.out.byte(opcode);
    this.out.u32(this.local);
  }

  private globalOp(opcode: number): void {
    this.out.byte(opcode);
    this.out.u32(this.context.fuelGlobal);
  }

  private subtract(cost: number): void {
    this.out.byte(Op.I64_CONST);
    this.out.positiveSigned(cost);
    this.out.byte(Op.I64_SUB);
  }

  private flush(): void {
    this.localOp(Op.LOCAL_GET);
    this.globalOp(Op.GLOBAL_SET);
  }

  private reload(): void {
    this.globalOp(Op.GLOBAL_GET);
    this.localOp(Op.LOCAL_SET);
  }

  private negative(): void {
    this.out.byte(Op.I64_CONST);
    this.out.byte(0);
    this.out.byte(Op.I64_LT_S);
  }

  private chargeGlobal(slot: number): void {
    const cost = this.context.plan.slotCosts.at(slot);
    if (cost > 0) this.chargeGlobalBy(cost);
  }

  private chargeGlobalBy(cost: number): void {
    this.globalOp(Op.GLOBAL_GET);
    this.subtract(cost);
    this.localOp(Op.LOCAL_TEE);
    this.globalOp(Op.GLOBAL_SET);
    this.localOp(Op.LOCAL_GET);
    this.negative();
    this.out.byte(Op.IF);
    this.out.byte(EMPTY_BLOCK);
    this.out.byte(Op.UNREACHABLE);
    this.out.byte(Op.END);
  }

  private openCached(blockType: number): void {
    this.out.byte(Op.BLOCK);
    this.out.byte(EMPTY_BLOCK);
    this.out.byte(Op.BLOCK);
    if (blockType >= 0) this.out.positiveSigned(blockType);
    else this.out.byte(blockType & 0x7f);
  }

  private enterCached(slot: number): void {
    const cost = this.context.plan.slotCosts.at(slot);
    this.globalOp(Op.GLOBAL_GET);
    if (cost > 0) this.subtract(cost);
    if (cost > 0) {
      this.localOp(Op.LOCAL_TEE);
      this.check(0, false);
    } else {
      this.localOp(Op.LOCAL_SET);
    }
  }

  private chargeLocal(slot: number, depth: number): void {
    const { plan } = this.context;
    const cost = plan.slotCosts.at(slot);
    const checked = (plan.slotFlags.at(slot) & SlotFlag.CHECKED) !== 0;
    if (cost === 0 && !checked) return;
    this.localOp(Op.LOCAL_GET);
    if (cost > 0) {
      this.subtract(cost);
      this.localOp(checked ? Op.LOCAL_TEE : Op.LOCAL_SET);
    }
    if (checked) this.check(depth, false);
  }

  /** Leaves by `$exhausted` if the counter (on the stack, unless `load`) is negative. */
  private check(depth: number, load: boolean): void {
    if (load) this.localOp(Op.LOCAL_GET);
    this.negative();
    this.out.byte(Op.BR_IF);
    this.out.u32(depth + 1);
  }

  private closeCached(): void {
    this.out.byte(Op.END);
    // Here `$exit` is closed, so `$exhausted` is the innermost block.
    if (this.hasUnchecked) this.check(-1, true);
    this.flush();
    this.out.byte(Op.RETURN);
    this.out.byte(Op.END);
    this.out.byte(Op.I64_CONST);
    this.out.byte(0x7f); // −1
    this.globalOp(Op.GLOBAL_SET);
    this.out.byte(Op.UNREACHABLE);
  }
}
