import { LIMITS } from '../base/limits.js';
import { IntList } from './int-list.js';
import { Edit, FunctionFlag, type ModulePlan, SlotFlag } from './module-plan.js';
import { Kind } from './opcodes.js';
import { malformed, overLimit } from './refusal.js';

/**
 * Divides a function into slots: places where fuel is charged, each for all the instructions that
 * run exactly once whenever the slot is reached and nothing traps.
 *
 *   entry      ●  cost of A, `if`, C       every path through the `if` comes to C, so C is
 *     A                                    charged with A: a basic block would need a charge
 *     if       ●  cost of B                of its own there
 *       B
 *     end
 *     C
 *     br_if L  ●  cost of D                D may be skipped: a new slot
 *     D
 *
 * A frame whose instructions may branch past its own end ("escape") ends the slot it began in;
 * any other frame's end is reached whenever its start is. Two identities then move charges to
 * where they are cheaper, without changing any complete run's total:
 *
 *   hoist   an `if` in slot S with arms T and E:  runs(S) = runs(T) + runs(E),
 *           so what both arms cost at least is charged in S
 *   shift   a loop entered from S with header H, whose back edges are plain `br`s in slots X:
 *           runs(H) = runs(S) + Σ runs(X), so H's cost is charged in S and in every X, and a
 *           `while` loop pays once per iteration instead of twice
 *
 * Fields of frame i: `slot` current when it opened; `escape` the outermost frame that a branch
 * inside it targets.
 */
const FRAME_FLAG = Object.freeze({ TARGETED: 1, LIVE: 2, HAS_ELSE: 4, THEN_LIVE: 8, PINNED: 16 });
const NONE = -1;

export class ChargeRegions {
  private readonly plan: ModulePlan;
  private kinds = new Int32Array(64);
  private slots = new Int32Array(64);
  private escapes = new Int32Array(64);
  private flags = new Int32Array(64);
  /** The slot at the head of a loop, or of an `if`'s first arm. */
  private heads = new Int32Array(64);
  /** The slot in which an `if`'s first arm ended. */
  private thenEnds = new Int32Array(64);
  /** Head of the list of a loop's back edges in the plan's `backEdges`. */
  private backEdgeLists = new Int32Array(64);
  /** Triples of S, T and E. */
  private readonly hoists = new IntList();
  /** Index of the innermost open frame; 0 is the function itself. */
  depth = 0;
  current = NONE;
  /** Whether the code being read can't be reached. */
  dead = false;
  hasLoop = false;

  constructor(plan: ModulePlan) {
    this.plan = plan;
  }

  /** Starts a function whose instructions begin at `position`. */
  begin(position: number): void {
    this.depth = -1;
    this.dead = false;
    this.hasLoop = false;
    this.hoists.length = 0;
    this.current = this.plan.newSlot();
    this.plan.addCost(this.current, 1);
    this.plan.setFlag(this.current, SlotFlag.CHECKED);
    this.plan.edits.push4(position, Edit.ENTRY, this.current, 0);
    this.push(Kind.BLOCK);
  }

  private push(kind: number): void {
    const i = ++this.depth;
    if (i === this.kinds.length) this.growFrames();
    this.kinds[i] = kind;
    this.slots[i] = this.current;
    this.escapes[i] = i;
    this.flags[i] = this.dead ? 0 : FRAME_FLAG.LIVE;
    this.heads[i] = NONE;
    this.thenEnds[i] = NONE;
    this.backEdgeLists[i] = NONE;
  }

  private growFrames(): void {
    const grow = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const grown = new Int32Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    this.kinds = grow(this.kinds);
    this.slots = grow(this.slots);
    this.escapes = grow(this.escapes);
    this.flags = grow(this.flags);
    this.heads = grow(this.heads);
    this.thenEnds = grow(this.thenEnds);
    this.backEdgeLists = grow(this.backEdgeLists);
  }

  private startSlot(position: number): void {
    this.current = this.plan.newSlot();
    this.plan.edits.push4(position, Edit.CHARGE, this.current, this.depth);
  }

  /** Opens a block, loop or if; `position` is that of the first instruction inside. */
  open(kind: number, position: number, functionIndex: number): void {
    if (this.depth >= LIMITS.block_depth) {
      throw overLimit('block_depth', LIMITS.block_depth, this.depth + 1, 'blocks nested too deep', {
        offset: position,
        function: functionIndex,
      });
    }
    this.push(kind);
    if (this.dead || kind === Kind.BLOCK) return;
    this.startSlot(position);
    this.heads[this.depth] = this.current;
  }

