import { LIMITS } from '../base/limits.js';
import { ByteReader } from './byte-reader.js';
import { ChargeRegions } from './charge-regions.js';
import { CompilerLoad } from './compiler-load.js';
import { Edit, FunctionFlag, ModulePlan } from './module-plan.js';
import { badValueType, type FunctionType, isValueType } from './module-types.js';
import {
  Bulk,
  EMPTY_BLOCK,
  Kind,
  OPCODE_KINDS,
  Op,
  refusedOpcode,
  SIMD_KINDS,
  Simd,
  ValueType,
} from './opcodes.js';
import type { ParsedModule } from './parse-module.js';
import { malformed, overLimit, unsupportedFeature } from './refusal.js';
import { BULK_STACK_EFFECTS, SIMD_STACK_EFFECTS, STACK_EFFECTS } from './stack-effects.js';

const NO_VALUES: FunctionType = { params: [], results: [] };
const ONE_RESULT: FunctionType = { params: [], results: [ValueType.I32] };

/**
 * Reads every function's instructions once and writes down in a `ModulePlan` where the emitter has
 * to insert what. It trusts that the module validates, as far as types go, but not for its own
 * safety: whatever the bytes are, it ends with a plan or an INVALID_WASM.
 */
export class FunctionScanner {
  readonly plan = new ModulePlan();
  private readonly module: ParsedModule;
  private readonly reader: ByteReader;
  private readonly regions: ChargeRegions;
  private readonly load = new CompilerLoad();
  private functionIndex = 0;
  private functionFlags = 0;

  constructor(module: ParsedModule) {
    this.module = module;
    this.reader = new ByteReader(module.bytes);
    this.regions = new ChargeRegions(this.plan);
  }

  scanAll(): ModulePlan {
    this.functionIndex = this.module.importedFunctions;
    for (const body of this.module.bodies) {
      this.plan.editStarts.push(this.plan.edits.length);
      this.plan.slotStarts.push(this.plan.slotCosts.length);
      this.scanFunction(body.start, body.end);
      this.plan.functionFlags.push(this.functionFlags | this.regions.finish());
      this.functionIndex++;
    }
    this.plan.editStarts.push(this.plan.edits.length);
    this.plan.slotStarts.push(this.plan.slotCosts.length);
    return this.plan;
  }

  private scanFunction(start: number, end: number): void {
    this.reader.position = start;
    this.reader.end = end;
    this.functionFlags = 0;
    const { params, results } = this.module.typeOf(this.functionIndex);
    // One more is metering's own.
    this.load.begin(params.length + this.readLocals() + 1, results.length);
    this.regions.begin(this.reader.position);
    this.scanInstructions(end);
    if (this.reader.position !== end) {
      throw malformed('a function goes on after its end', this.reader.position);
    }
    this.load.finish({ offset: start, function: this.functionIndex });
  }

  private readLocals(): number {
    const { reader } = this;
    let total = 0;
    for (let groups = reader.u32(); groups > 0; groups--) {
      const offset = reader.position;
      total += reader.u32();
      if (total > LIMITS.locals_per_function) {
        throw overLimit(
          'locals_per_function',
          LIMITS.locals_per_function,
          total,
          'a function with too many locals',
          { offset, function: this.functionIndex },
        );
      }
      this.readType();
    }
    return total;
  }

  private readType(): void {
    const offset = this.reader.position;
    const type = this.reader.byte();
    if (!isValueType(type)) throw badValueType(type, offset);
  }

