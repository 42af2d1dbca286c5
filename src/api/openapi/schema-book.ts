import type { TSchema } from 'typebox';

/** A value of JSON's objects, as schemas and the other parts of the document are. */
export type JsonObject = Record<string, unknown>;

export interface Reference {
  readonly $ref: string;
}

const SCHEMAS = '#/components/schemas/';

/**
 * The schemas of the document. What is defined by a name is told once, and wherever the same
 * schema occurs there is a reference to it.
 */
export class SchemaBook {
  readonly #byName: JsonObject = {};
  readonly #nameByText = new Map<string, string>();

  /** The defined schemas, for `components`. */
  get schemas(): JsonObject {
    return this.#byName;
  }

  /** Names a schema, unless the same one has a name already. @returns a reference to it */
  define(name: string, schema: TSchema | JsonObject): Reference {
    const text = JSON.stringify(schema);
    const known = this.#nameByText.get(text);
    if (known !== undefined) return { $ref: `${SCHEMAS}${known}` };
    // Its parts first: a schema that is asked for within itself would never end.
    this.#byName[name] = this.#plainParts(JSON.parse(text) as JsonObject);
    this.#nameByText.set(text, name);
    return { $ref: `${SCHEMAS}${name}` };
  }

  /** The schema as plain JSON Schema (2020-12), with references to what is defined. */
  plain(schema: TSchema | JsonObject): JsonObject {
    return this.#plain(JSON.parse(JSON.stringify(schema))) as JsonObject;
  }

  #plain(node: unknown): unknown {
    if (Array.isArray(node)) return node.map((entry) => this.#plain(entry));
    if (typeof node !== 'object' || node === null) return node;
    const name = this.#nameByText.get(JSON.stringify(node));
    return name === undefined
      ? this.#plainParts(node as JsonObject)
      : { $ref: `${SCHEMAS}${name}` };
  }

  #plainParts(node: JsonObject): JsonObject {
    if (node['x-bytes'] === true) return moduleInBase64();
    const plain = Object.fromEntries(
      Object.entries(withoutDefault(node)).map(([key, value]) => [key, this.#plain(value)]),
    );
    const { enum: values } = plain;
    // Readers of the document want the type that the values leave no doubt of.
    return Array.isArray(values) && values.every((value) => typeof value === 'string')
      ? { type: 'string', ...plain }
      : plain;
  }
}

/**
 * What holds when a field is left out, as text: by `default`, pages that try the API send the field
 * though nobody asked for it, and makers of types take it for one that is always there.
 */
function withoutDefault(schema: JsonObject): JsonObject {
  const { default: value, ...rest } = schema;
  // A field may have that name too; then this are the fields of an object.
  if (value === undefined || typeof value === 'object') return schema;
  const { description } = rest;
  const text = `efault: ${value}`;
  return {
    ...rest,
    description: description === undefined ? `D${text}` : `${description}; d${text}`,
  };
}

function moduleInBase64(): JsonObject {
  return {
    type: 'string',
    contentEncoding: 'base64',
    contentMediaType: 'application/wasm',
    description: 'A WebAssembly module in base64 (RFC 4648, section 4), padded',
  };
}
