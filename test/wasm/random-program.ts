import { Tape } from '../support/tape.js';

/**
 * Makes WebAssembly programs out of a tape of bytes, so that fast-check can shrink them. Every
 * program ends: each pass through a loop's header takes one from the loop's own counter, and
 * functions call only those before them.
 *
 * The generator knows what each instruction it writes costs. With `counted` it writes, before each,
 * code that adds the cost to a global: a second, slow and simple way to count fuel, to hold the
 * rewriter's against.
 */
const FUNCTIONS = 4;
const PARAMS = 2;
const PLAIN_LOCALS = 4;
const LOOP_COUNTERS = 12;
const MAX_DEPTH = 6;
const BINARY = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'lt_s', 'eq', 'gt_u', 'rotl'];

interface Label {
  readonly name: string;
  readonly isLoop: boolean;
}

class FunctionWriter {
  readonly lines: string[] = [];
  private readonly tape: Tape;
  private readonly index: number;
  private readonly counted: boolean;
  private readonly labels: Label[] = [];
  private loops = 0;
  private loopDepth = 0;
  private names = 0;

  constructor(tape: Tape, index: number, counted: boolean) {
    this.tape = tape;
    this.index = index;
    this.counted = counted;
    this.count(1);
    this.statements(0);
    this.expression(0);
  }

  private count(cost: number): void {
    if (!this.counted || cost === 0) return;
    this.lines.push(`global.get $count i64.const ${cost} i64.add global.set $count`);
  }

  private emit(instruction: string, cost = 1): void {
    this.count(cost);
    this.lines.push(instruction);
  }

  private local(): number {
    return this.tape.next(PLAIN_LOCALS);
  }

  private freshLabel(isLoop: boolean): Label {
    return { name: `$l${this.names++}`, isLoop };
  }

  private anyLabel(): string | undefined {
    return this.labels[this.tape.next(Math.max(1, this.labels.length))]?.name;
  }

  private expression(depth: number): void {
    const { tape } = this;
    const choice = depth > 2 ? tape.next(2) : tape.next(8);
    if (choice === 0) this.emit(`local.get ${this.local()}`);
    else if (choice === 1) this.emit(`i32.const ${tape.next(40) - 8}`);
    else if (choice <= 4) {
      this.expression(depth + 1);
      this.expression(depth + 1);
      this.emit(`i32.${BINARY[tape.next(BINARY.length)]}`);
    } else if (choice === 5) {
      this.expression(depth + 1);
      this.emit('if (result i32)');
      this.expression(depth + 1);
      this.emit('else', 0);
      this.expression(depth + 1);
      this.emit('end', 0);
    } else if (choice === 6) {
      this.emit('block (result i32)', 0);
      this.expression(depth + 1);
      this.expression(depth + 1);
      this.emit('br_if 0');
      this.emit('drop', 0);
      this.expression(depth + 1);
      this.emit('end', 0);
    } else {
      this.expression(depth + 1);
      this.emit(`i32.const ${tape.next(64) * 4}`);
      this.emit('i32.load');
      this.emit('i32.xor');
    }
  }

  private statements(depth: number): void {
    const count = 1 + this.tape.next(4);
    for (let i = 0; i < count && !this.tape.ended; i++) this.statement(depth);
  }

  private statement(depth: number): void {
    const { tape } = this;
    const choice = depth >= MAX_DEPTH ? tape.next(4) : tape.next(16);
    if (choice <= 1) this.assign();
    else if (choice === 2) this.branchIf();
    else if (choice === 3) this.memory();
    else if (choice <= 5) this.ifStatement(depth);
    else if (choice === 6) this.body('block', depth);
    else if (choice <= 10) this.loop(depth);
    else if (choice === 11) this.branchTable();
    else if (choice === 12) this.jump();
    else if (choice === 13) this.assertion();
    else this.call();
  }

  private assign(): void {
    this.expression(0);
    this.emit(`local.set ${this.local()}`);
  }

  private branchIf(): void {
    const label = this.anyLabel();
    if (label === undefined) {
      this.assign();
      return;
    }
    this.expression(1);
    this.emit(`br_if ${label}`);
  }

  private jump(): void {
    const label = this.anyLabel();
    if (label === undefined || this.tape.next(3) === 0) {
      this.expression(1);
      this.emit('return', 0);
    } else {
      this.emit(`br ${label}`);
    }
  }

  private branchTable(): void {
    const targets = [this.anyLabel(), this.anyLabel(), this.anyLabel()];
    if (targets[0] === undefined) {
      this.assign();
      return;
    }
    this.expression(1);
    this.emit(`br_table ${targets.join(' ')}`);
  }

