import Type, { type Static } from 'typebox';
import { LIMITS } from '../base/limits.js';
import { PERFORMATIVES } from './performative.js';

const name = (description: string) =>
  Type.Optional(Type.String({ description, maxLength: LIMITS.field_bytes }));

/** A message as a client writes it. `message_id` and `timestamp` are set by the server. */
export const MessageInputSchema = Type.Object(
  {
    performative: Type.String({
      description: `The communicative act: ${PERFORMATIVES.join(', ')}. Any case, - or _.`,
      minLength: 1,
      maxLength: 32,
    }),
    receiver: Type.String({
      description: 'Agent id or name, client id, capability:NAME or broadcast:NAME',
      minLength: 1,
      maxLength: LIMITS.field_bytes,
    }),
    sender: name('Who sends; default: the name of the token, or "anonymous"'),
    content: Type.Optional(Type.Unknown({ description: 'Any JSON value' })),
    conversation_id: name('The conversation; a new one when absent'),
    reply_with: name('What an answer must carry as in_reply_to'),
    in_reply_to: name('The reply_with that this message answers'),
    reply_to: name('Who shall get the answers instead of the sender'),
    ontology: name('Vocabulary of the content'),
    language: name('Language of the content'),
    protocol: name('Interaction protocol, such as fipa-request'),
    reply_by: Type.Optional(
      Type.String({ description: 'RFC 3339 time until which an answer is awaited', maxLength: 40 }),
    ),
    priority: Type.Optional(
      Type.Integer({
        description: '0 to 9; higher is sooner',
        minimum: 0,
        maximum: LIMITS.priority_max,
      }),
    ),
    traceparent: name('W3C trace context, passed on'),
    message_id: Type.Optional(Type.String({ description: 'Ignored: the server sets it' })),
    timestamp: Type.Optional(Type.String({ description: 'Ignored: the server sets it' })),
  },
  { additionalProperties: false, description: 'A FIPA ACL message' },
);

export type MessageInput = Static<typeof MessageInputSchema>;
