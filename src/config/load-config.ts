import { frameBytesMax, LIMITS } from '../base/limits.js';
import { type Layer, type Problem, type Source, throwProblems } from './problems.js';
import { CONFIG_FILE_VARIABLE, readEnvironment } from './read-environment.js';
import { readConfigFile } from './read-file.js';
import { type Config, type DeepPartial, defaultSettings, type Settings } from './schema.js';
import { checkLayer } from './validate.js';

/** Flags take an endpoint as HOST:PORT too. */
export type FlagSettings = Omit<DeepPartial<Settings>, 'http' | 'grpc'> & {
  http?: string | Partial<Settings['http']>;
  grpc?: string | Partial<Settings['grpc']>;
};

export interface ConfigSources {
  /** A YAML file; when absent, the one that `CAXTON_CONFIG` names, if any. */
  file?: string | undefined;
  /** The process's environment; when absent, none is read. */
  env?: Readonly<NodeJS.ProcessEnv> | undefined;
  flags?: FlagSettings | undefined;
}

/**
 * The configuration from defaults < file < environment < flags: checked, copied and deeply frozen.
 * @throws INVALID_REQUEST with `{field, source, problems}` that lists every wrong setting
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const layers = readLayers(sources);
  const checked = layers.map(checkLayer);
  throwProblems(checked.flatMap((layer) => layer.problems));
  const settings = checked.reduce(
    (merged, layer) => merge(merged, layer.settings) as Settings,
    defaultSettings(),
  );
  throwProblems(relationProblems(settings, layers));
  return deepFreeze(resolve(structuredClone(settings)));
}

function readLayers(sources: ConfigSources): Layer[] {
  const env = sources.env ?? {};
  const file = sources.file ?? (env[CONFIG_FILE_VARIABLE] || undefined);
  const layers = file === undefined ? [] : [readConfigFile(file)];
  const locate = (path: readonly string[]): string => `flag for ${path[0] ?? 'settings'}`;
  return [...layers, readEnvironment(env), { source: 'flag', values: sources.flags ?? {}, locate }];
}

/** Sections merge key by key; a list replaces the list below it. */
function merge(below: unknown, above: unknown): unknown {
  if (above === undefined) return below;
  if (!isSection(below) || !isSection(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, merge(below[key], above[key])]));
}

function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What no single setting shows: bounds that must fit one another. */
function relationProblems(settings: Settings, layers: readonly Layer[]): Problem[] {
  const { content_bytes, ring_bytes, mailbox_bytes } = settings.limits;
  const frame_bytes = frameBytesMax(content_bytes);
  const effects_bytes = LIMITS.effects_bytes + LIMITS.log_bytes_per_message;
  const problems: Problem[] = [];
  const require = (holds: boolean, paths: readonly string[], message: string): void => {
    const field = paths[0]!;
    if (!holds) problems.push({ field, source: sourceOf(paths, layers), message });
  };
  require(frame_bytes * 2 < ring_bytes && effects_bytes < ring_bytes / 2, [
    'limits.ring_bytes',
    'limits.content_bytes',
  ], `limits.ring_bytes (${ring_bytes}) must be more than ${2 * Math.max(frame_bytes, effects_bytes)}: a ring holds two of the largest messages (limits.content_bytes is ${content_bytes}), and one message's effects fit half of it. Raise limits.ring_bytes or lower limits.content_bytes.`);
  require(frame_bytes <= mailbox_bytes, [
    'limits.mailbox_bytes',
    'limits.content_bytes',
  ], `limits.mailbox_bytes (${mailbox_bytes}) must be at least ${frame_bytes}, the largest message (limits.content_bytes is ${content_bytes}). Raise limits.mailbox_bytes or lower limits.content_bytes.`);
  for (const key of ['name', 'sha256'] as const) {
    const values = settings.tokens.map((token) => token[key]);
    const twice = values.findIndex((value, i) => values.indexOf(value) < i);
    require(twice < 0, [
      'tokens',
    ], `tokens[${twice}].${key} is that of an earlier token; each token has its own.`);
  }
  return problems;
}

/** The last source that gave any of the settings which don't fit one another. */
function sourceOf(fields: readonly string[], layers: readonly Layer[]): Source {
  const gives = (layer: Layer, field: string): boolean => {
    let node: unknown = layer.values;
    for (const key of field.split('.')) node = isSection(node) ? node[key] : undefined;
    return node !== undefined;
  };
  return (
    layers.findLast((layer) => fields.some((field) => gives(layer, field)))?.source ?? 'default'
  );
}

function resolve(settings: Settings): Config {
  const { max_age, ...history } = settings.history;
  const { memory, ...defaults } = settings.defaults;
  return {
    ...settings,
    history: { ...history, max_age_ms: max_age },
    defaults: { ...defaults, memory_bytes: memory },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
