import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from '../../../src/api/openapi/document.js';
import { COMMON_ERRORS } from '../../../src/api/operation.js';
import { allOperations, OPERATIONS } from '../../../src/api/operations.js';
import { ERROR_TABLE, type ErrorCode } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VERSION } from '../../../src/base/version.js';
import { UNARY_METHODS } from '../../../src/transport/grpc/services.js';

interface Media {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Described {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly 'x-caxton-operation': string;
  readonly 'x-caxton-role': string;
  readonly 'x-caxton-rate-class': string;
  readonly 'x-caxton-grpc-methods': readonly string[];
  readonly parameters: ReadonlyArray<{
    readonly $ref?: string;
    readonly name?: string;
    readonly in?: string;
    readonly description?: string;
    readonly schema?: object;
  }>;
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Readonly<Record<string, Media>> }>
  >;
}

interface Components {
  readonly schemas: Readonly<Record<string, object>>;
  readonly responses: Readonly<Record<string, { readonly content: Record<string, Media> }>>;
}

const document = JSON.parse(JSON.stringify(openApiDocument({ needsToken: true }))) as Record<
  string,
  unknown
> & {
  paths: Record<string, Record<string, Described>>;
  components: Components;
  tags: { name: string }[];
  info: { version: string };
};

const described = new Map(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, it]) => [`${method.toUpperCase()} ${path}`, it] as const),
  ),
);
const of = (key: keyof typeof OPERATIONS): Described => {
  const { method, path } = OPERATIONS[key].rest;
  return described.get(`${method} ${path}`)!;
};

const ajv = new Ajv2020({ strict: false });
ajv.addFormat('date-time', true);
ajv.addFormat('binary', true);
ajv.addSchema({ ...document, $id: 'openapi' });

function pointingIntoDocument(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/'));
}

/** A schema of the document, whose references point into it. */
function compiled(schema: object) {
  return ajv.compile(pointingIntoDocument(schema));
}

interface Example {
  readonly schema: object;
  readonly value: unknown;
  readonly path: string;
}

/** Every example: of bodies, parameters and headers, and those that stand in a schema itself. */
function examplesIn(node: unknown, path = ''): Example[] {
  if (typeof node !== 'object' || node === null) return [];
  const { schema, example, examples } = node as Media;
  const inSchema = Array.isArray(examples);
  const named = inSchema ? examples : Object.values(examples ?? {}).map((entry) => entry.value);
  const values = [...(example === undefined ? [] : [example]), ...named];
  const own = values.map((value) => ({ schema: inSchema ? node : schema, value, path }));
  const below = Object.entries(node)
    .filter(([key]) => key !== 'example' && key !== 'examples')
    .flatMap(([key, value]) => examplesIn(value, `${path}/${key}`));
  return [...own, ...below];
}

