import { Ajv2020 } from 'ajv/dist/2020.js';
import Type, { type Static } from 'typebox';
import { LIMITS } from '../base/limits.js';
import { normalizePerformative, type Performative } from '../fipa/performative.js';

const Name = Type.String({ minLength: 1, maxLength: LIMITS.field_bytes });

/** Whom `broadcast_message` addresses. */
const BroadcastFilterSchema = Type.Union([
  Type.Object({ capability: Name }, { additionalProperties: false }),
  Type.Object(
    { agents: Type.Array(Name, { minItems: 1, maxItems: LIMITS.effects_messages }) },
    { additionalProperties: false },
  ),
]);

/** Which messages `subscribe_messages` asks for; an absent field matches everything. */
const SubscriptionFilterSchema = Type.Object(
  {
    agents: Type.Optional(Type.Array(Name, { maxItems: LIMITS.effects_messages })),
    performatives: Type.Optional(Type.Array(Name, { maxItems: 64 })),
    conversation_id: Type.Optional(Name),
  },
  { additionalProperties: false },
);

export type BroadcastFilter = Static<typeof BroadcastFilterSchema>;
export type SubscriptionFilter = Static<typeof SubscriptionFilterSchema>;

const ajv = new Ajv2020({ allErrors: false, strict: false });
const isBroadcastFilter = ajv.compile<BroadcastFilter>(BroadcastFilterSchema);
const isSubscriptionFilter = ajv.compile<SubscriptionFilter>(SubscriptionFilterSchema);

/** @returns undefined when it is no such filter */
export function readBroadcastFilter(value: unknown): BroadcastFilter | undefined {
  return isBroadcastFilter(value) ? value : undefined;
}

/** @returns the filter with its performatives in canonical form; undefined when it is none */
export function readSubscriptionFilter(value: unknown): SubscriptionFilter | undefined {
  if (!isSubscriptionFilter(value)) return undefined;
  if (value.performatives === undefined) return value;
  const performatives = value.performatives.map(normalizePerformative);
  const known = performatives.filter((act): act is Performative => act !== undefined);
  return known.length === performatives.length ? { ...value, performatives: known } : undefined;
}
