import protobuf from 'protobufjs';
import { type CaxtonError, invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import {
  ENTRY_KEY,
  ENTRY_VALUE,
  LIST_VALUES,
  STRUCT_FIELDS,
  VALUE_BOOL,
  VALUE_LIST,
  VALUE_NULL,
  VALUE_NUMBER,
  VALUE_STRING,
  VALUE_STRUCT,
} from './struct-tags.js';

const WIRE_TYPE_BITS = 7;

/**
 * Reads google.protobuf.Struct and .Value from their bytes straight into JSON values. Generated
 * classes would make two more trees of objects for each content, and can't say where one is wrong.
 */
export class StructReader {
  readonly #field: string;
  readonly #reader: protobuf.Reader;
  readonly #end: number;
  // Keys and indexes from the field down to the value being read, for errors.
  readonly #path: (string | number)[] = [];

  /** @param field names the whole in errors */
  constructor(bytes: Uint8Array, field: string) {
    this.#field = field;
    this.#reader = protobuf.Reader.create(bytes);
    this.#end = bytes.length;
  }

  /** @throws CaxtonError INVALID_REQUEST naming the part that no JSON value can be */
  readStruct(): Record<string, unknown> {
    return this.#guarded(() => this.#struct(this.#end));
  }

  /** @throws CaxtonError INVALID_REQUEST naming the part that no JSON value can be */
  readValue(): unknown {
    return this.#guarded(() => this.#value(this.#end));
  }

  #guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      // What protobufjs throws: a RangeError past the end, a plain Error for a bad wire type.
      if (error instanceof RangeError || (error instanceof Error && error.name === 'Error')) {
        throw this.#refusal(`is not valid protobuf: ${error.message}`);
      }
      throw error;
    }
  }

  #struct(end: number): Record<string, unknown> {
    this.#checkDepth();
    const reader = this.#reader;
    const object: Record<string, unknown> = {};
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === STRUCT_FIELDS) this.#entry(object, this.#endOfPart(end));
      else reader.skipType(tag & WIRE_TYPE_BITS);
    }
    this.#checkEnd(end);
    return object;
  }

  #entry(object: Record<string, unknown>, end: number): void {
    const reader = this.#reader;
    let key = '';
    let valueStart = -1;
    let valueEnd = -1;
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === ENTRY_KEY) {
        key = reader.string();
      } else if (tag === ENTRY_VALUE) {
        // Key and value come in any order, so the value is read when the key is known.
        valueEnd = this.#endOfPart(end);
        valueStart = reader.pos;
        reader.pos = valueEnd;
      } else {
        reader.skipType(tag & WIRE_TYPE_BITS);
      }
    }
    this.#checkEnd(end);
    this.#path.push(key);
    if (valueStart < 0) throw this.#noKind();
    reader.pos = valueStart;
    setOwn(object, key, this.#value(valueEnd));
    reader.pos = end;
    this.#path.pop();
  }

  #value(end: number): unknown {
    const reader = this.#reader;
    let value: unknown;
    while (reader.pos < end) {
      const tag = reader.uint32();
      switch (tag) {
        case VALUE_NULL:
          reader.int32();
          value = null;
          break;
        case VALUE_NUMBER:
          value = this.#finite(reader.double());
          break;
        case VALUE_STRING:
          value = reader.string();
          break;
        case VALUE_BOOL:
          value = reader.bool();
          break;
        case VALUE_STRUCT:
          value = this.#struct(this.#endOfPart(end));
          break;
        case VALUE_LIST:
          value = this.#list(this.#endOfPart(end));
          break;
        default:
          reader.skipType(tag & WIRE_TYPE_BITS);
      }
    }
    this.#checkEnd(end);
    if (value === undefined) throw this.#noKind();
    return value;
  }

  #list(end: number): unknown[] {
    this.#checkDepth();
    const reader = this.#reader;
    const list: unknown[] = [];
    while (reader.pos < end) {
      const tag = reader.uint32();
      if (tag === LIST_VALUES) {
        this.#path.push(list.length);
        list.push(this.#value(this.#endOfPart(end)));
        this.#path.pop();
      } else {
        reader.skipType(tag & WIRE_TYPE_BITS);
      }
    }
    this.#checkEnd(end);
    return list;
  }

  #endOfPart(outerEnd: number): number {
    const length = this.#reader.uint32();
    const end = this.#reader.pos + length;
    if (end > outerEnd) throw new RangeError('a part is longer than what holds it');
    return end;
  }

  #checkEnd(end: number): void {
    if (this.#reader.pos !== end) throw new RangeError('a value is longer than what holds it');
  }

  // Each object and list but the outermost has put its key or index on the path.
  #checkDepth(): void {
    if (this.#path.length < LIMITS.content_depth) return;
    throw invalidRequest(
      `${this.#field} has more than ${LIMITS.content_depth} objects and lists inside one another.`,
      this.#field,
      { limit: LIMITS.content_depth },
    );
  }

  #finite(value: number): number {
    if (Number.isFinite(value)) return value;
    throw this.#refusal(`is ${value}, which is no JSON number`);
  }

  #noKind(): CaxtonError {
    return this.#refusal(
      'is a google.protobuf.Value of no kind: set null_value, number_value, string_value, bool_value, struct_value or list_value',
    );
  }

  #refusal(what: string): CaxtonError {
    const name = [this.#field, ...this.#path].join('.');
    return invalidRequest(`${name} ${what}.`, name);
  }
}

function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') {
    object[key] = value;
    return;
  }
  // Plain assignment would set the prototype.
  Object.defineProperty(object, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}
