import Type, { type Static } from 'typebox';
import { CaxtonError, invalidRequest } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { formatBytes, parseBytes } from '../base/units.js';
import type { Config } from '../config/schema.js';
import { isCapability } from '../fipa/capability.js';
import type { AgentConfig } from '../runtime/types.js';

/** What an update may change of a config. */
export const ConfigChangeFields = {
  version: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  resources: Type.Optional(
    Type.Object(
      {
        memory: Type.Optional(
          Type.Union([Type.String({ maxLength: 32 }), Type.Integer({ minimum: 1 })], {
            description: 'Most memory: "50MB", "64MiB" or bytes; rounded up to whole 64 KiB pages',
          }),
        ),
        cpu: Type.Optional(
          Type.Union([Type.String({ maxLength: 32 }), Type.Integer({ minimum: 1 })], {
            description: 'Fuel per message ("100000"), or a share of one core ("100m")',
          }),
        ),
        mailbox: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: LIMITS.mailbox_messages_max,
            description: 'Most messages that wait for the agent',
          }),
        ),
        max_message_ms: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: LIMITS.max_message_ms_max,
            description: 'Wall-clock backstop for one message',
          }),
        ),
        instances: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: LIMITS.instances_per_agent,
            description: 'How many run side by side; a conversation stays on one of them',
          }),
        ),
      },
      { additionalProperties: false },
    ),
  ),
  environment: Type.Optional(
    // Not a record: its pattern would pass over names with a line break, whatever their values.
    Type.Unsafe<Record<string, string>>({
      type: 'object',
      propertyNames: { minLength: 1, maxLength: LIMITS.environment_name_characters },
      additionalProperties: { type: 'string' },
      maxProperties: LIMITS.environment_entries,
      description: 'What the agent reads with get_config',
    }),
  ),
  capabilities: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 128 }), {
      maxItems: LIMITS.capabilities_per_agent,
    }),
  ),
};

const ConfigChange = Type.Object(ConfigChangeFields);
export type ConfigChangeInput = Static<typeof ConfigChange>;

/** `config` of a deploy, as users write it. */
export const AgentConfigInput = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: LIMITS.agent_name_bytes,
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$',
      description: 'unique, of letters, digits, dot, dash and underscore, a letter or digit first',
    }),
    ...ConfigChangeFields,
    strategy: Type.Optional(Type.Enum(['immediate', 'rolling', 'blue_green', 'canary'])),
  },
  { additionalProperties: false },
);

export type AgentConfigInput = Static<typeof AgentConfigInput>;

/** Fills in the defaults and reads the units. @throws CaxtonError INVALID_REQUEST naming the field */
export function toAgentConfig(input: AgentConfigInput, config: Config): AgentConfig {
  const resources = input.resources ?? {};
  return {
    name: input.name,
    version: input.version ?? '1.0.0',
    strategy: input.strategy ?? 'immediate',
    ...memoryFields(resources.memory ?? config.defaults.memory_bytes),
    ...cpuLimit(resources.cpu ?? config.defaults.cpu),
    maxMessageMs: resources.max_message_ms ?? config.defaults.max_message_ms,
    mailboxMessages: resources.mailbox ?? config.limits.mailbox_messages,
    instances: resources.instances ?? 1,
    environment: checkEnvironment(input.environment ?? {}),
    capabilities: checkCapabilities(input.capabilities ?? []),
  };
}

/** Reads what an update changes. @throws CaxtonError INVALID_REQUEST naming the field */
export function toConfigChange(input: ConfigChangeInput): Partial<AgentConfig> {
  const { resources = {}, environment, capabilities } = input;
  const { memory, cpu, mailbox, max_message_ms: maxMessageMs, instances } = resources;
  return {
    ...(memory === undefined ? {} : memoryFields(memory)),
    ...(cpu === undefined ? {} : cpuLimit(cpu)),
    ...(mailbox === undefined ? {} : { mailboxMessages: mailbox }),
    ...(maxMessageMs === undefined ? {} : { maxMessageMs }),
    ...(instances === undefined ? {} : { instances }),
    ...(environment === undefined ? {} : { environment: checkEnvironment(environment) }),
    ...(capabilities === undefined ? {} : { capabilities: checkCapabilities(capabilities) }),
  };
}

function memoryFields(value: string | number): { memoryBytes: number; memoryText: string } {
  const memoryBytes = memoryLimit(value);
  return { memoryBytes, memoryText: memoryText(value, memoryBytes) };
}

function memoryLimit(value: string | number): number {
  const field = 'config.resources.memory';
  const bytes = parseBytes(value, field);
  const page = LIMITS.wasm_page_bytes;
  const rounded = Math.ceil(bytes / page) * page;
  if (bytes < 1 || rounded > LIMITS.memory_max_bytes) {
    throw invalidRequest(
      `${field} must be between 1 byte and ${formatBytes(LIMITS.memory_max_bytes)}; got ${value}.`,
      field,
      { limit_bytes: LIMITS.memory_max_bytes },
    );
  }
  return rounded;
}

/** Of this share, what rounding to whole pages adds is not worth telling. */
const ROUNDING_UNTOLD = 0.01;

/** The limit as it was written, where that is what the agent got. */
function memoryText(written: string | number, limitBytes: number): string {
  if (typeof written !== 'string') return formatBytes(limitBytes);
  const addedBytes = limitBytes - parseBytes(written, 'config.resources.memory');
  return addedBytes > limitBytes * ROUNDING_UNTOLD ? formatBytes(limitBytes) : written;
}

function cpuLimit(value: string | number): { fuelPerMessage: number; cpuShareMillis: number } {
  const field = 'config.resources.cpu';
  const text = String(value).trim();
  const share = /^(\d+)m$/.exec(text);
  if (share) {
    const millis = Number(share[1]);
    if (millis < 1 || millis > LIMITS.cpu_share_millis_max) {
      throw invalidRequest(`${field} as a share must be between 1m and 1000m.`, field);
    }
    return { fuelPerMessage: LIMITS.fuel_default, cpuShareMillis: millis };
  }
  const fuel = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(fuel >= LIMITS.fuel_min && fuel <= LIMITS.fuel_max)) {
    throw invalidRequest(
      `${field} must be fuel per message from ${LIMITS.fuel_min} to ${LIMITS.fuel_max} ("100000"), or a share of one core ("100m"); got '${text}'.`,
      field,
      { limit: LIMITS.fuel_max },
    );
  }
  return { fuelPerMessage: fuel, cpuShareMillis: 0 };
}

function checkEnvironment(environment: Record<string, string>): Record<string, string> {
  let bytes = 0;
  for (const [key, value] of Object.entries(environment)) {
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > LIMITS.environment_bytes) {
    throw new CaxtonError(
      'INVALID_REQUEST',
      `config.environment takes ${bytes} bytes; the limit is ${LIMITS.environment_bytes}.`,
      { field: 'config.environment', limit_bytes: LIMITS.environment_bytes },
    );
  }
  return environment;
}

function checkCapabilities(names: readonly string[]): readonly string[] {
  names.forEach((name, index) => {
    if (isCapability(name)) return;
    const field = `config.capabilities.${index}`;
    throw invalidRequest(
      `${field} must be a name without blanks and colons, or one with a version such as search:1.2, of at most ${LIMITS.agent_name_bytes} bytes; got ${JSON.stringify(name)}.`,
      field,
      { limit_bytes: LIMITS.agent_name_bytes },
    );
  });
  return names;
}
