import { Tape } from '../../support/tape.js';
import {
  type Emitter,
  expression,
  LOCALS_OF_A_TYPE,
  STORES,
  VALUE_TYPES,
  type ValueType,
  zero,
} from './typed-expressions.js';

/*
 * Programs of all that the server allows in a module: every value type, blocks with several values,
 * bulk operations, tables, vectors. Like those of the metering tests (random-program.ts) they are made
 * from a tape, end by themselves, and can be written with an addition to a global before each
 * instruction, which counts fuel in a second way.
 */

interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** Functions call those before them only. The last is the program's beginning. */
const FUNCTIONS: readonly Signature[] = [
  { params: ['i32', 'i32'], results: ['i32'] },
  { params: ['i64', 'f64'], results: ['i64'] },
  { params: ['v128', 'i32'], results: ['v128'] },
  { params: ['i32'], results: ['i32', 'i64'] },
  { params: ['i32', 'i32'], results: ['i32'] },
];
export const MAIN = `f${FUNCTIONS.length - 1}`;
const LOOP_COUNTERS = 8;
const DEPTH_MAX = 5;
const TABLE_MAX = 12;
const MEMORY_MAX_PAGES = 3;

class FunctionWriter implements Emitter {
  readonly lines: string[] = [];
  readonly tape: Tape;
  readonly #index: number;
  readonly #counted: boolean;
  /** What a branch may go to: none takes a value. */
  readonly #labels: string[] = [];
  #loops = 0;
  #loopDepth = 0;
  #names = 0;

  constructor(tape: Tape, index: number, counted: boolean) {
    this.tape = tape;
    this.#index = index;
    this.#counted = counted;
    this.#count(1);
    this.#statements(0);
    for (const type of FUNCTIONS[index]!.results) expression(this, type);
  }

  emit(instruction: string, cost = 1): void {
    this.#count(cost);
    this.lines.push(instruction);
  }

  call(type: ValueType): boolean {
    const callees = FUNCTIONS.slice(0, this.#index)
      .map((signature, index) => ({ index, ...signature }))
      .filter(({ results }) => results.length === 1 && results[0] === type);
    if (callees.length === 0 || this.#loopDepth > 1) return false;
    this.#callOne(this.tape.pick(callees).index);
    return true;
  }

  #count(cost: number): void {
    if (this.#counted && cost > 0) {
      this.lines.push(`global.get $count i64.const ${cost} i64.add global.set $count`);
    }
  }

  /** Adds what is only known when the program runs. */
  #countDynamic(units: string): void {
    if (this.#counted) this.lines.push(`global.get $count ${units} i64.add global.set $count`);
  }

  #callOne(index: number): void {
    // Short arguments: those of nested calls would multiply.
    for (const type of FUNCTIONS[index]!.params) expression(this, type, 3);
    if (this.tape.next(3) > 0) this.emit(`call $f${index}`);
    else {
      this.emit(`i32.const ${index}`);
      this.emit(`call_indirect (type $t${index})`);
    }
  }

