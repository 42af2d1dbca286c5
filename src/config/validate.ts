import type { ErrorObject } from 'ajv/dist/2020.js';
import { CaxtonError, invalidRequest } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { closest } from '../base/suggest.js';
import { parseBytes, parseDurationMs } from '../base/units.js';
import { lazyValidator } from '../base/validators.js';
import { parseEndpoint } from './endpoint.js';
import { fieldName, type Layer, type Problem } from './problems.js';
import { type DeepPartial, type Settings, SettingsSchema } from './schema.js';

/** The parts of JSON Schema that the settings use. */
interface SchemaNode {
  readonly type?: string;
  readonly unit?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

const ROOT: SchemaNode = SettingsSchema;

/** Paths of all settings, those of list entries without an index: `['tokens', 'role']`. */
export function settingPaths(): readonly (readonly string[])[] {
  const paths: string[][] = [];
  const visit = (node: SchemaNode, path: string[]): void => {
    const properties = node.properties ?? node.items?.properties;
    if (!properties || node.unit === 'endpoint' || node.items) paths.push(path);
    for (const [key, child] of Object.entries(properties ?? {})) visit(child, [...path, key]);
  };
  for (const [key, child] of Object.entries(ROOT.properties ?? {})) visit(child, [key]);
  return paths;
}

/** Full names of all settings, as the documentation lists them. */
export function settingNames(): string[] {
  return settingPaths().map((path) =>
    path[0] === 'tokens' && path.length > 1
      ? `tokens[].${path.slice(1).join('.')}`
      : path.join('.'),
  );
}

const validator = lazyValidator('config', 'settings');

/** Checks what one source gives. Settings that it leaves out are not problems. */
export function checkLayer(layer: Layer): { settings: DeepPartial<Settings>; problems: Problem[] } {
  const problems: Problem[] = [...layer.problems];
  const report = (path: readonly string[], text: string): void => {
    const message = `${text} (${layer.locate(path)})`;
    problems.push({ field: fieldName(path), source: layer.source, message });
  };
  const fromText = layer.source === 'env' || layer.source === 'flag';
  const settings = convert(ROOT, layer.values, [], { fromText, report }) ?? {};
  const validate = validator();
  validate(settings);
  for (const error of validate.errors ?? []) {
    const path = pathOf(error);
    if (error.keyword === 'required' && error.instancePath.split('/')[1] !== 'tokens') continue;
    report(path, describe(error, path));
  }
  return { settings: settings as DeepPartial<Settings>, problems };
}

interface Conversion {
  /** Whether numbers and booleans come as text, as they do in variables. */
  readonly fromText: boolean;
  report(path: readonly string[], text: string): void;
}

/** Brings units and text to the schema's types; what it can't read is left to the schema. */
function convert(
  node: SchemaNode | undefined,
  value: unknown,
  path: readonly string[],
  how: Conversion,
): unknown {
  if (!node) return value;
  if (node.unit !== undefined && typeof value !== 'object') {
    return readUnit(node.unit, value, path, how);
  }
  // A section whose lines are all commented out reads as null.
  if (node.properties && value === null) return {};
  if (Array.isArray(value)) {
    return value.map((entry, i) => convert(node.items, entry, [...path, String(i)], how));
  }
  if (typeof value === 'object' && value !== null) {
    // fromEntries defines keys; assigning one named __proto__ would lose it.
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, child]) => [key, convert(childOf(node, key), child, [...path, key], how)])
        .filter(([, child]) => child !== undefined),
    );
  }
  return how.fromText && typeof value === 'string' ? readText(node, value) : value;
}

function childOf(node: SchemaNode, key: string): SchemaNode | undefined {
  return node.properties && Object.hasOwn(node.properties, key) ? node.properties[key] : undefined;
}

function readText(node: SchemaNode, text: string): unknown {
  if (node.type === 'integer' && /^-?\d+$/.test(text)) return Number(text);
  if (node.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** A value that its unit can't read is reported here and left out, so that it counts once. */
function readUnit(unit: string, value: unknown, path: readonly string[], how: Conversion): unknown {
  const field = fieldName(path);
  try {
    if (unit === 'cpu') return readCpu(value, field);
    if (typeof value !== 'string') return value;
    if (unit === 'bytes') return parseBytes(value, field);
    if (unit === 'duration') return parseDurationMs(value, field);
    if (unit === 'names') return value.split(',').map((name) => name.trim());
    return parseEndpoint(value, field);
  } catch (error) {
    if (!(error instanceof CaxtonError)) throw error;
    how.report(path, error.message);
    return undefined;
  }
}

function readCpu(value: unknown, field: string): unknown {
  if (typeof value !== 'string' && typeof value !== 'number') return value;
  const match = /^(\d+)(m?)$/.exec(String(value).trim());
  const amount = Number(match?.[1]);
  const [least, most] = match?.[2]
    ? [1, LIMITS.cpu_share_millis_max]
    : [LIMITS.fuel_min, LIMITS.fuel_max];
  if (!match || amount < least || amount > most) {
    throw invalidRequest(
      `${field} is not a cpu limit: ${JSON.stringify(value)}. Write fuel per message from ${LIMITS.fuel_min} to ${LIMITS.fuel_max}, or a share of one core from "1m" to "${LIMITS.cpu_share_millis_max}m".`,
      field,
    );
  }
  return match[0];
}

function pathOf(error: ErrorObject): string[] {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const own: unknown =
    error.keyword === 'additionalProperties'
      ? error.params.additionalProperty
      : error.keyword === 'required'
        ? error.params.missingProperty
        : undefined;
  return typeof own === 'string' ? [...path, own] : path;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  boolean: 'true or false',
  string: 'text',
  array: 'a list',
  object: 'a section of settings',
};

function describe(error: ErrorObject, path: readonly string[]): string {
  const field = fieldName(path);
  // Someone may have pasted a token where its hash belongs: it must not reach a log.
  const got = path[0] === 'tokens' ? '' : `, not ${shown(error.data)}`;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownSetting(path);
    case 'required':
      return `${field} is missing.`;
    case 'type':
      return `${field} must be ${TYPE_NAMES[error.params.type]}${got}.`;
    case 'minimum':
      return `${field} must be at least ${error.params.limit}${got}.`;
    case 'maximum':
      return `${field} must be at most ${error.params.limit}${got}.`;
    case 'enum':
      return `${field} must be one of ${error.params.allowedValues.join(', ')}${got}.`;
    case 'pattern':
      return `${field} must be ${error.parentSchema?.description}${got}.`;
    default:
      return `${field} ${error.message}${got}.`;
  }
}

const SHOWN_CHARACTERS = 200;

/** A value as JSON; the beginning of a long one, which may be a file that was mistaken for this. */
function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** What is meant by names that are near to others by chance. */
const MEANT: Readonly<Record<string, string>> = { 'tokens[].token': 'tokens[].sha256' };

function unknownSetting(path: readonly string[]): string {
  const field = fieldName(path);
  const names = settingNames();
  const general = field.replace(/\[\d+\]/g, '[]');
  const meant =
    MEANT[general] ??
    closest(general, names) ??
    names.find((name) => name.split('.').at(-1) === path.at(-1)) ??
    names.find((name) => name.startsWith(`${path.at(-1)}.`));
  return meant === undefined
    ? `${field} is not a setting.`
    : `${field} is not a setting; did you mean ${meant}?`;
}
