import { LIMITS } from '../base/limits.js';
import { ByteReader } from './byte-reader.js';
import { type ConstantSink, readConstantExpression } from './constant-expression.js';
import { readElementSegments } from './element-segments.js';
import {
  type ExportEntry,
  ExternKind,
  type FunctionType,
  type GlobalType,
  type ImportEntry,
  type MemoryType,
  readGlobalType,
  readLimits,
  readReferenceType,
  readValueType,
  type TableType,
} from './module-types.js';
import { malformed, overLimit, refusal, unsupportedFeature } from './refusal.js';

/** Section ids (core specification 5.5.2). */
export const Section = Object.freeze({
  CUSTOM: 0,
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  MEMORY: 5,
  GLOBAL: 6,
  EXPORT: 7,
  START: 8,
  ELEMENT: 9,
  CODE: 10,
  DATA: 11,
  DATA_COUNT: 12,
  TAG: 13,
});

/** Where each section stands in a module; data count goes between element and code. */
export const SECTION_ORDER: readonly number[] = [
  Section.TYPE,
  Section.IMPORT,
  Section.FUNCTION,
  Section.TABLE,
  Section.MEMORY,
  Section.GLOBAL,
  Section.EXPORT,
  Section.START,
  Section.ELEMENT,
  Section.DATA_COUNT,
  Section.CODE,
  Section.DATA,
];

export interface SectionRange {
  readonly id: number;
  /** The contents: after the size, before the next section. */
  readonly start: number;
  readonly end: number;
  /** Where the entries begin, after their count; `start` where there is no count. */
  readonly entriesStart: number;
}

export interface FunctionBody {
  readonly start: number;
  readonly end: number;
}

/** Everything of a module but its instructions. */
export class ParsedModule {
  readonly bytes: Uint8Array;
  readonly types: FunctionType[] = [];
  readonly imports: ImportEntry[] = [];
  /** Type index by function, imported functions first. */
  readonly functions: number[] = [];
  importedFunctions = 0;
  readonly tables: TableType[] = [];
  readonly memories: MemoryType[] = [];
  readonly globals: GlobalType[] = [];
  readonly exports: ExportEntry[] = [];
  startFunction: number | undefined;
  readonly bodies: FunctionBody[] = [];
  readonly sections: SectionRange[] = [];
  /** The `name` custom section with its id and size, kept for readable stack traces. */
  nameSection: FunctionBody | undefined;
  /** Functions that a table, a global or `ref.func` refers to: callable without a direct call. */
  readonly referenced = new Set<number>();

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  section(id: number): SectionRange | undefined {
    return this.sections.find((section) => section.id === id);
  }

  typeOf(functionIndex: number): FunctionType {
    const type = this.types[this.functions[functionIndex] ?? -1];
    if (!type) throw malformed(`function ${functionIndex} does not exist`, 0);
    return type;
  }
}

/** Names that the rewriter adds begin so; a module may not use them itself. */
export const RESERVED_PREFIX = 'caxton:';

function checkReserved(name: string, place: { export?: string; import?: string }, offset: number) {
  if (!name.startsWith(RESERVED_PREFIX)) return;
  throw refusal('reserved-name', `The name '${name}' is reserved for the server`, {
    ...place,
    offset,
    fix: `Rename it: no import or export may begin with '${RESERVED_PREFIX}'. A module that was metered already must not be metered again.`,
  });
}

/** Reads a vector's count and holds it to its limit before anything is read by it. */
function readCount(reader: ByteReader, limit: keyof typeof LIMITS, what: string, before = 0) {
  const offset = reader.position;
  const count = reader.u32();
  if (before + count > LIMITS[limit]) {
    throw overLimit(limit, LIMITS[limit], before + count, what, { offset });
  }
  return count;
}

function readTypes(reader: ByteReader, module: ParsedModule): void {
  const count = readCount(reader, 'types', 'too many types');
  for (let i = 0; i < count; i++) {
    const offset = reader.position;
    const form = reader.byte();
    if (form === 0x4e || form === 0x4f || form === 0x50 || form === 0x5e || form === 0x5f) {
      throw unsupportedFeature('garbage collection', 'a struct, array or recursive type', offset);
    }
    if (form !== 0x60) throw malformed('unknown form of type', offset);
    const params: number[] = [];
    const paramCount = readCount(reader, 'parameters', 'a function type with too many parameters');
    for (let j = 0; j < paramCount; j++) params.push(readValueType(reader));
    const results: number[] = [];
    const resultCount = readCount(reader, 'results', 'a function type with too many results');
    for (let j = 0; j < resultCount; j++) results.push(readValueType(reader));
    module.types.push({ params, results });
  }
}

