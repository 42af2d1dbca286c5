import { frameBytesMax, LIMITS } from '../base/limits.js';
import { isLoopback } from './endpoint.js';
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
  return [...layers, readEnvironment(env), readFlags(sources.flags ?? {})];
}

const FLAG_NAMES: Readonly<Record<string, string>> = Object.freeze({
  http: '--http',
  grpc: '--grpc',
  data_dir: '--data',
  log: '--log-level',
  workers: '--workers',
  rate_limits: '--no-rate-limits',
});

function readFlags(values: FlagSettings): Layer {
  const locate = (path: readonly string[]): string => FLAG_NAMES[path[0] ?? ''] ?? 'flags';
  return { source: 'flag', values, problems: [], locate };
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

interface Relation {
  readonly holds: boolean;
  /** The setting to name first, and the others that it depends on. */
  readonly fields: readonly [string, ...string[]];
  readonly message: string;
}

/** What no single setting shows: bounds that must fit one another. */
function relationProblems(settings: Settings, layers: readonly Layer[]): Problem[] {
  const relations = [
    ...limitRelations(settings.limits),
    ...tokenRelations(settings.tokens),
    ...tlsRelations(settings),
  ];
  return relations
    .filter((relation) => !relation.holds)
    .map(({ fields, message }) => ({
      field: fields[0],
      source: sourceOf(fields, layers),
      message,
    }));
}

function limitRelations(limits: Settings['limits']): Relation[] {
  const { content_bytes, ring_bytes, mailbox_bytes } = limits;
  const frame_bytes = frameBytesMax(content_bytes);
  const effects_bytes = LIMITS.effects_bytes + LIMITS.log_bytes_per_message;
  const half_bytes = Math.max(frame_bytes, effects_bytes);
  return [
    {
      holds: half_bytes * 2 < ring_bytes,
      fields: ['limits.ring_bytes', 'limits.content_bytes'],
      message:
        `limits.ring_bytes (${ring_bytes}) must be more than ${2 * half_bytes}: a ring holds two ` +
        `of the largest messages (limits.content_bytes is ${content_bytes}), and one message's ` +
        'effects fit half of it. Raise limits.ring_bytes or lower limits.content_bytes.',
    },
    {
      holds: (ring_bytes & (ring_bytes - 1)) === 0,
      fields: ['limits.ring_bytes'],
      message: `limits.ring_bytes (${ring_bytes}) must be a power of two, such as 8MiB or 16MiB.`,
    },
    {
      holds: frame_bytes <= mailbox_bytes,
      fields: ['limits.mailbox_bytes', 'limits.content_bytes'],
      message:
        `limits.mailbox_bytes (${mailbox_bytes}) must be at least ${frame_bytes}, the largest ` +
        `message (limits.content_bytes is ${content_bytes}). Raise limits.mailbox_bytes or lower ` +
        'limits.content_bytes.',
    },
  ];
}

function tokenRelations(tokens: Settings['tokens']): Relation[] {
  return (['name', 'sha256'] as const).map((key) => {
    const values = tokens.map((token) => token[key]);
    const twice = values.findIndex((value, i) => values.indexOf(value) < i);
    return {
      holds: twice < 0,
      fields: ['tokens'],
      message: `tokens[${twice}].${key} is that of an earlier token; each token has its own.`,
    };
  });
}

function tlsRelations({ tls, http }: Settings): Relation[] {
  const whole = (tls.cert_file === undefined) === (tls.key_file === undefined);
  const { missing, given } =
    tls.cert_file === undefined
      ? { missing: 'tls.cert_file', given: 'tls.key_file' }
      : { missing: 'tls.key_file', given: 'tls.cert_file' };
  return [
    {
      holds: whole,
      fields: [missing, given],
      message: `${missing} is missing: TLS needs it beside ${given}.`,
    },
    {
      holds: tls.ca_file === undefined || tls.cert_file !== undefined || !whole,
      fields: ['tls.ca_file'],
      message:
        'tls.ca_file asks clients for certificates, which needs TLS: give tls.cert_file and ' +
        'tls.key_file too.',
    },
    {
      // The HTTP library lets clients in that show none. Better no server than half of a guard.
      holds: tls.ca_file === undefined || isLoopback(http.host),
      fields: ['tls.ca_file', 'http.host'],
      message:
        'tls.ca_file can be required of gRPC clients alone, so that http must listen on loopback ' +
        `beside it, not on ${http.host}: bind http to 127.0.0.1, with a proxy in front that asks ` +
        'for certificates, or leave tls.ca_file out.',
    },
  ];
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
  const { idle_timeout, ...protocols } = settings.protocols;
  return {
    ...settings,
    history: { ...history, max_age_ms: max_age },
    defaults: { ...defaults, memory_bytes: memory },
    deployments: { linger_ms: settings.deployments.linger },
    protocols: { ...protocols, idle_timeout_ms: idle_timeout },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
