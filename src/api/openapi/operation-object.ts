import { FORM_PARTS, type Operation } from '../operation.js';
import { type ErrorResponses, RATE_HEADERS } from './error-responses.js';
import { REQUEST_EXAMPLES } from './examples.js';
import type { JsonObject, SchemaBook } from './schema-book.js';

/** The input of an operation, which is an object always. */
interface InputSchema {
  readonly required?: readonly string[];
  readonly properties: Readonly<Record<string, JsonObject>>;
}

export interface Collections {
  readonly schemas: SchemaBook;
  readonly errors: ErrorResponses;
}

/** The tag of an operation: the gRPC service that has it too. */
export function tagOf({ grpc }: Pick<Operation, 'grpc'>): string {
  return grpc?.service ?? 'REST';
}

/**
 * Describes one operation of the table (OpenAPI 3.1, section 4.8.10).
 * @param key its key in the table, by which clients that are made from the document call it
 */
export function operationObject(key: string, operation: Operation, all: Collections): JsonObject {
  const { rest, summary, role, rateClass, grpc } = operation;
  const methods = (grpc?.methods ?? []).map((method) => `${grpc?.service}/${method}`);
  const overGrpc = methods.length === 0 ? '' : ` Over gRPC: ${methods.join(', ')}.`;
  const body = requestBody(key, operation, all.schemas);
  return {
    operationId: key,
    tags: [tagOf(operation)],
    summary,
    description: `Needs the role ${role}; counts against the rate of the class ${rateClass}.${overGrpc}`,
    'x-caxton-operation': operation.name,
    'x-caxton-role': role,
    'x-caxton-rate-class': rateClass,
    'x-caxton-grpc-methods': methods,
    parameters: parametersOf(operation, all.schemas),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: {
      [rest.status]: {
        description: 'Done',
        headers: RATE_HEADERS,
        content: {
          'application/json': {
            schema: all.schemas.define(named(key, 'Response'), operation.output),
          },
        },
      },
      ...all.errors.of(operation),
    },
  };
}

/** `deployAgent` → `DeployAgentRequest`. */
function named(key: string, what: 'Request' | 'Response'): string {
  return `${key.charAt(0).toUpperCase()}${key.slice(1)}${what}`;
}

function inputOf(operation: Operation): InputSchema {
  return operation.input as unknown as InputSchema;
}

function pathFields({ rest }: Operation): string[] {
  return [...rest.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
}

function parametersOf(operation: Operation, schemas: SchemaBook): JsonObject[] {
  const { properties, required = [] } = inputOf(operation);
  const parameter = (place: 'path' | 'query') => (name: string) => {
    const { description, ...schema } = schemas.plain(properties[name]!);
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema,
    };
  };
  return [
    ...pathFields(operation).map(parameter('path')),
    ...(operation.rest.query ?? []).map(parameter('query')),
    { $ref: '#/components/parameters/traceparent' },
    ...(takesIdempotencyKey(operation)
      ? [{ $ref: '#/components/parameters/Idempotency-Key' }]
      : []),
  ];
}

function takesIdempotencyKey(operation: Operation): boolean {
  const options = inputOf(operation).properties.options?.properties as JsonObject | undefined;
  return operation.keepsResult === true || options?.idempotency_key !== undefined;
}

function requestBody(
  key: string,
  operation: Operation,
  schemas: SchemaBook,
): JsonObject | undefined {
  const { method, query = [], file } = operation.rest;
  if (method !== 'POST' && method !== 'PUT') return undefined;
  const { properties, required = [] } = inputOf(operation);
  const elsewhere = new Set([...pathFields(operation), ...query]);
  const fields = Object.keys(properties).filter((name) => !elsewhere.has(name));
  if (fields.length === 0) return undefined;
  const needed = required.filter((name) => fields.includes(name));
  const schema = {
    type: 'object',
    ...(needed.length === 0 ? {} : { required: needed }),
    properties: Object.fromEntries(fields.map((name) => [name, properties[name]])),
    additionalProperties: false,
  };
  const example = REQUEST_EXAMPLES[key];
  return {
    required: needed.length > 0,
    content: {
      'application/json': {
        schema: schemas.define(named(key, 'Request'), schema),
        ...(example === undefined ? {} : { example }),
      },
      ...(file === undefined ? {} : formOf(inputOf(operation), schemas, example)),
    },
  };
}

/** The same as a form: the module as a file, the rest of the input as its `config`. */
function formOf(
  { properties, required = [] }: InputSchema,
  schemas: SchemaBook,
  example: unknown,
): JsonObject {
  const { file, config } = FORM_PARTS;
  // Without a config the form has no place for the other fields.
  if (properties[config] === undefined) return {};
  return {
    'multipart/form-data': {
      schema: {
        type: 'object',
        required: required.includes(config) ? [file, config] : [file],
        properties: {
          [file]: {
            type: 'string',
            format: 'binary',
            contentMediaType: 'application/wasm',
            description: 'A WebAssembly module',
          },
          // A file can't be told as an example; what stands beside it can.
          [config]: {
            ...schemas.plain(properties[config]),
            examples: [(example as JsonObject)[config]],
          },
        },
        additionalProperties: false,
      },
      encoding: { [config]: { contentType: 'application/json' } },
    },
  };
}
