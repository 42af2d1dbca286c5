import { availableParallelism } from 'node:os';
import Type, { type Static } from 'typebox';
import { LIMITS } from '../base/limits.js';
import type { LogLevel } from '../base/log.js';
import { ROLES } from '../base/roles.js';

const LOG_LEVELS = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'silent',
] as const satisfies readonly LogLevel[];

/** Most worker threads of one server. */
export const WORKERS_MAX = 64;

/**
 * `unit` says how text is read before it is checked: "1MiB" for bytes, "7d" for a duration in
 * milliseconds, "HOST:PORT" for an endpoint, fuel or "100m" for cpu, "a, b" for names.
 */
const bytes = (minimum: number, maximum: number) =>
  Type.Integer({ minimum, maximum, unit: 'bytes' });
const count = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const section = <T extends Type.TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });

const endpoint = Type.Object(
  {
    host: Type.String({
      maxLength: 253,
      pattern: '^[A-Za-z0-9.:_%-]+$',
      description: 'a host name or an IP address',
    }),
    port: count(0, 65_535),
  },
  { additionalProperties: false, unit: 'endpoint' },
);

const calls = count(1, LIMITS.rate_limit_calls_max);
const perMinute = section({ rate_per_minute: calls, burst: calls });
const perSecond = section({ rate_per_second: calls, burst: calls });

/** What a token has of its own; the rest is that of `rate_limits`. */
const ownPerMinute = section({
  rate_per_minute: Type.Optional(calls),
  burst: Type.Optional(calls),
});
const ownPerSecond = section({
  rate_per_second: Type.Optional(calls),
  burst: Type.Optional(calls),
});
const ownRateLimits = section({
  enabled: Type.Optional(Type.Boolean()),
  deployment: Type.Optional(ownPerMinute),
  messages: Type.Optional(ownPerSecond),
  metrics: Type.Optional(ownPerMinute),
  system: Type.Optional(ownPerMinute),
});

const file = Type.Optional(Type.String({ minLength: 1 }));

const token = section({
  name: Type.String({ minLength: 1, maxLength: LIMITS.field_bytes }),
  /** Of the token's text, in lower-case hexadecimal; the text itself is stored nowhere. */
  sha256: Type.String({
    pattern: '^[0-9a-f]{64}$',
    description: 'the SHA-256 of the token, 64 lower-case hexadecimal digits',
  }),
  role: Type.Enum([...ROLES]),
  /** Ids or names of the only agents this token may use; absent = all. */
  agents: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })),
  rate_limits: Type.Optional(ownRateLimits),
});

/** Every setting, as written in the config file. Names, bounds and units come from here alone. */
export const SettingsSchema = section({
  http: endpoint,
  grpc: endpoint,
  data_dir: Type.String({ minLength: 1 }),
  workers: count(1, WORKERS_MAX),
  log: section({ level: Type.Enum([...LOG_LEVELS]) }),
  tokens: Type.Array(token),
  /** By which a server without tokens may be asked for, and whose pages may ask, beside this machine's. */
  allowed_hosts: Type.Array(
    Type.String({
      maxLength: 253,
      pattern: '^[a-z0-9._-]+$',
      description: 'a host name in lower case, without a port',
    }),
    { unit: 'names' },
  ),
  limits: section({
    content_bytes: bytes(1, LIMITS.content_bytes_max),
    ring_bytes: bytes(LIMITS.ring_bytes_min, LIMITS.ring_bytes_max),
    mailbox_messages: count(1, LIMITS.mailbox_messages_max),
    mailbox_bytes: bytes(LIMITS.envelope_bytes, LIMITS.ring_bytes_max),
    agents: count(1, LIMITS.agents),
    /** 0 = without limit. */
    hops: count(0, LIMITS.hops_max),
    dead_letters: count(0, 10_000_000),
    websocket_backpressure_bytes: bytes(64 * 1024, 1024 ** 3),
  }),
  history: section({
    enabled: Type.Boolean(),
    max_messages: count(1, 1_000_000_000),
    max_age: Type.Integer({ minimum: 1_000, maximum: 10 * 365 * 86_400_000, unit: 'duration' }),
  }),
  defaults: section({
    memory: bytes(LIMITS.wasm_page_bytes, LIMITS.memory_max_bytes),
    cpu: Type.String({ unit: 'cpu' }),
    max_message_ms: count(1, LIMITS.max_message_ms_max),
  }),
  deployments: section({
    linger: Type.Integer({ minimum: 0, maximum: LIMITS.version_linger_max_ms, unit: 'duration' }),
  }),
  supervision: section({ delivery_tries: count(1, LIMITS.delivery_tries_max) }),
  protocols: section({
    mode: Type.Enum(['off', 'warn', 'enforce']),
    idle_timeout: Type.Integer({ minimum: 100, maximum: 7 * 86_400_000, unit: 'duration' }),
  }),
  rate_limits: section({
    enabled: Type.Boolean(),
    deployment: perMinute,
    messages: perSecond,
    metrics: perMinute,
    system: perMinute,
  }),
  /** Of HTTP and gRPC together; absent = no TLS. */
  tls: section({ cert_file: file, key_file: file, ca_file: file }),
  audit: section({ file }),
  alerts: section({
    memory_percent: count(1, 100),
    mailbox_percent: count(1, 100),
    dead_letters_per_minute: count(1, 1_000_000),
    store_percent: count(1, 100),
  }),
});

