import type { ByteReader } from './byte-reader.js';
import { ValueType } from './opcodes.js';
import { malformed, unsupportedFeature } from './refusal.js';

export interface FunctionType {
  readonly params: readonly number[];
  readonly results: readonly number[];
}

export interface Limits {
  readonly initial: number;
  readonly maximum: number | undefined;
}

export interface MemoryType extends Limits {
  readonly offset: number;
}

export interface TableType extends Limits {
  readonly element: number;
  readonly offset: number;
}

export interface GlobalType {
  readonly value: number;
  readonly mutable: boolean;
}

/** External kinds of imports and exports (core specification 5.5.5). */
export const ExternKind = Object.freeze({ FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 });

export const EXTERN_KIND_NAMES: readonly string[] = ['function', 'table', 'memory', 'global'];

export interface ImportEntry {
  readonly module: string;
  readonly name: string;
  readonly kind: number;
  /** Type index of an imported function. */
  readonly typeIndex: number;
  readonly offset: number;
  /** Where its limits begin, if it is a memory or a table. */
  readonly limitsStart: number;
  readonly end: number;
}

export interface ExportEntry {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
  readonly offset: number;
}

const VALUE_TYPE_NAMES: Readonly<Record<number, string>> = Object.freeze({
  [ValueType.I32]: 'i32',
  [ValueType.I64]: 'i64',
  [ValueType.F32]: 'f32',
  [ValueType.F64]: 'f64',
  [ValueType.V128]: 'v128',
  [ValueType.FUNCREF]: 'funcref',
  [ValueType.EXTERNREF]: 'externref',
});

export function isValueType(byte: number): boolean {
  return byte in VALUE_TYPE_NAMES;
}

/** "(i32, i32) -> i32", as the ABI page writes signatures. */
export function formatType(type: FunctionType): string {
  const list = (types: readonly number[]): string =>
    types.map((type) => VALUE_TYPE_NAMES[type]!).join(', ');
  const results = type.results.length === 1 ? list(type.results) : `(${list(type.results)})`;
  return `(${list(type.params)}) -> ${results}`;
}

export function sameType(a: FunctionType, b: FunctionType): boolean {
  const same = (x: readonly number[], y: readonly number[]): boolean =>
    x.length === y.length && x.every((type, i) => type === y[i]);
  return same(a.params, b.params) && same(a.results, b.results);
}

/** Refuses a byte that stands where a value type should and isn't an allowed one. */
export function badValueType(byte: number, offset: number): Error {
  if (byte === 0x63 || byte === 0x64) {
    return unsupportedFeature('typed function references', 'a typed reference', offset);
  }
  if (byte === 0x69 || byte === 0x74) return unsupportedFeature('exceptions', 'exnref', offset);
  if (byte >= 0x65 && byte <= 0x73) {
    return unsupportedFeature('garbage collection', 'a heap type', offset);
  }
  return malformed(`0x${byte.toString(16)} is not a value type`, offset);
}

export function readValueType(reader: ByteReader): number {
  const offset = reader.position;
  const byte = reader.byte();
  if (!isValueType(byte)) throw badValueType(byte, offset);
  return byte;
}

export function readReferenceType(reader: ByteReader): number {
  const offset = reader.position;
  const type = readValueType(reader);
  if (type !== ValueType.FUNCREF && type !== ValueType.EXTERNREF) {
    throw malformed('a table holds references only', offset);
  }
  return type;
}

/** Reads the limits of a memory or table; shared, 64-bit and custom-page ones are refused by name. */
export function readLimits(reader: ByteReader): Limits {
  const offset = reader.position;
  const flags = reader.byte();
  if (flags & 0x08) throw unsupportedFeature('custom page sizes', 'a memory', offset);
  if (flags & 0x04) throw unsupportedFeature('memory64', 'a 64-bit memory or table', offset);
  if (flags & 0x02) throw unsupportedFeature('threads', 'a shared memory', offset);
  if (flags > 1) throw malformed('unknown flags of limits', offset);
  const initial = reader.u32();
  return { initial, maximum: flags === 1 ? reader.u32() : undefined };
}

export function readGlobalType(reader: ByteReader): GlobalType {
  const value = readValueType(reader);
  const offset = reader.position;
  const flags = reader.byte();
  if (flags & 0x02) throw unsupportedFeature('threads', 'a shared global', offset);
  if (flags > 1) throw malformed('unknown flags of a global', offset);
  return { value, mutable: flags === 1 };
}
