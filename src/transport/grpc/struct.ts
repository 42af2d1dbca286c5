import protobuf from 'protobufjs';
import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { StructReader } from './struct-reader.js';
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

/** JSON values to and from google.protobuf.Struct (objects) and google.protobuf.Value (all). */

export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param field names the value in errors
 * @throws CaxtonError INVALID_REQUEST naming the part that no JSON value can be
 */
export function readStruct(bytes: Uint8Array, field: string): JsonObject {
  return new StructReader(bytes, field).readStruct();
}

/**
 * @param field names the value in errors
 * @throws CaxtonError INVALID_REQUEST naming the part that no JSON value can be
 */
export function readValue(bytes: Uint8Array, field: string): unknown {
  return new StructReader(bytes, field).readValue();
}

/**
 * As JSON.stringify does it: what is undefined is left out, a number that isn't finite is null.
 * @throws CaxtonError RESOURCE_LIMIT_EXCEEDED past LIMITS.content_depth
 */
export function writeStruct(object: JsonObject): Uint8Array {
  const writer = protobuf.Writer.create();
  putStruct(writer, object, 1);
  return writer.finish();
}

/** @throws CaxtonError RESOURCE_LIMIT_EXCEEDED past LIMITS.content_depth */
export function writeValue(value: unknown): Uint8Array {
  const writer = protobuf.Writer.create();
  putValue(writer, value, 0);
  return writer.finish();
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** JSON text may hold half a surrogate pair; protobuf may not, and strict clients refuse it all. */
export function wellFormed(text: string): string {
  return LONE_SURROGATE.test(text) ? text.replace(/\p{Surrogate}/gu, '\ufffd') : text;
}

/** `depth` counts the objects and lists down to and with this one. */
function putStruct(writer: protobuf.Writer, object: JsonObject, depth: number): void {
  checkDepth(depth);
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    writer.uint32(STRUCT_FIELDS).fork();
    writer.uint32(ENTRY_KEY).string(wellFormed(key));
    writer.uint32(ENTRY_VALUE).fork();
    putValue(writer, value, depth);
    writer.ldelim().ldelim();
  }
}

function putList(writer: protobuf.Writer, list: readonly unknown[], depth: number): void {
  checkDepth(depth);
  for (const value of list) {
    writer.uint32(LIST_VALUES).fork();
    putValue(writer, value, depth);
    writer.ldelim();
  }
}

function putValue(writer: protobuf.Writer, value: unknown, depth: number): void {
  if (typeof value === 'string') {
    writer.uint32(VALUE_STRING).string(wellFormed(value));
  } else if (typeof value === 'boolean') {
    writer.uint32(VALUE_BOOL).bool(value);
  } else if (typeof value === 'number' && Number.isFinite(value)) {
    writer.uint32(VALUE_NUMBER).double(value);
  } else if (Array.isArray(value)) {
    writer.uint32(VALUE_LIST).fork();
    putList(writer, value, depth + 1);
    writer.ldelim();
  } else if (isJsonObject(value)) {
    writer.uint32(VALUE_STRUCT).fork();
    putStruct(writer, value, depth + 1);
    writer.ldelim();
  } else {
    writer.uint32(VALUE_NULL).int32(0);
  }
}

// Bounds the recursion; protobuf libraries of clients have such a bound too.
function checkDepth(depth: number): void {
  if (depth <= LIMITS.content_depth) return;
  throw new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `A content has more than ${LIMITS.content_depth} objects and lists inside one another, which gRPC can't carry; read it over REST.`,
    { field: 'content', limit: LIMITS.content_depth },
  );
}
