import { LIMITS } from '../base/limits.js';
import { IntList } from './int-list.js';
import { Kind } from './opcodes.js';
import { overLimit } from './refusal.js';

const FIX =
  'Split the function, or give it fewer locals and fewer loops and blocks inside one another; a build with optimization (-O2, -Oz) often does.';

/** One more way by which a merged value comes takes a quarter of the value itself. */
const ENTRIES_PER_MERGE = 4;

const LOOP_VALUES = 60;
const CALL_VALUES = 2;
const INDIRECT_CALL_VALUES = 8;
const BULK_VALUES = 30;

/** Numbers of a frame, in this order: */
const HEIGHT = 0;
const PARAMS = 1;
const RESULTS = 2;
const ASSIGNMENTS = 3;
/** Where the loop begins; -1 for another frame, or a loop that can't be reached. */
const LOOP_START = 4;
const FRAME_STRIDE = 5;

/**
 * Bounds what a function makes the engine's compilers take that grows faster than its code. A few
 * kilobytes of it could fill the machine's memory otherwise, and memory of a compiler belongs to no
 * agent. By measurement with V8:
 *
 *   merged values   the optimizing compiler merges each local that a loop or block assigns, and each
 *                   result, where control flow comes together: some 600 bytes each, not all of
 *                   which are given back
 *   kept values     the baseline compiler keeps a copy of the state of all locals and operands where
 *                   control flow splits: some 24 bytes each, until the function is compiled
 *   loop bytes      both read every loop's code ahead, and so that of nested loops again and again
 *   built values    some operations of a few bytes become many of the optimizing compiler's, some 800
 *                   bytes each: a loop takes as much as 25 values and a time that grows with the
 *                   square of their number, a call takes 2 and one more for each result, an indirect
 *                   call 8, and an operation on a stretch of memory or on a table, or ref.func, up
 *                   to 30
 *
 * The numbers are estimates from above, cheap to have: a block is taken to assign as many locals as
 * it has assignments. Metering's counter is a local too.
 */
export class CompilerLoad {
  /** Values on the operand stack. */
  height = 0;
  /** Assignments to locals so far. */
  assignments = 0;
  #merged = 0;
  #mergedInModule = 0;
  #keptInModule = 0;
  #loopBytesInModule = 0;
  #kept = 0;
  #loopBytes = 0;
  #built = 0;
  #locals = 0;
  readonly #frames = new IntList();

  /** @param locals the parameters and metering's counter among them */
  begin(locals: number, results: number): void {
    this.height = 0;
    this.assignments = 0;
    this.#merged = 0;
    this.#kept = 0;
    this.#loopBytes = 0;
    this.#built = 0;
    this.#locals = locals;
    this.#frames.length = 0;
    this.open(Kind.BLOCK, 0, results, 0, false);
  }

  /** A block, loop or if begins, the function itself among them. */
  open(kind: number, params: number, results: number, position: number, dead: boolean): void {
    if (kind === Kind.IF) this.height--;
    this.#frames.push4(this.height - params, params, results, this.assignments);
    this.#frames.push(kind === Kind.LOOP && !dead ? position : -1);
    if (dead) return;
    this.#keep();
    if (kind === Kind.LOOP) this.#built += LOOP_VALUES;
  }

  /** A call, by its index or through a table. */
  call(params: number, results: number, indirect: boolean, dead: boolean): void {
    this.height += results - params;
    if (!dead) this.#built += (indirect ? INDIRECT_CALL_VALUES : CALL_VALUES) + results;
  }

  /** An operation on a stretch of memory or on a table, or a reference; it can be reached. */
  bulk(): void {
    this.#built += BULK_VALUES;
  }

  /** The `else` of the innermost frame. */
  otherwise(): void {
    const at = this.#frames.length - FRAME_STRIDE;
    this.height = this.#frames.at(at + HEIGHT) + this.#frames.at(at + PARAMS);
  }

  /** The innermost frame ends; `dead` if what follows can't be reached. */
  close(position: number, dead: boolean): void {
    const frames = this.#frames;
    const at = frames.length - FRAME_STRIDE;
    this.height = frames.at(at + HEIGHT) + frames.at(at + RESULTS);
    const loopStart = frames.at(at + LOOP_START);
    if (loopStart >= 0) this.#loopBytes += position - loopStart;
    if (loopStart >= 0 || !dead) this.#merged += this.#mergedBy(at);
    if (!dead) this.#keep();
    frames.length = at;
  }

  /** A branch that can be reached goes to the frame `labels` further out, which is there. */
  branch(labels: number): void {
    const at = this.#frames.length - FRAME_STRIDE * (labels + 1);
    let entries = this.#mergedBy(at);
    // A back edge is metered, and leaves the function when the fuel is used up.
    if (this.#frames.at(at + LOOP_START) >= 0) entries += Math.min(this.#locals, this.assignments);
    this.#merged += entries / ENTRIES_PER_MERGE;
    this.#keep();
  }

  /** The function is read. @throws CaxtonError INVALID_WASM when it, or the module, is too much */
  finish(place: { readonly offset: number; readonly function: number }): void {
    this.#mergedInModule += this.#merged;
    this.#keptInModule += this.#kept;
    this.#loopBytesInModule += this.#loopBytes;
    const locals = 'with too many locals for its loops and blocks';
    check('merged_values_per_function', this.#merged, `a function ${locals}`, place);
    check(
      'kept_values_per_function',
      this.#kept,
      `a function with too many operands and locals for its blocks`,
      place,
    );
    check('loop_bytes_per_function', this.#loopBytes, 'too much code in nested loops', place);
    check(
      'built_values_per_function',
      this.#built,
      'a function with too many loops, calls, references, or operations on tables and stretches of memory',
      place,
      'Split the function.',
    );
    check('merged_values_per_module', this.#mergedInModule, `functions ${locals}`, place);
    check('kept_values_per_module', this.#keptInModule, `functions ${locals}`, place);
    check('loop_bytes_per_module', this.#loopBytesInModule, 'too much code in nested loops', place);
  }

  #mergedBy(at: number): number {
    const frames = this.#frames;
    const carried = frames.at(at + (frames.at(at + LOOP_START) >= 0 ? PARAMS : RESULTS));
    const assigned = this.assignments - frames.at(at + ASSIGNMENTS) + 1;
    return Math.min(this.#locals, assigned) + carried;
  }

  #keep(): void {
    this.#kept += this.#locals + Math.max(this.height, 0);
  }
}

type LoadLimit =
  | 'merged_values_per_function'
  | 'merged_values_per_module'
  | 'kept_values_per_function'
  | 'kept_values_per_module'
  | 'loop_bytes_per_function'
  | 'loop_bytes_per_module'
  | 'built_values_per_function';

function check(
  limit: LoadLimit,
  actual: number,
  what: string,
  place: { readonly offset: number; readonly function: number },
  fix: string = FIX,
): void {
  if (actual <= LIMITS[limit]) return;
  throw overLimit(limit, LIMITS[limit], Math.ceil(actual), what, place, fix);
}
