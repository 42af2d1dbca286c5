import type { ErrorObject } from 'ajv/dist/2020.js';
import { type CaxtonError, invalidRequest } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { lazyValidator } from '../base/validators.js';
import { CONTENT_JSON, CONTENT_NONE, emptyMessage, envelopeText, type Message } from './message.js';
import type { MessageInput } from './message-schema.js';
import { normalizePerformative, PERFORMATIVES } from './performative.js';

const FIELDS: readonly (keyof MessageInput)[] = [
  'performative',
  'receiver',
  'sender',
  'content',
  'conversation_id',
  'reply_with',
  'in_reply_to',
  'reply_to',
  'ontology',
  'language',
  'protocol',
  'reply_by',
  'priority',
  'traceparent',
  'message_id',
  'timestamp',
];

const validator = lazyValidator<MessageInput>('fipa', 'message');

export interface MessageChecks {
  /** Limit of the content's JSON text in bytes of UTF-8. */
  readonly contentBytes: number;
  /** Whether unknown fields are an error (clients) or passed over (agents). */
  readonly strict: boolean;
}

/**
 * Checks a message from outside and makes the inner form of it. `messageId`, `timestampUs`, the
 * default sender and conversation are left for the caller to fill.
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function parseMessageInput(value: unknown, checks: MessageChecks): Message {
  const input = checkShape(value, checks.strict);
  const performative = normalizePerformative(input.performative);
  if (performative === undefined) {
    throw invalidRequest(
      `performative '${input.performative}' is not one of ${PERFORMATIVES.join(', ')}.`,
      'performative',
    );
  }
  const message = emptyMessage(performative);
  message.receiver = input.receiver;
  message.sender = input.sender ?? '';
  message.conversationId = input.conversation_id ?? '';
  message.replyWith = input.reply_with ?? '';
  message.inReplyTo = input.in_reply_to ?? '';
  message.replyTo = input.reply_to ?? '';
  message.ontology = input.ontology ?? '';
  message.language = input.language ?? '';
  message.protocol = input.protocol ?? '';
  message.traceparent = input.traceparent ?? '';
  // JSON has a -0, which would be printed otherwise than it is compared.
  message.priority = input.priority || 0;
  if (input.reply_by !== undefined) message.replyByMs = parseReplyBy(input.reply_by);
  if (input.content !== undefined) {
    message.content = encodeContent(input.content, checks.contentBytes);
    message.contentEncoding = CONTENT_JSON;
  } else {
    message.contentEncoding = CONTENT_NONE;
  }
  checkText(message);
  checkEnvelopeBytes(message);
  return message;
}

function checkShape(value: unknown, strict: boolean): MessageInput {
  const isMessageInput = validator();
  if (isMessageInput(value)) return value;
  const error = (isMessageInput.errors as ErrorObject[])[0] as ErrorObject;
  if (!strict && error.keyword === 'additionalProperties') {
    const known: Record<string, unknown> = {};
    for (const key of FIELDS) {
      const field = (value as Record<string, unknown>)[key];
      if (field !== undefined) known[key] = field;
    }
    return checkShape(known, true);
  }
  throw shapeError(error);
}

function shapeError(error: ErrorObject): CaxtonError {
  const field = error.instancePath.slice(1).replaceAll('/', '.');
  switch (error.keyword) {
    case 'required': {
      const missing = String(error.params.missingProperty);
      return invalidRequest(`${missing} is missing: a message needs it.`, missing);
    }
    case 'additionalProperties': {
      const unknown = String(error.params.additionalProperty);
      return invalidRequest(`${unknown} is not a field of a message; remove it.`, unknown, {
        allowed: FIELDS,
      });
    }
    default:
      return invalidRequest(
        field === ''
          ? `A message must be a JSON object, and the given value ${error.message}.`
          : `${field} ${error.message}.`,
        field === '' ? 'message' : field,
      );
  }
}

/** Names of the text fields and where the message has them. */
const TEXT_FIELDS = [
  ['receiver', 'receiver'],
  ['sender', 'sender'],
  ['conversation_id', 'conversationId'],
  ['reply_with', 'replyWith'],
  ['in_reply_to', 'inReplyTo'],
  ['reply_to', 'replyTo'],
  ['ontology', 'ontology'],
  ['language', 'language'],
  ['protocol', 'protocol'],
  ['traceparent', 'traceparent'],
] as const;

// JSON can escape half of a surrogate pair, for which UTF-8 has no form: what is stored would be
// another name than the one that was sent.
function checkText(message: Message): void {
  for (const [field, key] of TEXT_FIELDS) {
    if (message[key].isWellFormed()) continue;
    throw invalidRequest(
      `${field} holds half of a surrogate pair, which is no character: leave it out, or send both halves.`,
      field,
    );
  }
}

function parseReplyBy(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw invalidRequest(
      `reply_by is not an RFC 3339 time: '${text}'. Write it as 2030-01-31T12:00:00Z.`,
      'reply_by',
    );
  }
  return ms;
}

// Each level of nesting takes two characters, so that a short text needs no look at its depth.
const SHALLOW_CHARACTERS = 2 * (LIMITS.content_depth - 1);

/**
 * A value as JSON text, within bounds.
 * @param field names the value in errors
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function encodeContent(
  content: unknown,
  limitBytes: number,
  field = 'content',
  levels: number = LIMITS.content_depth,
): string {
  const text = stringify(content);
  if (text === undefined || (text.length > SHALLOW_CHARACTERS && !isWithinDepth(content, levels))) {
    throw invalidRequest(
      `${field} is nested deeper than ${levels} levels; send it flatter, or as text.`,
      field,
      { limit: levels },
    );
  }
  // Characters bound bytes from below and, times three, from above: count only when it matters.
  const tooLarge =
    text.length > limitBytes ||
    (text.length * 3 > limitBytes && Buffer.byteLength(text, 'utf8') > limitBytes);
  if (tooLarge) {
    throw invalidRequest(
      `${field} is larger than ${limitBytes} bytes as JSON; send less${field === 'content' ? ', or raise limits.content_bytes' : ''}.`,
      field,
      { limit_bytes: limitBytes },
    );
  }
  return text;
}

/** Undefined when the content is nested deeper than the stack is. */
function stringify(content: unknown): string | undefined {
  try {
    return JSON.stringify(content);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isWithinDepth(value: unknown, levels: number = LIMITS.content_depth): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  for (const item of Object.values(value)) {
    if (!isWithinDepth(item, levels - 1)) return false;
  }
  return true;
}

// Set aside for the header, the message id and what the server fills in.
const RESERVED_BYTES = 1_024;

// The schema bounds characters; a name in another script may take three bytes for each.
function checkEnvelopeBytes(message: Message): void {
  const limitBytes = LIMITS.envelope_bytes - RESERVED_BYTES;
  const text = envelopeText(message);
  if (text.length * 3 < limitBytes) return;
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > limitBytes) {
    throw invalidRequest(
      `The text fields of the message take ${bytes} bytes together; the limit is ${limitBytes}.`,
      'message',
      { limit_bytes: limitBytes },
    );
  }
}
