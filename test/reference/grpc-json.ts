import protobuf from 'protobufjs';
import {
  ofPlainStruct,
  ofPlainValue,
  type PlainStruct,
  type PlainValue,
  plainStruct,
  plainValue,
} from '../transport/grpc/json-values.js';

/**
 * Between the API's JSON and messages as proto-loader takes and gives them, as the protos describe
 * them: a time is a Timestamp, a state an enum, a module bytes.
 */

type Fields = Readonly<Record<string, unknown>>;

const STATE_PREFIX = 'AGENT_STATUS_';

export function toMessage(type: protobuf.Type, json: object): Fields {
  const entries = Object.entries(json).map(([name, value]) => {
    const field = type.fields[name];
    if (field === undefined) throw new Error(`${type.name} has no field ${name}`);
    const convert = (each: unknown): unknown => toField(field, each);
    return [name, field.repeated ? (value as unknown[]).map(convert) : convert(value)];
  });
  return Object.fromEntries(entries);
}

function toField(field: protobuf.Field, value: unknown): unknown {
  const inner = field.resolvedType;
  if (field.map) return value;
  if (inner instanceof protobuf.Enum) return `${STATE_PREFIX}${String(value).toUpperCase()}`;
  if (inner?.fullName === '.google.protobuf.Struct') return plainStruct(value as object);
  if (inner?.fullName === '.google.protobuf.Value') return plainValue(value);
  if (inner instanceof protobuf.Type) return toMessage(inner, value as object);
  if (field.type === 'bytes') return asBytes(value);
  return /^(u?int|s?fixed|double|float)/.test(field.type) ? Number(value) : value;
}

function asBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : Buffer.from(value as string, 'base64');
}

/** A field that is not on the wire because it has its default is in the JSON all the same. */
export function ofMessage(type: protobuf.Type, message: Fields): Fields {
  const entries = type.fieldsArray.flatMap((field) => {
    const value = message[field.name] ?? defaultOf(field);
    if (value === undefined) return [];
    const convert = (each: unknown): unknown => ofField(field, each);
    return [[field.name, field.repeated ? (value as unknown[]).map(convert) : convert(value)]];
  });
  return Object.fromEntries(entries) as Fields;
}

/** Undefined where absence means something: of messages, and of fields that are `optional`. */
function defaultOf(field: protobuf.Field): unknown {
  const absent = field.resolvedType instanceof protobuf.Type || field.partOf !== null || field.map;
  if (field.repeated) return [];
  return absent ? undefined : field.typeDefault;
}

function ofField(field: protobuf.Field, value: unknown): unknown {
  const inner = field.resolvedType;
  if (field.map) return value;
  if (inner instanceof protobuf.Enum) return String(value).replace(STATE_PREFIX, '').toLowerCase();
  if (inner?.fullName === '.google.protobuf.Struct') return ofPlainStruct(value as PlainStruct);
  if (inner?.fullName === '.google.protobuf.Value') return ofPlainValue(value as PlainValue);
  if (inner?.fullName === '.google.protobuf.Timestamp') return timeText(value as Fields);
  if (inner instanceof protobuf.Type) return ofMessage(inner, value as Fields);
  return typeof value === 'object' ? Number(value) : value;
}

function timeText({ seconds = 0, nanos = 0 }: Fields): string {
  return new Date(Number(seconds) * 1_000 + Number(nanos) / 1e6).toISOString();
}
