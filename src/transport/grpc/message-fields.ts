import { invalidRequest } from '../../base/errors.js';
import { CONTENT_NONE, contentJsonText, type Message } from '../../fipa/message.js';
import {
  isJsonObject,
  readStruct,
  readValue,
  wellFormed,
  writeStruct,
  writeValue,
} from './struct.js';
import { type Timestamp, timestampOfMs, timestampOfUs, timeText } from './timestamps.js';

/** caxton.v1.FipaMessage as decoded: contents are still bytes. */
export interface FipaMessage {
  content?: Uint8Array;
  content_value?: Uint8Array;
  reply_by?: Timestamp;
  message_id?: string;
  timestamp?: Timestamp;
}

/** The server sets the last two, so what a client put there is of no interest. */
const READ_APART: ReadonlySet<string> = new Set<keyof FipaMessage>([
  'content',
  'content_value',
  'reply_by',
  'message_id',
  'timestamp',
]);

/**
 * The message as operations take it, under the names of the API.
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function messageInput(fields: FipaMessage): object {
  const { content, content_value: contentValue, reply_by: replyBy } = fields;
  const input: Record<string, unknown> = {};
  for (const name of Object.keys(fields) as (keyof FipaMessage)[]) {
    if (!READ_APART.has(name)) input[name] = fields[name];
  }
  if (content !== undefined && contentValue !== undefined) {
    throw invalidRequest(
      'content_value must be absent beside content: a message has one content.',
      'content_value',
    );
  }
  if (content !== undefined) input.content = readStruct(content, 'content');
  if (contentValue !== undefined) input.content = readValue(contentValue, 'content_value');
  if (replyBy !== undefined) input.reply_by = timeText(replyBy, 'reply_by');
  return input;
}

/** The fields of caxton.v1.FipaMessage; those that are empty cost nothing on the wire. */
export function messageFields(message: Message): object {
  const fields = {
    performative: message.performative,
    sender: wellFormed(message.sender),
    receiver: wellFormed(message.receiver),
    conversation_id: wellFormed(message.conversationId),
    reply_with: wellFormed(message.replyWith),
    in_reply_to: wellFormed(message.inReplyTo),
    ontology: wellFormed(message.ontology),
    language: wellFormed(message.language),
    message_id: message.messageId,
    timestamp: timestampOfUs(message.timestampUs),
    protocol: wellFormed(message.protocol),
    reply_by: message.replyByMs === 0 ? undefined : timestampOfMs(message.replyByMs),
    reply_to: wellFormed(message.replyTo),
    priority: message.priority,
    traceparent: wellFormed(message.traceparent),
  };
  if (message.contentEncoding === CONTENT_NONE) return fields;
  // By way of JSON whatever the encoding is, so that all transports show the same value.
  const content: unknown = JSON.parse(contentJsonText(message));
  return isJsonObject(content)
    ? { ...fields, content: writeStruct(content) }
    : { ...fields, content_value: writeValue(content) };
}
