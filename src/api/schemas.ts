import Type from 'typebox';
import { LIMITS } from '../base/limits.js';
import { PERFORMATIVES } from '../fipa/performative.js';
import { AGENT_STATES } from '../runtime/types.js';

/** Pieces of schemas that several operations share. */

export const AgentIdInput = Type.String({
  minLength: 1,
  maxLength: LIMITS.field_bytes,
  description: 'Id or name of an agent',
});

export const Timestamp = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });

export const AgentStatus = Type.Enum([...AGENT_STATES]);

/** Binary input: a file of a multipart form, base64 text in JSON, bytes in gRPC. */
export const Bytes = Type.Unsafe<Uint8Array>({
  'x-bytes': true,
  description: 'A WebAssembly module: a file in a multipart form, base64 text in JSON',
});

export const PageLimit = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: LIMITS.page_max,
    default: LIMITS.page_default,
    description: 'Most entries of one page',
  }),
);

export const Offset = Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0 }));

export const Cursor = Type.Optional(
  Type.String({ maxLength: 1_024, description: 'next_cursor of the page before' }),
);

/** A message in an answer. */
export const MessageOutput = Type.Object({
  message_id: Type.String(),
  performative: Type.Enum([...PERFORMATIVES]),
  sender: Type.String(),
  receiver: Type.String(),
  content: Type.Optional(Type.Unknown()),
  conversation_id: Type.Optional(Type.String()),
  reply_with: Type.Optional(Type.String()),
  in_reply_to: Type.Optional(Type.String()),
  reply_to: Type.Optional(Type.String()),
  ontology: Type.Optional(Type.String()),
  language: Type.Optional(Type.String()),
  protocol: Type.Optional(Type.String()),
  reply_by: Type.Optional(Timestamp),
  priority: Type.Optional(Type.Integer()),
  traceparent: Type.Optional(Type.String()),
  timestamp: Timestamp,
});

export const ErrorOutput = Type.Object({
  code: Type.String(),
  message: Type.String(),
  details: Type.Record(Type.String(), Type.Unknown()),
});
