import { closest } from '../base/suggest.js';
import { fieldName, type Layer, type Problem } from './problems.js';
import { settingPaths } from './validate.js';

const PREFIX = 'CAXTON_';

/** Names the file to read; not a setting itself. */
export const CONFIG_FILE_VARIABLE = 'CAXTON_CONFIG';

/** Set by `serve --supervise` for the server that it starts. */
export const SUPERVISED_VARIABLE = 'CAXTON_SUPERVISED';

/** Variables with the same prefix that the command line, clients and tests read. */
export const CLIENT_VARIABLES: readonly string[] = Object.freeze([
  'CAXTON_API_KEY',
  'CAXTON_CA',
  'CAXTON_ENDPOINT',
  'CAXTON_GRPC_ENDPOINT',
  'CAXTON_OUTPUT',
  'CAXTON_REQUIRE_TOOLCHAINS',
  SUPERVISED_VARIABLE,
  'CAXTON_TOKEN',
  'CAXTON_URL',
]);

const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['data_dir', 'CAXTON_DATA'],
  ['log.level', 'CAXTON_LOG_LEVEL'],
]);

/** The environment variable of a setting: `limits.agents` → `CAXTON_LIMITS__AGENTS`. */
export function environmentName(path: readonly string[]): string {
  return SHORT_NAMES.get(fieldName(path)) ?? `${PREFIX}${path.join('__').toUpperCase()}`;
}

/** Tokens are a list of objects: they are written in the file alone. */
function pathsByVariable(): Map<string, readonly string[]> {
  const known = new Map<string, readonly string[]>();
  for (const path of settingPaths()) {
    if (path[0] === 'tokens') continue;
    known.set(environmentName(path), path);
    known.set(`${PREFIX}${path.join('__').toUpperCase()}`, path);
  }
  return known;
}

/**
 * Reads `CAXTON_…` variables into a layer of settings; an empty one counts as not set. Its problems
 * name each unknown variable and each setting given twice.
 */
export function readEnvironment(env: Readonly<NodeJS.ProcessEnv>): Layer {
  const known = pathsByVariable();
  const problems: Problem[] = [];
  const givenBy = new Map<string, string>();
  const values: Record<string, unknown> = {};
  for (const variable of Object.keys(env).sort()) {
    const text = env[variable];
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    if (variable === CONFIG_FILE_VARIABLE || CLIENT_VARIABLES.includes(variable)) continue;
    const path = known.get(variable);
    if (!path) {
      problems.push(unknownVariable(variable, known.keys()));
      continue;
    }
    const rival = givenBy.get(fieldName(path)) ?? givenBy.get(path[0]!);
    if (rival !== undefined) {
      problems.push({
        field: fieldName(path),
        source: 'env',
        message: `${variable} sets ${fieldName(path)}, which ${rival} sets too; keep one of them.`,
      });
      continue;
    }
    givenBy.set(fieldName(path), variable);
    place(values, path, text);
  }
  const locate = (path: readonly string[]): string =>
    givenBy.get(fieldName(path)) ?? givenBy.get(path[0] ?? '') ?? environmentName(path);
  return { source: 'env', values, problems, locate };
}

function unknownVariable(variable: string, known: Iterable<string>): Problem {
  const meant =
    variable === 'CAXTON_TOKENS'
      ? '; tokens are read from the config file alone.'
      : hint(closest(variable, [...known, CONFIG_FILE_VARIABLE, ...CLIENT_VARIABLES]));
  return { field: variable, source: 'env', message: `${variable} is not a setting${meant}` };
}

function hint(name: string | undefined): string {
  return name === undefined ? '.' : `; did you mean ${name}?`;
}

function place(values: Record<string, unknown>, path: readonly string[], text: string): void {
  let target = values;
  for (const key of path.slice(0, -1)) {
    target[key] ??= {};
    target = target[key] as Record<string, unknown>;
  }
  target[path.at(-1)!] = text;
}