  /** Reads an `else`; `position` is that of the first instruction after it. */
  otherwise(position: number): void {
    const i = this.depth;
    if (this.kinds[i] !== Kind.IF || this.flags[i]! & FRAME_FLAG.HAS_ELSE) {
      throw malformed('else without if', position - 1);
    }
    this.flags[i]! |= FRAME_FLAG.HAS_ELSE | (this.dead ? 0 : FRAME_FLAG.THEN_LIVE);
    this.thenEnds[i] = this.current;
    this.dead = (this.flags[i]! & FRAME_FLAG.LIVE) === 0;
    if (this.dead) return;
    this.startSlot(position);
    this.pushTriple(this.hoists, this.slots[i]!, this.heads[i]!, this.current);
  }

  private pushTriple(list: IntList, a: number, b: number, c: number): void {
    list.push2(a, b);
    list.push(c);
  }

  /** Reads a branch out to the frame `labels` further out; the slot goes on after it. */
  branch(labels: number, conditional: boolean, position: number): void {
    const target = this.depth - labels;
    if (target < 0) throw malformed('a branch to no block', position);
    if (this.dead) return;
    if (target < this.escapes[this.depth]!) this.escapes[this.depth] = target;
    if (this.kinds[target] !== Kind.LOOP) {
      this.flags[target]! |= FRAME_FLAG.TARGETED;
      return;
    }
    this.hasLoop = true;
    if (conditional || this.current === this.heads[target]) {
      this.flags[target]! |= FRAME_FLAG.PINNED;
    } else {
      const { backEdges } = this.plan;
      backEdges.push2(this.current, this.backEdgeLists[target]!);
      this.backEdgeLists[target] = backEdges.length - 2;
    }
  }

  /** What follows a conditional branch may be skipped. */
  afterConditional(position: number): void {
    if (!this.dead) this.startSlot(position);
  }

  /** Reads a `return`. */
  leave(): void {
    if (!this.dead) this.escapes[this.depth] = 0;
    this.dead = true;
  }

  /** Closes the innermost frame; `position` is that of the first instruction after its `end`. */
  close(position: number): void {
    const i = this.depth--;
    const flags = this.flags[i]!;
    const outermost = this.escapes[i]!;
    if (i > 0 && outermost < i && outermost < this.escapes[i - 1]!) {
      this.escapes[i - 1] = outermost;
    }
    if ((flags & FRAME_FLAG.LIVE) === 0) {
      this.dead = true;
      return;
    }
    if (this.kinds[i] === Kind.LOOP) this.closeLoop(i);
    if (i === 0) return;
    const hasEscape = outermost < i;
    if (this.kinds[i] === Kind.IF) this.closeIf(i, hasEscape, position);
    else this.join(i, hasEscape, !this.dead, this.current, position);
  }

  /** The end of a block: reached from `falls` (in slot `fallSlot`) and by branches to its label. */
  private join(i: number, hasEscape: boolean, falls: boolean, fallSlot: number, position: number) {
    const targeted = (this.flags[i]! & FRAME_FLAG.TARGETED) !== 0;
    this.dead = !falls && !targeted;
    if (this.dead) return;
    if (!hasEscape) this.current = this.slots[i]!;
    else if (targeted) this.startSlot(position);
    else this.current = fallSlot;
  }

  private closeIf(i: number, hasEscape: boolean, position: number): void {
    const flags = this.flags[i]!;
    const targeted = (flags & FRAME_FLAG.TARGETED) !== 0;
    if (flags & FRAME_FLAG.HAS_ELSE) {
      const thenLive = (flags & FRAME_FLAG.THEN_LIVE) !== 0;
      if (thenLive && !this.dead && hasEscape) this.startSlot(position);
      else if (this.dead) this.join(i, hasEscape, thenLive, this.thenEnds[i]!, position);
      else this.join(i, hasEscape, true, this.current, position);
      return;
    }
    const onlyElse = this.dead && !targeted;
    this.dead = false;
    if (!hasEscape) {
      this.current = this.slots[i]!;
      return;
    }
    this.startSlot(position);
    if (onlyElse) this.pushTriple(this.hoists, this.slots[i]!, this.heads[i]!, this.current);
  }

  private closeLoop(i: number): void {
    if (this.flags[i]! & FRAME_FLAG.PINNED) {
      this.plan.setFlag(this.heads[i]!, SlotFlag.CHECKED);
    } else {
      const { shifts } = this.plan;
      this.pushTriple(shifts, this.slots[i]!, this.heads[i]!, this.backEdgeLists[i]!);
    }
  }

  /**
   * Ends a function: applies its hoists, innermost first. The shifts wait in the plan, as they come
   * after the charges that cross functions. Returns `FunctionFlag`s.
   */
  finish(): number {
    const costs = this.plan.slotCosts.data;
    for (let i = this.hoists.length - 3; i >= 0; i -= 3) {
      const first = this.hoists.at(i + 1);
      const second = this.hoists.at(i + 2);
      const common = Math.min(costs[first]!, costs[second]!);
      costs[this.hoists.at(i)]! += common;
      costs[first]! -= common;
      costs[second]! -= common;
    }
    return this.hasLoop ? FunctionFlag.HAS_LOOP : 0;
  }
}
