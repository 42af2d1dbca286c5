import { LIMITS } from '../base/limits.js';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { ChargeTransfer } from './charge-transfer.js';
import { FunctionEmitter } from './function-emitter.js';
import { Helpers } from './helpers.js';
import type { ModulePlan } from './module-plan.js';
import { ExternKind, readLimits } from './module-types.js';
import { EMPTY_BLOCK, Op, ValueType } from './opcodes.js';
import {
  type ParsedModule,
  RESERVED_PREFIX,
  SECTION_ORDER,
  Section,
  type SectionRange,
} from './parse-module.js';
import { overLimit } from './refusal.js';

const HEADER_BYTES = 8;

/** Mutable i64 global: the fuel left. Negative after a run that was out of fuel. */
export const FUEL_EXPORT = `${RESERVED_PREFIX}fuel`;
/**
 * Mutable i32 global of a module that grows its memory: how often it still may. To be set to
 * `LIMITS.memory_growth_per_call` again.
 */
export const GROWTH_EXPORT = `${RESERVED_PREFIX}growth`;
/** The module's start function, to be called once after the fuel is set. */
export const START_EXPORT = `${RESERVED_PREFIX}start`;

/**
 * Writes a module again, append-only: every index of the original stays what it was, as new types,
 * globals and functions come at the ends of their index spaces. There are no new imports.
 */
class ModuleRewriter {
  private readonly module: ParsedModule;
  private readonly plan: ModulePlan;
  private readonly out: ByteWriter;
  private readonly transfer: ChargeTransfer;
  private readonly helpers: Helpers;
  private readonly fuelGlobal: number;
  /** Undefined for a module that never grows its memory. */
  private readonly growthGlobal: number | undefined;
  private readonly maxPages: number;
  private readonly capImportedMemory: boolean;
  /** Types that are added, as their bytes. */
  private readonly newTypes: number[][] = [];
  private readonly thunkOrdinals: ReadonlyMap<number, number>;
  private readonly blockTypes = new Map<number, number>();
  private helperType = -1;

  constructor(module: ParsedModule, plan: ModulePlan, maxPages: number, capImported: boolean) {
    this.module = module;
    this.plan = plan;
    this.maxPages = maxPages;
    this.capImportedMemory = capImported;
    this.fuelGlobal = module.globals.length;
    this.growthGlobal = plan.usesMemoryGrow ? this.fuelGlobal + 1 : undefined;
    this.transfer = new ChargeTransfer(module, plan);
    this.thunkOrdinals = new Map(this.transfer.thunks.map((target, i) => [target, i]));
    this.helpers = new Helpers(plan, module.functions.length);
    this.out = new ByteWriter(Math.ceil(module.bytes.length * 1.6) + 256);
    this.planTypes();
  }

  /** Block types can only name types that exist when the type section is written, ahead of code. */
  private planTypes(): void {
    const { module, newTypes } = this;
    for (let i = module.importedFunctions; i < module.functions.length; i++) {
      const typeIndex = module.functions[i]!;
      if (this.blockTypes.has(typeIndex)) continue;
      const { results } = module.types[typeIndex]!;
      if (results.length === 0) this.blockTypes.set(typeIndex, EMPTY_BLOCK - 0x80);
      else if (results.length === 1) this.blockTypes.set(typeIndex, results[0]! - 0x80);
      else {
        this.blockTypes.set(typeIndex, module.types.length + newTypes.length);
        newTypes.push([0x60, 0, results.length, ...results]);
      }
    }
    if (this.helpers.count === 0) return;
    this.helperType = module.types.length + newTypes.length;
    newTypes.push([0x60, 1, ValueType.I32, 1, ValueType.I32]);
  }

  run(): Uint8Array {
    const { module, out } = this;
    out.copy(module.bytes, 0, HEADER_BYTES);
    for (const id of SECTION_ORDER) this.rewriteSection(id);
    const { nameSection } = module;
    if (nameSection) out.copy(module.bytes, nameSection.start, nameSection.end);
    return out.finish();
  }

  private rewriteSection(id: number): void {
    const section = this.module.section(id);
    switch (id) {
      case Section.GLOBAL:
        this.globals(section);
        return;
      case Section.EXPORT:
        this.exports();
        return;
      case Section.START:
        return; // exported as caxton:start
      default:
    }
    if (!section) return;
    switch (id) {
      case Section.TYPE:
        this.types(section);
        return;
      case Section.IMPORT:
        this.imports(section);
        return;
      case Section.FUNCTION:
        this.functions(section);
        return;
      case Section.TABLE:
      case Section.MEMORY:
        this.limited(section);
        return;
      case Section.CODE:
        this.code();
        return;
      default:
        this.sized(id, () => this.out.copy(this.module.bytes, section.start, section.end));
    }
  }

  private sized(id: number, write: () => void): void {
    this.out.byte(id);
    const start = this.out.beginSized();
    write();
    this.out.endSized(start);
  }

  /** Copies a section's entries behind a count that is `added` higher. */
  private extended(
    id: number,
    section: SectionRange | undefined,
    added: number,
    write: () => void,
  ) {
    const { out } = this;
    const { bytes } = this.module;
    this.sized(id, () => {
      const count = section ? new ByteReader(bytes, section.start, section.end).u32() : 0;
      out.u32(count + added);
      if (section) out.copy(bytes, section.entriesStart, section.end);
      write();
    });
  }

  private types(section: SectionRange): void {
    this.extended(Section.TYPE, section, this.newTypes.length, () => {
      for (const type of this.newTypes) for (const byte of type) this.out.byte(byte);
    });
  }