  #statements(depth: number): void {
    const count = 1 + this.tape.next(4);
    for (let i = 0; i < count && !this.tape.ended; i++) this.#statement(depth);
  }

  #statement(depth: number): void {
    const { tape } = this;
    const choice = depth >= DEPTH_MAX ? tape.next(8) : tape.next(16);
    if (choice <= 1) this.#assign();
    else if (choice === 2) this.#store();
    else if (choice === 3) this.#bulkMemory();
    else if (choice === 4) this.#table();
    else if (choice === 5) this.#branch();
    else if (choice === 6) this.#growMemory();
    else if (choice === 7) this.#callSeveral();
    else if (choice <= 9) this.#nested('block', depth);
    else if (choice <= 11) {
      expression(this, 'i32');
      this.#nested('if', depth);
    } else if (choice <= 13) this.#loop(depth);
    else if (choice === 14) this.#carryingLoop(depth);
    else this.#leave();
  }

  #assign(): void {
    const type = this.tape.pick(VALUE_TYPES);
    expression(this, type);
    if (this.tape.next(3) === 0) this.emit(`global.set $g_${type}`);
    else this.emit(`local.set $${type}${this.tape.next(LOCALS_OF_A_TYPE)}`);
  }

  #store(): void {
    const type = this.tape.pick(['i32', 'i64', 'v128'] as const);
    this.emit(`i32.const ${this.tape.next(250) * 16}`);
    expression(this, type, 1);
    this.emit(this.tape.pick(STORES[type]));
  }

  #bulkMemory(): void {
    const { tape } = this;
    const bytes = tape.next(4) === 0 ? tape.next(250) * 40 : tape.next(70);
    const cost = 1 + Math.floor(bytes / 64);
    const choice = tape.next(4);
    this.emit(`i32.const ${tape.next(250) * 8}`);
    this.emit(`i32.const ${choice === 2 ? tape.next(100) : tape.next(250)}`);
    this.emit(`i32.const ${bytes}`);
    if (choice === 0) this.emit('memory.fill', cost);
    else if (choice === 1) this.emit('memory.copy', cost);
    else if (choice === 2) this.emit('memory.init $d', cost);
    else {
      for (let i = 0; i < 3; i++) this.emit('drop', 0);
      if (tape.next(8) === 0) this.emit('data.drop $d');
      else this.emit('nop', 0);
    }
  }

  #table(): void {
    const { tape } = this;
    const elements = tape.next(4);
    const place = (): void => this.emit(`i32.const ${tape.next(8)}`);
    const choice = tape.next(7);
    place();
    if (choice === 0) {
      this.emit(`ref.func $f${tape.next(FUNCTIONS.length - 1)}`);
      this.emit('table.set $spare');
    } else if (choice === 1) {
      this.emit('table.get $spare');
      this.emit('ref.is_null');
      this.emit('local.set $i320');
    } else if (choice === 2) {
      this.emit('ref.null func');
      this.emit(`i32.const ${elements}`);
      this.emit('table.fill $spare', 1 + elements);
    } else if (choice <= 4) {
      place();
      this.emit(`i32.const ${elements}`);
      this.emit(choice === 3 ? 'table.copy $spare $spare' : 'table.init $spare $e', 1 + elements);
    } else if (choice === 5) {
      this.emit('drop', 0);
      this.#growTable(elements);
    } else {
      this.emit('drop', 0);
      this.emit('table.size $spare');
      this.emit('local.set $i321');
    }
  }

  #growTable(elements: number): void {
    this.emit('ref.null func');
    this.emit(`i32.const ${elements}`);
    this.#countDynamic(least(elements, TABLE_MAX, 'table.size $spare'));
    this.emit('table.grow $spare');
    this.emit('local.set $i320');
  }

  #growMemory(): void {
    if (this.tape.next(4) > 0) {
      this.emit('memory.size');
      this.emit('local.set $i321');
      return;
    }
    const pages = this.tape.next(3);
    this.emit(`i32.const ${pages}`);
    this.#countDynamic(`${least(pages, MEMORY_MAX_PAGES, 'memory.size')} i64.const 1000 i64.mul`);
    this.emit('memory.grow');
    this.emit('local.set $i320');
  }

  #branch(): void {
    const { tape } = this;
    if (this.#labels.length === 0) {
      this.#assign();
      return;
    }
    expression(this, 'i32', 1);
    if (tape.next(3) > 0) this.emit(`br_if ${tape.pick(this.#labels)}`);
    else {
      const targets = Array.from({ length: 1 + tape.next(4) }, () => tape.pick(this.#labels));
      this.emit(`br_table ${targets.join(' ')}`);
    }
  }

  #leave(): void {
    if (this.tape.next(3) > 0 && this.#labels.length > 0) {
      this.emit(`br ${this.tape.pick(this.#labels)}`);
    } else if (this.tape.next(6) === 0) this.emit('unreachable', 0);
    else {
      for (const type of FUNCTIONS[this.#index]!.results) expression(this, type, 2);
      this.emit('return', 0);
    }
  }

  #callSeveral(): void {
    if (this.#index < 4 || this.#loopDepth > 1) {
      this.#assign();
      return;
    }
    this.#callOne(3);
    this.emit('local.set $i641');
    this.emit('local.set $i321');
  }

  #nested(opening: 'block' | 'if', depth: number): void {
    const label = `$l${this.#names++}`;
    this.emit(`${opening} ${label}`, opening === 'if' ? 1 : 0);
    this.#labels.push(label);
    this.#statements(depth + 1);
    if (opening === 'if' && this.tape.next(2) === 1) {
      this.emit('else', 0);
      this.#statements(depth + 1);
    }
    this.#labels.pop();
    this.emit('end', 0);
  }

  /** Every pass through its header takes one from its counter, so that it ends. */
  #loop(depth: number): void {
    if (this.#loops === LOOP_COUNTERS || this.#loopDepth === 3) {
      this.#assign();
      return;
    }
    const counter = `$c${this.#loops++}`;
    const out = `$l${this.#names++}`;
    const again = `$l${this.#names++}`;
    this.#loopDepth++;
    this.emit(`i32.const ${1 + this.tape.next(4)}`);
    this.emit(`local.set ${counter}`);
    this.emit(`block ${out}`, 0);
    this.emit(`loop ${again}`, 0);
    this.emit(`local.get ${counter}`);
    this.emit('i32.const 1');
    this.emit('i32.sub');
    this.emit(`local.tee ${counter}`);
    this.emit('i32.const 0');
    this.emit('i32.lt_s');
    this.emit(`br_if ${out}`);
    this.#labels.push(out, again);
    this.#statements(depth + 2);
    this.#labels.length -= 2;
    if (this.tape.next(3) > 0) this.emit(`br ${again}`);
    this.emit('end', 0);
    this.emit('end', 0);
    this.#loopDepth--;
  }

  /** Its counter is a value that goes round with it. */
  #carryingLoop(depth: number): void {
    if (this.#loops === LOOP_COUNTERS || this.#loopDepth === 3) {
      this.#assign();
      return;
    }
    const counter = `$c${this.#loops++}`;
    const again = `$l${this.#names++}`;
    this.#loopDepth++;
    this.emit(`i32.const ${1 + this.tape.next(4)}`);
    this.emit(`loop ${again} (param i32) (result i32)`, 0);
    this.emit(`local.set ${counter}`);
    this.#statements(depth + 2);
    this.emit(`local.get ${counter}`);
    this.emit('i32.const 1');
    this.emit('i32.sub');
    this.emit(`local.tee ${counter}`);
    this.emit(`local.get ${counter}`);
    this.emit('i32.const 0');
    this.emit('i32.gt_s');
    this.emit(`br_if ${again}`);
    this.emit('end', 0);
    this.emit('drop', 0);
    this.#loopDepth--;
  }
}