function addTable(module: ParsedModule, table: TableType): void {
  if (module.tables.length === LIMITS.tables) {
    throw overLimit('tables', LIMITS.tables, module.tables.length + 1, 'too many tables', table);
  }
  if (table.initial > LIMITS.table_elements) {
    throw overLimit('table_elements', LIMITS.table_elements, table.initial, 'too large a table', {
      offset: table.offset,
    });
  }
  module.tables.push(table);
}

function addMemory(module: ParsedModule, memory: MemoryType): void {
  if (module.memories.length === 1) {
    throw unsupportedFeature('multiple memories', 'a second memory', memory.offset);
  }
  module.memories.push(memory);
}

function readImport(reader: ByteReader, module: ParsedModule): void {
  const offset = reader.position;
  const moduleName = reader.name();
  const name = reader.name();
  const place = { import: `${moduleName}.${name}` };
  checkReserved(moduleName, place, offset);
  checkReserved(name, place, offset);
  const kind = reader.byte();
  const limitsStart = reader.position + (kind === ExternKind.TABLE ? 1 : 0);
  let typeIndex = -1;
  if (kind === ExternKind.FUNCTION) {
    typeIndex = reader.u32();
    module.functions.push(typeIndex);
    module.importedFunctions++;
  } else if (kind === ExternKind.TABLE) {
    const element = readReferenceType(reader);
    addTable(module, { ...readLimits(reader), element, offset });
  } else if (kind === ExternKind.MEMORY) {
    addMemory(module, { ...readLimits(reader), offset });
  } else if (kind === ExternKind.GLOBAL) {
    module.globals.push(readGlobalType(reader));
  } else if (kind === 4) {
    throw unsupportedFeature('exceptions', 'an imported tag', offset);
  } else {
    throw malformed(`unknown kind of import ${kind}`, offset);
  }
  const entry = { module: moduleName, name, kind, typeIndex, offset, limitsStart };
  module.imports.push({ ...entry, end: reader.position });
}

function readExport(reader: ByteReader, module: ParsedModule): void {
  const offset = reader.position;
  const name = reader.name();
  checkReserved(name, { export: name }, offset);
  const kind = reader.byte();
  if (kind === 4) throw unsupportedFeature('exceptions', 'an exported tag', offset);
  if (kind > ExternKind.GLOBAL) throw malformed(`unknown kind of export ${kind}`, offset);
  module.exports.push({ name, kind, index: reader.u32(), offset });
}

function readTable(reader: ByteReader, module: ParsedModule): void {
  const offset = reader.position;
  if (reader.bytes[offset] === 0x40) {
    throw unsupportedFeature('typed function references', 'a table with an initial value', offset);
  }
  const element = readReferenceType(reader);
  addTable(module, { ...readLimits(reader), element, offset });
}

function readGlobals(reader: ByteReader, module: ParsedModule, sink: ConstantSink): void {
  const count = readCount(reader, 'globals', 'too many globals', module.globals.length);
  for (let i = 0; i < count; i++) {
    module.globals.push(readGlobalType(reader));
    readConstantExpression(reader, sink);
  }
}

function readBodies(reader: ByteReader, module: ParsedModule): void {
  const count = readCount(reader, 'functions', 'too many functions', module.importedFunctions);
  for (let i = 0; i < count; i++) {
    const size = reader.u32();
    const start = reader.position;
    reader.skip(size);
    module.bodies.push({ start, end: reader.position });
  }
}

function readDataSegments(reader: ByteReader, sink: ConstantSink): void {
  const count = readCount(reader, 'data_segments', 'too many data segments');
  for (let i = 0; i < count; i++) {
    const offset = reader.position;
    const flags = reader.u32();
    if (flags > 2) throw malformed('unknown flags of a data segment', offset);
    if (flags === 2) reader.u32();
    if (flags !== 1) readConstantExpression(reader, sink);
    reader.skip(reader.u32());
  }
}

