import type { TSchema } from 'typebox';
import { AgentConfigInput } from '../src/api/agent-config.js';
import type { Operation } from '../src/api/operation.js';
import { DeliveryOptions } from '../src/api/operations/messages.js';
import { OPERATIONS } from '../src/api/operations.js';
import { AgentStatus, ErrorOutput, MessageOutput } from '../src/api/schemas.js';
import { DeploymentStrategyInput } from '../src/api/strategy-input.js';
import { PERFORMATIVES } from '../src/fipa/performative.js';
import { STRATEGY_FIELDS } from '../src/runtime/deploy/strategy-plan.js';

/**
 * The TypeScript of the SDK's types and of its table of operations, from the server's own table, so
 * that every field of every operation is typed as the server checks it.
 */

/** The part of JSON Schema that the operations table uses. */
interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly description?: string;
  readonly 'x-bytes'?: boolean;
}

const HEADING = [
  "// Made from the server's table of operations by `npm run sdk-types`: change that, not this file.",
  '',
];

const operations = Object.entries(OPERATIONS) as unknown as ReadonlyArray<
  readonly [string, Operation<unknown, unknown>]
>;

/** What is worth a name of its own; wherever the same schema is found, the name stands. */
const NAMED: ReadonlyArray<readonly [string, TSchema]> = [
  ['AgentStatus', AgentStatus],
  ['Performative', { enum: [...PERFORMATIVES] } as unknown as TSchema],
  ['Failure', ErrorOutput],
  ['Message', MessageOutput],
  ['DeliveryOptions', DeliveryOptions],
  ['AgentConfig', AgentConfigInput],
  ['DeploymentStrategy', DeploymentStrategyInput],
  ['AgentDetails', OPERATIONS.getAgent.output],
  ['Deployment', OPERATIONS.getDeployment.output],
  ['Task', OPERATIONS.getTask.output],
];

const nameOfShape = new Map(NAMED.map(([name, schema]) => [shape(schema as Schema), name]));

/** What makes two schemas the same type. */
function shape({ description: _, ...schema }: Schema): string {
  return JSON.stringify(schema);
}

/** `deployAgent` → `DeployAgentInput`. */
export function typeName(key: string, side: 'Input' | 'Output'): string {
  return `${key[0]!.toUpperCase()}${key.slice(1)}${side}`;
}

/** The text of `operation-types.ts`, before it is formatted. */
export function operationTypes(): string {
  const lines = [
    ...HEADING,
    "import type { WasmModule } from './wasm-module.js';",
    '',
    '/** Of the types below: fields have the names that the REST API prints, times are RFC 3339. */',
    '',
  ];
  for (const [name, schema] of NAMED) {
    const isStrategy = schema === DeploymentStrategyInput;
    lines.push(isStrategy ? strategyType(name) : declaration(name, schema as Schema), '');
  }
  for (const [key, { input, output, summary }] of operations) {
    lines.push(declaration(typeName(key, 'Input'), input as Schema, `Of ${key}: ${summary}.`), '');
    lines.push(declaration(typeName(key, 'Output'), output as Schema), '');
  }
  return lines.join('\n');
}

/** The text of `operation-table.ts`, before it is formatted. */
export function operationTable(): string {
  const rows = operations.map(([key, operation]) => {
    const { method, path, query = [] } = operation.rest;
    const quoted = query.map((name) => `'${name}'`).join(', ');
    const fields = `method: '${method}', path: '${path}', query: [${quoted}]`;
    return `${key}: { ${fields}, repeat: '${repeatOf(operation)}' },`;
  });
  const types = operations.map(([key]) => {
    const [input, output] = [typeName(key, 'Input'), typeName(key, 'Output')];
    return `${key}: { input: types.${input}; output: types.${output} };`;
  });
  return [
    ...HEADING,
    "import type { OperationRow } from './operation-row.js';",
    "import type * as types from './operation-types.js';",
    '',
    '/** Input and output of each operation. */',
    `export interface OperationTypes {\n${types.join('\n')}\n}`,
    '',
    '/** How each operation is called over REST. */',
    'export const OPERATIONS: Readonly<Record<keyof OperationTypes, OperationRow>> = Object.freeze({',
    ...rows,
    '});',
    '',
  ].join('\n');
}

