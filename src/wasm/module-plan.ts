import { IntList, SumList } from './int-list.js';

/**
 * What the scanner decided to change, as flat records: an edit is four numbers, a slot two. A
 * module of 10 MB has millions of them, so none is an object.
 */

/** Kinds of edit. `a` and `b` are the record's third and fourth number. */
export const Edit = Object.freeze({
  /** Start of the instructions; a = slot. */
  ENTRY: 0,
  /** A place where a slot is charged; a = slot, b = depth of open blocks. */
  CHARGE: 1,
  /** Before a call; a = the function called, or -1 for an indirect call; b = depth. */
  CALL: 2,
  /** After that call; a = the same. */
  AFTER_CALL: 3,
  /** A `return`, one byte long; b = depth. */
  RETURN: 4,
  /** Before a bulk memory operation, its length on top of the stack. */
  BYTES: 5,
  /** Before a bulk table operation, its length on top of the stack. */
  ELEMENTS: 6,
  /** Before `table.grow`. */
  TABLE_GROW: 7,
  /** Before `memory.grow`. */
  MEMORY_GROW: 8,
});

export const EDIT_STRIDE = 4;

/** Flags of a slot. */
export const SlotFlag = Object.freeze({
  /** The charge must be followed by a check at once, as it lies on a cycle. */
  CHECKED: 1,
});

/** Flags of a function. */
export const FunctionFlag = Object.freeze({
  HAS_LOOP: 1,
  /** Calls anything, or has a charge that depends on an operand. */
  HAS_CALLS: 2,
});

export class ModulePlan {
  readonly edits = new IntList(4096);
  /** A slot with many calls pays for the entry of each callee: more than 32 bits hold. */
  readonly slotCosts = new SumList();
  readonly slotFlags = new IntList(1024);
  /** Pairs of slot and callee, for direct calls to functions of the module. */
  readonly callSites = new IntList(1024);
  /** Back edges of loops, in linked lists: pairs of slot and the next pair's index, or -1. */
  readonly backEdges = new IntList();
  /** Triples of S, H and a list in `backEdges`: the shifts that `ChargeRegions` explains. */
  readonly shifts = new IntList();
  /** By defined function: where its records begin; one entry more at the end. */
  readonly editStarts = new IntList();
  readonly slotStarts = new IntList();
  readonly functionFlags = new IntList();
  /** Functions that `ref.func` names. */
  readonly referenced = new Set<number>();
  /** Which of the helper functions are needed. */
  usesBytes = false;
  usesElements = false;
  usesTableGrow = false;
  usesMemoryGrow = false;

  newSlot(): number {
    this.slotCosts.push(0);
    this.slotFlags.push(0);
    return this.slotCosts.length - 1;
  }

  addCost(slot: number, cost: number): void {
    this.slotCosts.data[slot]! += cost;
  }

  setFlag(slot: number, flag: number): void {
    this.slotFlags.data[slot]! |= flag;
  }

  /** Moves the cost of loops' headers; inner loops come before those around them. */
  applyShifts(): void {
    const costs = this.slotCosts.data;
    for (let i = 0; i < this.shifts.length; i += 3) {
      const header = this.shifts.at(i + 1);
      const cost = costs[header]!;
      costs[header] = 0;
      costs[this.shifts.at(i)]! += cost;
      for (let edge = this.shifts.at(i + 2); edge !== -1; edge = this.backEdges.at(edge + 1)) {
        const slot = this.backEdges.at(edge);
        costs[slot]! += cost;
        this.setFlag(slot, SlotFlag.CHECKED);
      }
    }
  }
}
