import protobuf from 'protobufjs';
import { invalidRequest } from '../../base/errors.js';
import { PACKAGE, parseProtos } from './protos.js';

/** A message as a plain object: names as in the `.proto` files, absent fields absent. */
export type Fields = Record<string, unknown>;

/** The request and the response of one method, between bytes and plain objects. */
export interface MethodCodec {
  /** @throws CaxtonError INVALID_REQUEST when the bytes are no such message */
  decodeRequest(bytes: Uint8Array): Fields;
  encodeResponse(response: object): Buffer;
}

// Read and written by struct.ts; the codecs pass their bytes through.
const OPAQUE_TYPES: ReadonlySet<string> = new Set([
  'google.protobuf.Struct',
  'google.protobuf.Value',
]);

/** Codecs of all methods, by service and method. */
export class Codecs {
  readonly #root: protobuf.Root;

  constructor() {
    this.#root = parseProtos();
    makeOpaque(this.#root.lookup(PACKAGE) as protobuf.Namespace);
    this.#root.resolveAll();
  }

  /** @param service without its package */
  of(service: string, method: string): MethodCodec {
    const { resolvedRequestType, resolvedResponseType } = this.#root.lookupService(
      `${PACKAGE}.${service}`,
    ).methods[method]!;
    return codecOf(resolvedRequestType!, resolvedResponseType!);
  }

  /** One message of the package, such as Error. */
  encode(type: string, fields: object): Uint8Array {
    return this.#root
      .lookupType(`${PACKAGE}.${type}`)
      .encode(fields as protobuf.Message)
      .finish();
  }

  /**
   * One message of the package, with contents as bytes.
   * @throws CaxtonError INVALID_REQUEST when the bytes are no such message
   */
  decode(type: string, bytes: Uint8Array): Fields {
    const known = this.#root.lookupType(`${PACKAGE}.${type}`);
    return known.toObject(decode(known, bytes), { longs: Number });
  }
}

function makeOpaque(namespace: protobuf.Namespace): void {
  for (const type of namespace.nestedArray) {
    if (!(type instanceof protobuf.Type)) continue;
    for (const field of type.fieldsArray) if (OPAQUE_TYPES.has(field.type)) asBytes(type, field);
  }
}

// The same on the wire. The oneof keeps an empty Struct apart from none, as messages do.
function asBytes(type: protobuf.Type, { name, id }: protobuf.Field): void {
  type.remove(type.fields[name]!);
  const presence = new protobuf.OneOf(`_${name}`);
  presence.add(new protobuf.Field(name, id, 'bytes', { proto3_optional: true }));
  type.add(presence);
}

function codecOf(request: protobuf.Type, response: protobuf.Type): MethodCodec {
  return {
    decodeRequest: (bytes) => request.toObject(decode(request, bytes), { longs: Number }),
    // The encoder takes plain objects; its type asks for instances.
    encodeResponse: (fields) => response.encode(fields as protobuf.Message).finish() as Buffer,
  };
}

function decode(type: protobuf.Type, bytes: Uint8Array): protobuf.Message {
  try {
    return type.decode(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidRequest(
      `The request is not a valid ${type.fullName.slice(1)}: ${reason}.`,
      'request',
    );
  }
}
