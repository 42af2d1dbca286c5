import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** What of a JSON schema the fuzzer reads. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly propertyNames?: Schema;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly contentEncoding?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>;
}

interface RawOperation {
  readonly operationId: string;
  readonly parameters: readonly unknown[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

/** One operation as the document has it. */
export interface ApiOperation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Of a JSON body; undefined = the operation takes none. */
  readonly body: Schema | undefined;
  /** Of the form's `config`, where a form is taken. */
  readonly config: Schema | undefined;
  /** Checks the body of an answer with this status, fields that are not described included. */
  readonly answers: ReadonlyMap<number, ValidateFunction>;
}

/** An API as its OpenAPI document describes it. */
export class DescribedApi {
  readonly operations: readonly ApiOperation[];
  readonly #document: OpenApiDocument;
  readonly #ajv = new Ajv2020({ strict: false });
  readonly #inputs = new Map<Schema, ValidateFunction>();

  constructor(document: unknown) {
    this.#document = document as OpenApiDocument;
    this.#ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    this.#ajv.addFormat('binary', true);
    this.#ajv.addSchema({ ...(document as object), $id: 'open' });
    this.#ajv.addSchema({ ...(closed(document) as object), $id: 'closed' });
    this.operations = Object.entries(this.#document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, raw]) => this.#operation(method, path, raw)),
    );
  }

  /** What a reference refers to; anything else is itself. */
  resolve<T>(value: T): T {
    const { $ref } = value as { readonly $ref?: string };
    if ($ref === undefined) return value;
    const found = $ref
      .slice('#/'.length)
      .split('/')
      .reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], this.#document);
    return found as T;
  }

  /** Whether the document allows a value as input. */
  allows(schema: Schema, value: unknown): boolean {
    let validate = this.#inputs.get(schema);
    if (validate === undefined) {
      validate = this.#compile(schema, 'open');
      this.#inputs.set(schema, validate);
    }
    return validate(value);
  }

  #operation(method: string, path: string, raw: RawOperation): ApiOperation {
    const content = raw.requestBody?.content ?? {};
    const answers = Object.entries(raw.responses).map(([status, response]) => {
      const { content } = this.resolve(response) as RawOperation['requestBody'] & object;
      const schema = closed(content['application/json']!.schema) as Schema;
      return [Number(status), this.#compile(schema, 'closed')] as const;
    });
    const form = content['multipart/form-data']?.schema;
    return {
      id: raw.operationId,
      method: method.toUpperCase(),
      path,
      parameters: raw.parameters.map((parameter) => this.resolve(parameter) as Parameter),
      body: content['application/json']?.schema,
      config: form?.properties?.config,
      answers: new Map(answers),
    };
  }

  #compile(schema: Schema, base: 'open' | 'closed'): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('"#/', `"${base}#/`);
    return this.#ajv.compile(JSON.parse(text));
  }
}

/** The same with every object that has named fields closed to others. */
function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, closed(value)]),
  ) as Record<string, unknown>;
  if (copy.type === 'object' && copy.properties !== undefined) copy.additionalProperties = false;
  return copy;
}