/** Whether a call may be made once more when nobody knows what became of the first. */
function repeatOf(operation: Operation<unknown, unknown>): 'always' | 'with_key' | 'never' {
  if (operation.rest.method === 'GET') return 'always';
  return operation.keepsResult || operation.name === 'messages.send' ? 'with_key' : 'never';
}

function declaration(name: string, schema: Schema, comment?: string): string {
  const heading = comment === undefined ? '' : `/** ${comment} */\n`;
  const known = nameOfShape.get(shape(schema));
  if (known !== undefined && known !== name) return `${heading}export type ${name} = ${known};`;
  if (schema.properties === undefined || Object.keys(schema.properties).length === 0) {
    return `${heading}export type ${name} = ${bare(schema)};`;
  }
  return `${heading}export interface ${name} ${bare(schema)}`;
}

/** One form for each strategy that has fields of its own, and one for the others. */
function strategyType(name: string): string {
  const { type, ...fields } = DeploymentStrategyInput.properties as unknown as Record<
    string,
    Schema
  >;
  const isOf = (field: string, strategy: string): boolean =>
    (STRATEGY_FIELDS[field] as readonly string[] | undefined)?.includes(strategy) ?? false;
  const entries = Object.entries(fields);
  const forms = new Map<string, { strategies: string[]; own: typeof entries }>();
  for (const strategy of type?.enum ?? []) {
    const own = entries.filter(([field]) => isOf(field, strategy));
    const key = own.map(([field]) => field).join();
    const form = forms.get(key) ?? { strategies: [], own };
    form.strategies.push(strategy);
    forms.set(key, form);
  }
  const texts = [...forms.values()].map(({ strategies, own }) => {
    const properties = { type: { enum: strategies }, ...Object.fromEntries(own) };
    return bare({ type: 'object', properties, required: ['type'] });
  });
  const shared = entries.filter(([field]) => STRATEGY_FIELDS[field] === undefined);
  const common = bare({ type: 'object', properties: Object.fromEntries(shared) });
  return `export type ${name} = ${common} & (${texts.join(' | ')});`;
}

function typeOf(schema: Schema): string {
  return nameOfShape.get(shape(schema)) ?? bare(schema);
}

function bare(schema: Schema): string {
  if (schema['x-bytes']) return 'WasmModule';
  if (schema.enum) return schema.enum.map((value) => `'${value}'`).join(' | ');
  if (schema.const !== undefined) return `'${schema.const}'`;
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `Array<${typeOf(schema.items ?? {})}>`;
    case 'object':
      return objectType(schema);
    case undefined:
      return 'unknown';
    default:
      throw new Error(`no TypeScript is known for ${JSON.stringify(schema)}`);
  }
}

/** The server takes an act in any spelling; an editor can help with one alone. */
function fieldType(name: string, schema: Schema): string {
  return name === 'performative' ? 'Performative' : typeOf(schema);
}

function objectType(object: Schema): string {
  const { properties, patternProperties, additionalProperties, required = [] } = object;
  const anyName = patternProperties
    ? Object.values(patternProperties)[0]
    : typeof additionalProperties === 'object' && additionalProperties;
  if (anyName) return `Record<string, ${typeOf(anyName)}>`;
  const fields = Object.entries(properties ?? {});
  if (fields.length === 0) return 'Record<string, never>';
  const lines = fields.map(([name, schema]) => {
    const comment = schema.description ? `/** ${schema.description.replace(/\.$/, '')}. */\n` : '';
    const optional = required.includes(name) ? '' : '?';
    // No JSON, and so no name of the REST API's JSON.
    const key = schema['x-bytes'] ? 'wasmModule' : name;
    return `${comment}${key}${optional}: ${fieldType(name, schema)};`;
  });
  return `{\n${lines.join('\n')}\n}`;
}