/** The schema made strict, part by part, as checkers of OpenAPI documents do. */
function namedFieldsOnly(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(namedFieldsOnly);
  if (typeof node !== 'object' || node === null) return node;
  const parts = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, namedFieldsOnly(value)]),
  );
  const isObject = typeof parts.properties === 'object' && !('additionalProperties' in parts);
  return isObject ? { ...parts, unevaluatedProperties: false } : parts;
}

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1, with every reference leading somewhere', async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(document));
    assert.ok(result.valid, JSON.stringify(result.errors));
    assert.equal(validator.version, '3.1');
    assert.doesNotMatch(JSON.stringify(validator.resolveRefs()), /"\$ref"/);
  });

  test('has every operation of the table, and nothing else', () => {
    const table = Object.entries(OPERATIONS).map(
      ([key, { rest }]) => `${rest.method} ${rest.path} ${key}`,
    );
    const found = [...described].map(([route, { operationId }]) => `${route} ${operationId}`);
    assert.deepEqual(found.sort(), table.sort());
  });

  test('tells of each operation its role, its rate, its gRPC methods and their service', () => {
    for (const { name, role, rateClass, rest, grpc } of allOperations()) {
      const it = described.get(`${rest.method} ${rest.path}`)!;
      assert.equal(it['x-caxton-operation'], name);
      assert.equal(it['x-caxton-role'], role);
      assert.equal(it['x-caxton-rate-class'], rateClass);
      assert.deepEqual(it.tags, [grpc?.service ?? 'REST']);
    }
    assert.deepEqual(
      [...described.values()].flatMap((it) => it['x-caxton-grpc-methods']).sort(),
      UNARY_METHODS.map(({ service, name }) => `${service}/${name}`).sort(),
    );
  });

  test('describes each tag that it uses, and no other', () => {
    const used = new Set([...described.values()].flatMap(({ tags }) => tags));
    assert.deepEqual(document.tags.map(({ name }) => name).sort(), [...used].sort());
  });

  test('has every field of an input once: in the path, the query or the body', () => {
    for (const { name, rest, input } of allOperations()) {
      const it = described.get(`${rest.method} ${rest.path}`)!;
      const body = it.requestBody?.content['application/json']?.schema as { $ref: string };
      const component = body?.$ref.split('/').at(-1);
      const schema = (component && document.components.schemas[component]) || {};
      const inBody = Object.keys((schema as { properties?: object }).properties ?? {});
      const inUrl = it.parameters.flatMap((p) => (p.name === undefined ? [] : [p.name]));
      const fields = Object.keys((input as unknown as { properties: object }).properties);
      assert.deepEqual([...inBody, ...inUrl].sort(), fields.sort(), name);
    }
  });

  test('gives each operation the statuses and codes of the table of errors', () => {
    for (const { rest, errors = [] } of allOperations()) {
      const it = described.get(`${rest.method} ${rest.path}`)!;
      const codes = Object.entries(it.responses).flatMap(([status, { $ref }]) => {
        const media = document.components.responses[$ref?.split('/').at(-1) ?? ''];
        const shown = Object.keys(media?.content['application/json']?.examples ?? {});
        for (const code of shown) {
          assert.equal(ERROR_TABLE[code as ErrorCode].httpStatus, Number(status), code);
        }
        return shown;
      });
      assert.deepEqual(codes.sort(), [...COMMON_ERRORS, ...errors].sort(), rest.path);
      assert.ok(it.responses[String(rest.status)]?.content);
    }
  });

  test('has examples that its schemas allow, and whose every field they name', () => {
    const checker = new Ajv2020({ strict: false });
    checker.addFormat('date-time', true);
    checker.addFormat('binary', true);
    checker.addSchema({ ...(namedFieldsOnly(document) as object), $id: 'openapi' });
    const examples = examplesIn(document);
    assert.ok(examples.length > 30, `${examples.length}`);
    for (const { schema, value, path } of examples) {
      const validate = checker.compile(namedFieldsOnly(pointingIntoDocument(schema)) as object);
      assert.ok(validate(value), `${path} ${JSON.stringify(validate.errors)}`);
    }
  });

  test('lets the codes of an answer be those of its status alone', () => {
    const answer = compiled(
      document.components.responses.UNAUTHORIZED!.content['application/json']!.schema,
    );
    assert.ok(!answer({ error: { code: 'FORBIDDEN', message: '', details: {}, trace_id: '' } }));
  });

  test('offers a form where a module comes with a config, and a key where it is heeded', () => {
    const withForm = [...described.values()].filter(
      ({ requestBody }) => requestBody?.content['multipart/form-data'],
    );
    assert.deepEqual(withForm.map(({ operationId }) => operationId).sort(), [
      'deployAgent',
      'reloadAgent',
      'updateAgent',
    ]);
    const withKey = [...described.values()].filter(({ parameters }) =>
      parameters.some(({ $ref }) => $ref?.endsWith('Idempotency-Key')),
    );
    assert.deepEqual(withKey.map(({ operationId }) => operationId).sort(), [
      'createDeployment',
      'createTask',
      'deployAgent',
      'distributeTask',
      'reloadAgent',
      'retryDeadLetter',
      'rollbackDeployment',
      'sendMessage',
      'updateAgent',
    ]);
  });

  test('has no defaults, which clients would send or take as always there, but tells of them', () => {
    const text = JSON.stringify(document);
    assert.doesNotMatch(text, /"default":/);
    const timeout = of('sendMessage').parameters.find(({ name }) => name === 'timeout_ms');
    assert.equal(timeout?.description, `Default: ${LIMITS.wait_default_ms}`);
    const page = of('listMessages').parameters.find(({ name }) => name === 'limit');
    assert.equal(page?.description, `Most entries of one page; default: ${LIMITS.page_default}`);
    const task = document.components.schemas.CreateTaskRequest as {
      required: string[];
      properties: Record<string, { description?: string }>;
    };
    assert.ok(!task.required.includes('timeout_seconds'));
    assert.match(task.properties.timeout_seconds!.description!, /Default: 300$/);
  });

  test('shows a config as users write it beside the file of a form', () => {
    for (const key of ['deployAgent', 'updateAgent', 'reloadAgent'] as const) {
      const { content } = of(key).requestBody!;
      const form = content['multipart/form-data']!.schema as {
        properties: { config: { examples: unknown[] } };
      };
      const { config } = content['application/json']!.example as { config: unknown };
      assert.deepEqual(form.properties.config.examples, [config]);
    }
  });

  test('names shared schemas once and refers to them', () => {
    const { schemas } = document.components;
    assert.ok(schemas.Message && schemas.AgentConfig);
    const deploy = of('deployAgent').requestBody!.content['application/json']!.schema;
    assert.deepEqual(deploy, { $ref: '#/components/schemas/DeployAgentRequest' });
    assert.equal(JSON.stringify(schemas.ListMessagesResponse).split('schemas/Message"').length, 2);
    assert.deepEqual(of('getMessage').responses[200]!.content!['application/json']!.schema, {
      $ref: '#/components/schemas/Message',
    });
    assert.doesNotMatch(JSON.stringify(document), /x-bytes|"~/);
  });

  test('says by its security whether a token is needed, and the version of the server', () => {
    const schemes = [{ caxtonToken: [] }, { bearer: [] }];
    assert.deepEqual(document.security, schemes);
    assert.deepEqual(openApiDocument({ needsToken: false }).security, [...schemes, {}]);
    assert.equal(document.info.version, VERSION);
  });
});
