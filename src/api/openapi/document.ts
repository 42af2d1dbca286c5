import { LIMITS } from '../../base/limits.js';
import { VERSION } from '../../base/version.js';
import { AgentConfigInput } from '../agent-config.js';
import type { Operation } from '../operation.js';
import { DeliveryOptions } from '../operations/messages.js';
import { OPERATIONS } from '../operations.js';
import { ErrorOutput, MessageOutput } from '../schemas.js';
import { DeploymentStrategyInput } from '../strategy-input.js';
import { ErrorResponses, HEADERS } from './error-responses.js';
import { operationObject, tagOf } from './operation-object.js';
import { type JsonObject, SchemaBook } from './schema-book.js';

export interface DocumentOptions {
  /** Whether the server has tokens; where it has none every caller may call. */
  readonly needsToken: boolean;
}

/**
 * The REST API as a document of OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1), made from the
 * table of operations and the table of errors, and from nothing of this server but its version and
 * whether it wants a token.
 */
export function openApiDocument({ needsToken }: DocumentOptions): JsonObject {
  const schemas = new SchemaBook();
  const errors = new ErrorResponses();
  defineShared(schemas);
  const operations = Object.entries(OPERATIONS) as unknown as [string, Operation][];
  const paths: Record<string, JsonObject> = {};
  for (const [key, operation] of operations) {
    const { path, method } = operation.rest;
    paths[path] ??= {};
    paths[path][method.toLowerCase()] = operationObject(key, operation, { schemas, errors });
  }
  const tags = [...new Set(operations.map(([, operation]) => tagOf(operation)))];
  return {
    openapi: '3.1.1',
    info: {
      title: 'Caxton',
      version: VERSION,
      summary: 'Agents as WebAssembly modules that talk in FIPA messages',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'The server that this document is from' }],
    security: [{ caxtonToken: [] }, { bearer: [] }, ...(needsToken ? [] : [{}])],
    tags: tags.map((name) => ({ name, description: TAG_DESCRIPTIONS[name] ?? name })),
    paths,
    components: {
      schemas: schemas.schemas,
      responses: errors.responses,
      parameters: PARAMETERS,
      headers: HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/** Named once, where they would be told over and over. */
function defineShared(schemas: SchemaBook): void {
  schemas.define('Message', MessageOutput);
  schemas.define('Failure', ErrorOutput);
  schemas.define('AgentConfig', AgentConfigInput);
  schemas.define('DeploymentStrategy', DeploymentStrategyInput);
  schemas.define('DeliveryOptions', DeliveryOptions);
}

const DESCRIPTION = [
  'Bodies and answers are JSON in UTF-8; times are RFC 3339 in UTC; a unit is part of each figure’s name.',
  'A field or a query parameter that an operation does not have is refused by its name.',
  `A request’s body may have ${LIMITS.request_body_bytes} bytes.`,
  'HEAD is answered wherever GET is.',
].join(' ');

const TAG_DESCRIPTIONS: Readonly<Record<string, string>> = Object.freeze({
  AgentService: 'Agents: deploying, showing, stopping, starting, updating and removing them',
  MessageService: 'Messages: sending, history, conversations, dead letters',
  TaskService: 'Tasks that go to the best bid',
  DeploymentService: 'Deployments: new versions of agents, step by step, and back',
  MetricsService: 'Figures of the server and of its agents',
});

const PARAMETERS: JsonObject = {
  traceparent: {
    name: 'traceparent',
    in: 'header',
    required: false,
    description: 'W3C Trace Context; its trace id is that of an error',
    schema: { type: 'string' },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'A request repeated under the same key gets the first result',
    schema: { type: 'string', maxLength: LIMITS.field_bytes },
  },
};

const SECURITY_SCHEMES: JsonObject = {
  caxtonToken: { type: 'apiKey', in: 'header', name: 'X-Caxton-Token' },
  bearer: { type: 'http', scheme: 'bearer' },
};