  /**
   * The loop over instructions. Plain ones are skipped here, counted in `cost`; the others are
   * handed to `control`, which moves the reader.
   */
  private scanInstructions(end: number): void {
    const { bytes } = this.module;
    const { reader, regions, load } = this;
    let position = reader.position;
    let cost = 0;
    while (regions.depth >= 0) {
      if (position >= end) throw malformed('unexpected end of a function', end);
      const opcode = bytes[position]!;
      const kind = OPCODE_KINDS[opcode]!;
      load.height += STACK_EFFECTS[opcode]!;
      switch (kind) {
        case Kind.PLAIN:
          position++;
          cost++;
          break;
        case Kind.FREE:
          position++;
          break;
        case Kind.LEB:
          if (opcode === Op.LOCAL_SET || opcode === Op.LOCAL_TEE) load.assignments++;
          else if (opcode === Op.TABLE_SET && !regions.dead) load.bulk();
          position++;
          while (bytes[position++]! & 0x80);
          cost++;
          break;
        case Kind.MEMARG:
          this.checkAlignment(position + 1);
          position++;
          while (bytes[position++]! & 0x80);
          while (bytes[position++]! & 0x80);
          cost++;
          break;
        case Kind.BYTES_4:
          position += 5;
          cost++;
          break;
        case Kind.BYTES_8:
          position += 9;
          cost++;
          break;
        default:
          reader.position = position + 1;
          if (kind >= Kind.BLOCK && kind <= Kind.UNREACHABLE) {
            cost += this.costsNothing(kind) ? 0 : 1;
            if (!regions.dead) this.plan.addCost(regions.current, cost);
            cost = 0;
            this.control(kind, position);
          } else {
            cost++;
            this.other(kind, position);
          }
          position = reader.position;
      }
    }
  }

  private costsNothing(kind: number): boolean {
    return kind !== Kind.IF && kind !== Kind.BR && kind !== Kind.BR_IF && kind !== Kind.BR_TABLE;
  }

  private checkAlignment(position: number): void {
    if (this.module.bytes[position]! & 0x40) {
      throw unsupportedFeature('multiple memories', 'a memory index', position);
    }
  }

  private control(kind: number, position: number): void {
    const { reader, regions, load } = this;
    switch (kind) {
      case Kind.BLOCK:
      case Kind.LOOP:
      case Kind.IF: {
        const { params, results } = this.readBlockType();
        load.open(kind, params.length, results.length, position, regions.dead);
        regions.open(kind, reader.position, this.functionIndex);
        return;
      }
      case Kind.ELSE:
        load.otherwise();
        regions.otherwise(reader.position);
        return;
      case Kind.END:
        regions.close(reader.position);
        load.close(position, regions.dead);
        return;
      case Kind.BR:
        this.branch(reader.u32(), false, position);
        regions.dead = true;
        return;
      case Kind.BR_IF:
        load.height--;
        this.branch(reader.u32(), true, position);
        regions.afterConditional(reader.position);
        return;
      case Kind.BR_TABLE:
        this.branchTable(position);
        return;
      case Kind.RETURN:
        if (!regions.dead) {
          this.plan.edits.push4(position, Edit.RETURN, 0, regions.depth);
          load.branch(regions.depth);
        }
        regions.leave();
        return;
      default:
        regions.dead = true;
    }
  }

  private branch(labels: number, conditional: boolean, position: number): void {
    this.regions.branch(labels, conditional, position);
    if (!this.regions.dead) this.load.branch(labels);
  }

  private branchTable(position: number): void {
    this.load.height--;
    const targets = this.reader.u32();
    if (targets > LIMITS.br_table_targets) {
      throw overLimit(
        'br_table_targets',
        LIMITS.br_table_targets,
        targets,
        'a br_table with too many targets',
        { offset: position, function: this.functionIndex },
      );
    }
    for (let i = 0; i <= targets; i++) this.branch(this.reader.u32(), true, position);
    this.regions.dead = true;
  }

  private readBlockType(): FunctionType {
    const { reader } = this;
    const offset = reader.position;
    const byte = reader.byte();
    if (byte === EMPTY_BLOCK) return NO_VALUES;
    if (isValueType(byte)) return ONE_RESULT;
    // Types are negative one-byte numbers; a type index is a positive number of 33 bits.
    if (byte < 0x80 && byte & 0x40) throw badValueType(byte, offset);
    reader.position = offset;
    return this.typeAt(reader.u32(), offset);
  }

  private typeAt(index: number, offset: number): FunctionType {
    const type = this.module.types[index];
    if (type === undefined) throw malformed(`type ${index} does not exist`, offset);
    return type;
  }

