import { EDIT_STRIDE, Edit, FunctionFlag, type ModulePlan, SlotFlag } from './module-plan.js';
import { ExternKind } from './module-types.js';
import type { ParsedModule } from './parse-module.js';

/**
 * Moves charges across functions and to where loops pay them least, once all functions are read.
 *
 * A call costs a load and a store of the counter in the callee, which small functions feel. So the
 * cost of a function's entry is charged by its callers, together with what they charge there
 * anyhow: every direct call knows the callee. Functions that a table, a global or `ref.func`
 * refers to keep charging themselves, as an indirect call doesn't know. One that is exported gets a
 * thunk that charges the entry and calls it, and is exported in its place.
 *
 * A callee that then charges nothing at all ("silent") doesn't disturb a counter that its caller
 * keeps in a local.
 */
export class ChargeTransfer {
  private readonly module: ParsedModule;
  private readonly plan: ModulePlan;
  /** By function: what its callers pay for its entry; −1 where it charges itself. */
  private readonly entryCosts: Float64Array;
  private readonly silent: Uint8Array;
  /** Functions that are exported by way of a thunk. */
  readonly thunks: readonly number[];

  constructor(module: ParsedModule, plan: ModulePlan) {
    this.module = module;
    this.plan = plan;
    this.entryCosts = new Float64Array(module.functions.length).fill(-1);
    this.silent = new Uint8Array(module.functions.length);
    this.findCallees();
    this.chargeCallers();
    plan.applyShifts();
    this.thunks = this.findThunks();
  }

  /** What the callers of a function pay for its entry. */
  entryCost(functionIndex: number): number {
    return Math.max(0, this.entryCosts[functionIndex]!);
  }

  /** Whether a call to this function leaves the counter alone. */
  isSilent(functionIndex: number): boolean {
    return this.silent[functionIndex] === 1;
  }

  private findCallees(): void {
    const { module, plan, entryCosts } = this;
    const { callSites, slotCosts } = plan;
    for (let i = 1; i < callSites.length; i += 2) {
      const callee = callSites.at(i);
      if (module.referenced.has(callee) || plan.referenced.has(callee)) continue;
      if (entryCosts[callee] !== -1) continue;
      const ordinal = callee - module.importedFunctions;
      const entry = plan.slotStarts.at(ordinal);
      entryCosts[callee] = slotCosts.at(entry);
      slotCosts.data[entry] = 0;
      this.silent[callee] = this.chargesNothing(ordinal) ? 1 : 0;
    }
  }

  private chargesNothing(ordinal: number): boolean {
    return this.plan.functionFlags.at(ordinal) === 0 && this.slotsAreEmpty(ordinal);
  }

  private slotsAreEmpty(ordinal: number): boolean {
    const { plan } = this;
    const to = plan.slotStarts.at(ordinal + 1);
    for (let slot = plan.slotStarts.at(ordinal); slot < to; slot++) {
      if (plan.slotCosts.at(slot) !== 0) return false;
    }
    return true;
  }

  private chargeCallers(): void {
    const { plan, entryCosts } = this;
    const { callSites } = plan;
    for (let i = 0; i < callSites.length; i += 2) {
      const callee = callSites.at(i + 1);
      if (entryCosts[callee] === -1) continue;
      plan.addCost(callSites.at(i), entryCosts[callee]!);
      const flags = plan.functionFlags.at(callee - this.module.importedFunctions);
      // The callee's entry no longer checks, and it may lead back here: this slot has to.
      if (flags & FunctionFlag.HAS_CALLS) plan.setFlag(callSites.at(i), SlotFlag.CHECKED);
    }
  }

  private findThunks(): number[] {
    const { module, entryCosts } = this;
    const exported = module.exports
      .filter(({ kind, index }) => kind === ExternKind.FUNCTION && entryCosts[index] !== -1)
      .map(({ index }) => index);
    const start = module.startFunction;
    if (start !== undefined && entryCosts[start] !== -1) exported.push(start);
    return [...new Set(exported)];
  }

  /** Whether a function's body can be copied as it is. */
  isUntouched(ordinal: number): boolean {
    const { plan } = this;
    const hasLoop = (plan.functionFlags.at(ordinal) & FunctionFlag.HAS_LOOP) !== 0;
    if (hasLoop || !this.slotsAreEmpty(ordinal)) return false;
    const editsTo = plan.editStarts.at(ordinal + 1);
    for (let i = plan.editStarts.at(ordinal); i < editsTo; i += EDIT_STRIDE) {
      if (plan.edits.at(i + 1) >= Edit.BYTES) return false;
    }
    return true;
  }
}