  private memory(): void {
    const { tape } = this;
    this.emit(`i32.const ${tape.next(64) * 4}`);
    if (tape.next(3) > 0) {
      this.expression(1);
      this.emit('i32.store');
      return;
    }
    const bytes = tape.next(200);
    this.emit(`i32.const ${tape.next(9)}`);
    this.emit(`i32.const ${bytes}`);
    this.emit('memory.fill', 1 + Math.floor(bytes / 64));
  }

  private assertion(): void {
    this.emit(`local.get ${this.local()}`);
    this.emit('i32.const 1000000');
    this.emit('i32.eq');
    this.emit('if');
    this.emit('unreachable', 0);
    this.emit('end', 0);
  }

  private body(opening: string, depth: number): void {
    const label = this.freshLabel(false);
    this.emit(`${opening} ${label.name}`, opening === 'if' ? 1 : 0);
    this.labels.push(label);
    this.statements(depth + 1);
    if (opening === 'if' && this.tape.next(2) === 1) {
      this.emit('else', 0);
      this.statements(depth + 1);
    }
    this.emit('end', 0);
    this.labels.pop();
  }

  private ifStatement(depth: number): void {
    this.expression(1);
    this.body('if', depth);
  }

  /** A loop that leaves by a branch out of its header, or that goes on only inside an if. */
  private loop(depth: number): void {
    if (this.loops === LOOP_COUNTERS || this.loopDepth === 3) {
      this.assign();
      return;
    }
    const counter = PLAIN_LOCALS + this.loops++;
    const out = this.freshLabel(false);
    const again = this.freshLabel(true);
    this.loopDepth++;
    this.emit(`i32.const ${1 + this.tape.next(4)}`);
    this.emit(`local.set ${counter}`);
    this.emit(`block ${out.name}`, 0);
    this.emit(`loop ${again.name}`, 0);
    this.emit(`local.get ${counter}`);
    this.emit('i32.const 1');
    this.emit('i32.sub');
    this.emit(`local.tee ${counter}`);
    this.emit('i32.const 0');
    this.labels.push(out, again);
    if (this.tape.next(2) === 0) {
      this.emit('i32.lt_s');
      this.emit(`br_if ${out.name}`);
      this.statements(depth + 2);
      if (this.tape.next(2) === 0) this.emit(`br ${again.name}`);
      else this.branchIf();
    } else {
      this.emit('i32.ge_s');
      this.emit('if');
      this.statements(depth + 2);
      this.emit(`br ${again.name}`);
      this.emit('end', 0);
      // Here the counter has run out, so a way back to the header would never end.
      this.labels.pop();
      if (this.tape.next(2) === 0) this.statements(depth + 2);
      this.labels.push(again);
    }
    this.labels.length -= 2;
    this.emit('end', 0);
    this.emit('end', 0);
    this.loopDepth--;
  }

  private call(): void {
    if (this.index === 0 || this.loopDepth > 1) {
      this.assign();
      return;
    }
    const callee = this.tape.next(this.index);
    for (let i = 0; i < PARAMS; i++) this.expression(1);
    if (this.tape.next(3) === 0) {
      this.emit(`i32.const ${callee}`);
      this.emit('call_indirect (type $f)');
    } else {
      this.emit(`call $f${callee}`);
    }
    this.emit(`local.set ${this.local()}`);
  }
}

/** The program on a tape as WebAssembly text; `counted` adds the global `count` and its upkeep. */
export function randomProgram(bytes: Uint8Array, counted: boolean): string {
  const tape = new Tape(bytes.subarray(0, 8));
  // A share of the tape for each, or the first would use it all.
  const share = (i: number): Uint8Array => bytes.filter((_, at) => at >= 8 && at % FUNCTIONS === i);
  const locals = '(local i32) '.repeat(PLAIN_LOCALS - PARAMS + LOOP_COUNTERS);
  // Functions that are in the table, exported, both or neither are charged in different ways.
  const listed = [0, 1, 2].filter(() => tape.next(2) === 1);
  const functions = Array.from({ length: FUNCTIONS }, (_, i) => {
    const exported = i === FUNCTIONS - 1 || tape.next(3) === 0 ? `(export "f${i}")` : '';
    const body = new FunctionWriter(new Tape(share(i)), i, counted).lines.join('\n    ');
    return `  (func $f${i} ${exported} (type $f) ${locals}\n    ${body})`;
  });
  return `(module
  (type $f (func (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table 4 funcref)
${listed.map((i) => `  (elem (i32.const ${i}) $f${i})`).join('\n')}
${counted ? '  (global $count (export "count") (mut i64) (i64.const 0))' : ''}
${functions.join('\n')})`;
}