/** min(asked, max − size) as an i64. */
function least(asked: number, max: number, size: string): string {
  const room = `i32.const ${max} ${size} i32.sub`;
  return `i32.const ${asked} ${room} i32.const ${asked} ${room} i32.lt_u select i64.extend_i32_u`;
}

/** The program on a tape as WebAssembly text; `counted` adds the global `count` and its upkeep. */
export function wideProgram(bytes: Uint8Array, counted: boolean): string {
  const head = new Tape(bytes.subarray(0, 8));
  // A share of the tape for each, or the first would use it all.
  const share = (i: number): Uint8Array =>
    bytes.filter((_, at) => at >= 8 && at % FUNCTIONS.length === i);
  const functions = FUNCTIONS.map(({ params }, i) => {
    const isExported = i === FUNCTIONS.length - 1 || head.next(3) === 0;
    const taken = (type: ValueType): number => params.filter((param) => param === type).length;
    const named = params.map(
      (type, at) =>
        `(param $${type}${taken(type) - params.slice(at).filter((other) => other === type).length} ${type})`,
    );
    const locals = VALUE_TYPES.flatMap((type) =>
      Array.from({ length: LOCALS_OF_A_TYPE }, (_, n) => n)
        .filter((n) => n >= taken(type))
        .map((n) => `(local $${type}${n} ${type})`),
    );
    const counters = Array.from({ length: LOOP_COUNTERS }, (_, n) => `(local $c${n} i32)`);
    const body = new FunctionWriter(new Tape(share(i)), i, counted).lines.join('\n    ');
    return `  (func $f${i} ${isExported && !params.includes('v128') ? `(export "f${i}")` : ''} (type $t${i}) ${named.join(' ')} ${resultsOf(i)}
    ${[...locals, ...counters].join(' ')}
    ${body})`;
  });
  return `(module
${FUNCTIONS.map(({ params }, i) => `  (type $t${i} (func (param ${params.join(' ')}) ${resultsOf(i)}))`).join('\n')}
  (memory (export "memory") 1 ${MEMORY_MAX_PAGES})
  (table $spare (export "table") 8 ${TABLE_MAX} funcref)
  (elem (table $spare) (i32.const 0) func ${FUNCTIONS.slice(0, -1)
    .map((_, i) => `$f${i}`)
    .join(' ')})
  (elem $e func $f1 $f0 $f3)
  (data $d "\\01\\02\\03\\04 several bytes, more than sixty-four of them, so that they cost more than one \\ff\\fe")
${VALUE_TYPES.map((type) => `  (global $g_${type} ${type === 'v128' || type === 'f64' ? '' : `(export "g_${type}")`} (mut ${type}) (${zero(type)}))`).join('\n')}
${counted ? '  (global $count (export "count") (mut i64) (i64.const 0))' : ''}
${functions.join('\n')})`;
}

function resultsOf(index: number): string {
  return `(result ${FUNCTIONS[index]!.results.join(' ')})`;
}