  private functions(section: SectionRange): void {
    const { helpers, module, transfer, out } = this;
    this.extended(Section.FUNCTION, section, helpers.count + transfer.thunks.length, () => {
      for (let i = 0; i < helpers.count; i++) out.u32(this.helperType);
      for (const target of transfer.thunks) out.u32(module.functions[target]!);
    });
  }

  /** The index under which a function is exported: its thunk's, if it has one. */
  private exportedIndex(functionIndex: number): number {
    const thunk = this.thunkOrdinals.get(functionIndex);
    if (thunk === undefined) return functionIndex;
    return this.module.functions.length + this.helpers.count + thunk;
  }

  private globals(section: SectionRange | undefined): void {
    const { out, growthGlobal } = this;
    const mutable = (type: number, constant: number, value: number): void => {
      out.byte(type);
      out.byte(1);
      out.byte(constant);
      out.positiveSigned(value);
      out.byte(Op.END);
    };
    this.extended(Section.GLOBAL, section, growthGlobal === undefined ? 1 : 2, () => {
      mutable(ValueType.I64, Op.I64_CONST, 0);
      if (growthGlobal === undefined) return;
      mutable(ValueType.I32, Op.I32_CONST, LIMITS.memory_growth_per_call);
    });
  }

  private exports(): void {
    const { exports, startFunction } = this.module;
    const { growthGlobal } = this;
    const added = 1 + (growthGlobal === undefined ? 0 : 1) + (startFunction === undefined ? 0 : 1);
    const write = (name: string, kind: number, index: number): void => {
      this.out.name(name);
      this.out.byte(kind);
      this.out.u32(kind === ExternKind.FUNCTION ? this.exportedIndex(index) : index);
    };
    this.sized(Section.EXPORT, () => {
      this.out.u32(exports.length + added);
      for (const { name, kind, index } of exports) write(name, kind, index);
      write(FUEL_EXPORT, ExternKind.GLOBAL, this.fuelGlobal);
      if (growthGlobal !== undefined) write(GROWTH_EXPORT, ExternKind.GLOBAL, growthGlobal);
      if (startFunction !== undefined) write(START_EXPORT, ExternKind.FUNCTION, startFunction);
    });
  }

  /** Rewrites limits that begin at the reader: with the maximum, which they may not have. */
  private cappedLimits(reader: ByteReader, maximum: number): void {
    const limits = readLimits(reader);
    this.out.byte(1);
    this.out.u32(limits.initial);
    this.out.u32(Math.min(limits.maximum ?? maximum, maximum));
  }

  private limited(section: SectionRange): void {
    const { out } = this;
    const { bytes } = this.module;
    const reader = new ByteReader(bytes, section.start, section.end);
    this.sized(section.id, () => {
      const count = reader.u32();
      out.u32(count);
      for (let i = 0; i < count; i++) {
        if (section.id === Section.TABLE) out.byte(reader.byte());
        const isTable = section.id === Section.TABLE;
        this.cappedLimits(reader, isTable ? LIMITS.table_elements : this.maxPages);
      }
    });
  }

  private imports(section: SectionRange): void {
    const { out } = this;
    const { bytes, imports } = this.module;
    this.sized(Section.IMPORT, () => {
      out.copy(bytes, section.start, section.entriesStart);
      for (const entry of imports) {
        const capped = entry.kind === ExternKind.MEMORY && this.capImportedMemory;
        if (!capped) {
          out.copy(bytes, entry.offset, entry.end);
          continue;
        }
        out.copy(bytes, entry.offset, entry.limitsStart);
        const reader = new ByteReader(bytes, entry.limitsStart, entry.end);
        this.cappedLimits(reader, this.maxPages);
      }
    });
  }

  private code(): void {
    const { module, out, helpers, plan, fuelGlobal, blockTypes, transfer } = this;
    const emitter = new FunctionEmitter(
      {
        module,
        plan,
        helpers,
        fuelGlobal,
        blockTypeOf: (typeIndex) => blockTypes.get(typeIndex)!,
        transfer,
      },
      out,
    );
    this.sized(Section.CODE, () => {
      out.u32(module.bodies.length + helpers.count + transfer.thunks.length);
      module.bodies.forEach((body, ordinal) => {
        const start = out.beginSized();
        emitter.emit(ordinal, body);
        const size = out.endSized(start);
        if (size > LIMITS.function_body_bytes) {
          throw overLimit(
            'function_body_bytes',
            LIMITS.function_body_bytes,
            size,
            'too large a function, measured with its metering',
            { offset: body.start, function: module.importedFunctions + ordinal },
          );
        }
        if (out.length > LIMITS.metered_module_bytes) {
          throw overLimit(
            'metered_module_bytes',
            LIMITS.metered_module_bytes,
            out.length,
            'too many bytes with its metering',
          );
        }
      });
      const maxElements = Math.min(
        module.tables[0]?.maximum ?? LIMITS.table_elements,
        LIMITS.table_elements,
      );
      helpers.emit(out, fuelGlobal, this.growthGlobal, this.maxPages, maxElements);
      for (const target of transfer.thunks) {
        const start = out.beginSized();
        emitter.emitThunk(target);
        out.endSized(start);
      }
    });
  }
}

/**
 * Writes the metered module.
 * @param maxPages the maximum that its memory gets
 * @param capImported whether an imported memory gets it as well
 */
export function rewriteModule(
  module: ParsedModule,
  plan: ModulePlan,
  maxPages: number,
  capImported: boolean,
): Uint8Array {
  return new ModuleRewriter(module, plan, maxPages, capImported).run();
}