  /** Calls, references, bulk operations and SIMD. */
  private other(kind: number, position: number): void {
    const { reader } = this;
    switch (kind) {
      case Kind.CALL:
        this.call(reader.u32(), position);
        return;
      case Kind.CALL_INDIRECT: {
        const type = this.typeAt(reader.u32(), position);
        reader.u32();
        this.load.height -= 1;
        this.called(-1, type, position);
        return;
      }
      case Kind.REF_FUNC:
        this.plan.referenced.add(reader.u32());
        if (!this.regions.dead) this.load.bulk();
        return;
      case Kind.REF_NULL: {
        const type = reader.byte();
        if (type === 0x70 || type === 0x6f) return;
        throw unsupportedFeature('typed function references', 'ref.null of another type', position);
      }
      case Kind.SELECT_TYPED: {
        for (let types = reader.u32(); types > 0; types--) this.readType();
        return;
      }
      case Kind.MEMORY_SIZE:
      case Kind.MEMORY_GROW:
        if (reader.byte() !== 0) {
          throw unsupportedFeature('multiple memories', 'a memory index', position);
        }
        if (kind === Kind.MEMORY_GROW) {
          this.plan.usesMemoryGrow = true;
          this.dynamic(Edit.MEMORY_GROW, position);
        }
        return;
      case Kind.PREFIX_FC:
        this.bulk(reader.u32(), position);
        return;
      case Kind.PREFIX_FD:
        this.simd(reader.u32(), position);
        return;
      default: {
        const { feature, what } = refusedOpcode(this.module.bytes[position]!);
        throw unsupportedFeature(feature, what, position);
      }
    }
  }

  private call(callee: number, position: number): void {
    if (callee >= this.module.functions.length) throw malformed('a call to no function', position);
    this.called(callee, this.module.typeOf(callee), position);
  }

  private called(callee: number, { params, results }: FunctionType, position: number): void {
    const { dead } = this.regions;
    this.load.call(params.length, results.length, callee < 0, dead);
    if (dead) return;
    this.functionFlags |= FunctionFlag.HAS_CALLS;
    this.plan.edits.push4(position, Edit.CALL, callee, this.regions.depth);
    this.plan.edits.push4(this.reader.position, Edit.AFTER_CALL, callee, 0);
    if (callee >= this.module.importedFunctions) {
      this.plan.callSites.push2(this.regions.current, callee);
    }
  }

  /** An operation whose charge depends on the operand on top of the stack. */
  private dynamic(edit: number, position: number): void {
    if (this.regions.dead) return;
    this.load.bulk();
    this.functionFlags |= FunctionFlag.HAS_CALLS;
    this.plan.edits.push4(position, edit, 0, this.regions.depth);
  }

  private bulk(sub: number, position: number): void {
    const { reader, plan } = this;
    this.load.height += BULK_STACK_EFFECTS[sub] ?? 0;
    if (sub <= Bulk.TRUNC_SAT_LAST) return;
    if (sub > Bulk.TABLE_FILL) {
      const { feature, what } = refusedOpcode(0xfc, sub);
      throw unsupportedFeature(feature, what, position);
    }
    reader.u32();
    if (sub === Bulk.MEMORY_INIT || sub === Bulk.MEMORY_COPY) reader.u32();
    if (sub === Bulk.TABLE_INIT || sub === Bulk.TABLE_COPY) reader.u32();
    if (sub === Bulk.MEMORY_INIT || sub === Bulk.MEMORY_COPY || sub === Bulk.MEMORY_FILL) {
      plan.usesBytes = true;
      this.dynamic(Edit.BYTES, position);
    } else if (sub === Bulk.TABLE_INIT || sub === Bulk.TABLE_COPY || sub === Bulk.TABLE_FILL) {
      plan.usesElements = true;
      this.dynamic(Edit.ELEMENTS, position);
    } else if (sub === Bulk.TABLE_GROW) {
      plan.usesTableGrow = true;
      this.dynamic(Edit.TABLE_GROW, position);
    }
  }

  private simd(sub: number, position: number): void {
    const { reader } = this;
    const kind = sub < SIMD_KINDS.length ? SIMD_KINDS[sub]! : Simd.REFUSED;
    if (kind === Simd.REFUSED) {
      const { feature, what } = refusedOpcode(0xfd, sub);
      throw unsupportedFeature(feature, what, position);
    }
    this.load.height += SIMD_STACK_EFFECTS[sub]!;
    if (kind === Simd.MEMARG || kind === Simd.MEMARG_LANE) {
      this.checkAlignment(reader.position);
      reader.u32();
      reader.u32();
    }
    if (kind === Simd.LANE || kind === Simd.MEMARG_LANE) reader.skip(1);
    else if (kind === Simd.BYTES_16) reader.skip(16);
  }
}