export type Settings = Static<typeof SettingsSchema>;

export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

export type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** What the server is built from: frozen, complete, with the unit in each name. */
export type Config = DeepReadonly<
  Omit<Settings, 'history' | 'defaults' | 'deployments' | 'protocols'> & {
    history: { enabled: boolean; max_messages: number; max_age_ms: number };
    defaults: {
      memory_bytes: number;
      /** As an agent's `resources.cpu`: fuel per message, or a share of a core such as "100m". */
      cpu: string;
      max_message_ms: number;
    };
    /** How long the conversations of a former version's instance are silent before it ends. */
    deployments: { linger_ms: number };
    protocols: { mode: Settings['protocols']['mode']; idle_timeout_ms: number };
  }
>;

export type Endpoint = Config['http'];
export type TokenConfig = Config['tokens'][number];

export function defaultSettings(): Settings {
  return {
    http: { host: '127.0.0.1', port: 8080 },
    grpc: { host: '127.0.0.1', port: 50051 },
    data_dir: './caxton-data',
    workers: Math.min(WORKERS_MAX, Math.max(1, availableParallelism())),
    log: { level: 'info' },
    tokens: [],
    allowed_hosts: [],
    limits: {
      content_bytes: LIMITS.content_bytes,
      ring_bytes: LIMITS.ring_bytes,
      mailbox_messages: LIMITS.mailbox_messages,
      mailbox_bytes: LIMITS.mailbox_bytes,
      agents: LIMITS.agents,
      hops: LIMITS.hops,
      dead_letters: LIMITS.dead_letters,
      websocket_backpressure_bytes: LIMITS.websocket_backpressure_bytes,
    },
    history: {
      enabled: true,
      max_messages: LIMITS.history_messages,
      max_age: LIMITS.history_age_ms,
    },
    defaults: {
      memory: LIMITS.memory_default_bytes,
      cpu: String(LIMITS.fuel_default),
      max_message_ms: LIMITS.max_message_ms_default,
    },
    deployments: { linger: LIMITS.version_linger_ms },
    supervision: { delivery_tries: LIMITS.delivery_tries },
    protocols: { mode: 'warn', idle_timeout: LIMITS.conversation_idle_ms },
    // As printed in the API reference.
    rate_limits: {
      enabled: true,
      deployment: { rate_per_minute: 10, burst: 20 },
      messages: { rate_per_second: 1_000, burst: 2_000 },
      metrics: { rate_per_minute: 100, burst: 200 },
      system: { rate_per_minute: 50, burst: 100 },
    },
    tls: {},
    audit: {},
    alerts: {
      memory_percent: 85,
      mailbox_percent: 80,
      dead_letters_per_minute: 100,
      store_percent: 80,
    },
  };
}