function readSection(id: number, reader: ByteReader, module: ParsedModule): void {
  const sink: ConstantSink = { functionReferenced: (index) => module.referenced.add(index) };
  const each = (
    limit: keyof typeof LIMITS,
    what: string,
    before: number,
    read: (reader: ByteReader, module: ParsedModule) => void,
  ): void => {
    const count = readCount(reader, limit, what, before);
    for (let i = 0; i < count; i++) read(reader, module);
  };
  switch (id) {
    case Section.TYPE:
      readTypes(reader, module);
      return;
    case Section.IMPORT:
      each('imports', 'too many imports', 0, readImport);
      return;
    case Section.FUNCTION:
      each('functions', 'too many functions', module.importedFunctions, () => {
        module.functions.push(reader.u32());
      });
      return;
    case Section.TABLE:
      each('tables', 'too many tables', module.tables.length, readTable);
      return;
    case Section.MEMORY: {
      const count = reader.u32();
      for (let i = 0; i < count; i++) {
        const offset = reader.position;
        addMemory(module, { ...readLimits(reader), offset });
      }
      return;
    }
    case Section.GLOBAL:
      readGlobals(reader, module, sink);
      return;
    case Section.EXPORT:
      each('exports', 'too many exports', 0, readExport);
      return;
    case Section.START:
      module.startFunction = reader.u32();
      return;
    case Section.ELEMENT: {
      const count = readCount(reader, 'element_segments', 'too many element segments');
      readElementSegments(reader, count, sink);
      return;
    }
    case Section.DATA_COUNT:
      reader.u32();
      return;
    case Section.CODE:
      readBodies(reader, module);
      return;
    case Section.DATA:
      readDataSegments(reader, sink);
      return;
    case Section.TAG:
      throw unsupportedFeature('exceptions', 'a tag section', reader.position);
    default:
      throw malformed(`unknown section ${id}`, reader.position);
  }
}

function checkConsistency(module: ParsedModule): void {
  if (module.bodies.length !== module.functions.length - module.importedFunctions) {
    throw malformed('functions and bodies differ in number', module.bytes.length);
  }
  for (const typeIndex of module.functions) {
    if (!module.types[typeIndex]) throw malformed(`type ${typeIndex} does not exist`, 0);
  }
  for (const { kind, index } of module.exports) {
    if (kind === ExternKind.FUNCTION) module.typeOf(index);
  }
  if (module.startFunction !== undefined) module.typeOf(module.startFunction);
}

/**
 * Reads the structure of a module once, and refuses what breaks a structural limit or belongs to a
 * feature outside the allowed set. Instructions are read by the function scanner.
 * @throws CaxtonError INVALID_WASM
 */
export function parseModule(bytes: Uint8Array): ParsedModule {
  const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (!header.every((byte, i) => bytes[i] === byte)) {
    const isComponent = bytes[4] === 0x0d && header.slice(0, 4).every((b, i) => bytes[i] === b);
    if (isComponent) throw unsupportedFeature('the component model', 'a component', 4);
    throw malformed('it does not begin with "\\0asm" and version 1', 0);
  }
  const module = new ParsedModule(bytes);
  const reader = new ByteReader(bytes, header.length);
  let lastOrder = -1;
  while (!reader.atEnd) {
    reader.end = bytes.length;
    const sectionStart = reader.position;
    const id = reader.byte();
    const size = reader.u32();
    const start = reader.position;
    if (size > bytes.length - start) throw malformed('a section is cut short', sectionStart);
    const end = start + size;
    reader.end = end;
    if (id === Section.CUSTOM) {
      if (reader.name() === 'name') module.nameSection = { start: sectionStart, end };
    } else {
      const order = id === Section.TAG ? lastOrder + 1 : SECTION_ORDER.indexOf(id);
      if (order >= 0 && order <= lastOrder) throw malformed('sections out of order', sectionStart);
      lastOrder = order;
      const counted = new ByteReader(bytes, start, end);
      counted.u32();
      module.sections.push({ id, start, end, entriesStart: counted.position });
      readSection(id, reader, module);
      if (reader.position !== end) throw malformed('a section is longer than its contents', start);
    }
    reader.position = end;
    reader.end = bytes.length;
  }
  checkConsistency(module);
  return module;
}
