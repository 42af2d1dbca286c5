import Type, { type Static } from 'typebox';
import { LIMITS } from '../base/limits.js';

const Name = Type.String({ minLength: 1, maxLength: LIMITS.field_bytes });

/** Whom `broadcast_message` addresses. */
export const BroadcastFilterSchema = Type.Union([
  Type.Object({ capability: Name }, { additionalProperties: false }),
  Type.Object(
    { agents: Type.Array(Name, { minItems: 1, maxItems: LIMITS.effects_messages }) },
    { additionalProperties: false },
  ),
]);

/** Which messages `subscribe_messages` asks for; an absent field matches everything. */
export const SubscriptionFilterSchema = Type.Object(
  {
    agents: Type.Optional(Type.Array(Name, { maxItems: LIMITS.effects_messages })),
    performatives: Type.Optional(Type.Array(Name, { maxItems: 64 })),
    conversation_id: Type.Optional(Name),
  },
  { additionalProperties: false },
);

export type BroadcastFilter = Static<typeof BroadcastFilterSchema>;
export type SubscriptionFilter = Static<typeof SubscriptionFilterSchema>;
