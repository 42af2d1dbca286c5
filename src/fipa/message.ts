import { rfc3339 } from '../base/clock.js';
import { mayHoldHalfPairs, wellFormed } from '../base/utf8.js';
import { decodeMessagePack, encodeMessagePack } from './message-pack.js';
import type { Performative } from './performative.js';

/** How the bytes of a message's content are encoded. Stored: values never change. */
export const CONTENT_NONE = 0;
export const CONTENT_JSON = 1;
export const CONTENT_MESSAGE_PACK = 2;
export type ContentEncoding =
  | typeof CONTENT_NONE
  | typeof CONTENT_JSON
  | typeof CONTENT_MESSAGE_PACK;

/** Everything about a message but its content. An absent text field is the empty string. */
export interface Envelope {
  messageId: string;
  performative: Performative;
  sender: string;
  receiver: string;
  conversationId: string;
  replyWith: string;
  inReplyTo: string;
  replyTo: string;
  ontology: string;
  language: string;
  protocol: string;
  traceparent: string;
  /** Time of acceptance, microseconds since the Unix epoch. */
  timestampUs: number;
  /** Milliseconds since the Unix epoch; 0 = no deadline. */
  replyByMs: number;
  /** 0 to 9; higher is sooner. */
  priority: number;
  /** Messages of agents that led to this one, each sent while the one before was handled. */
  hops: number;
}

/**
 * A message with its content still encoded: content is encoded once where it enters and decoded
 * only where it is read. A string holds JSON text, bytes hold what `contentEncoding` says.
 */
export interface Message extends Envelope {
  contentEncoding: ContentEncoding;
  content: string | Uint8Array;
}

/** A message as the API prints it. */
export interface MessageJson {
  message_id: string;
  performative: Performative;
  sender: string;
  receiver: string;
  content?: unknown;
  conversation_id?: string;
  reply_with?: string;
  in_reply_to?: string;
  reply_to?: string;
  ontology?: string;
  language?: string;
  protocol?: string;
  reply_by?: string;
  priority?: number;
  traceparent?: string;
  timestamp: string;
}

export function emptyMessage(performative: Performative): Message {
  return {
    messageId: '',
    performative,
    sender: '',
    receiver: '',
    conversationId: '',
    replyWith: '',
    inReplyTo: '',
    replyTo: '',
    ontology: '',
    language: '',
    protocol: '',
    traceparent: '',
    timestampUs: 0,
    replyByMs: 0,
    priority: 0,
    hops: 0,
    contentEncoding: CONTENT_NONE,
    content: '',
  };
}

// V8 gives a field that was only ever a small whole number a form of its own, and each message made
// since the first larger one would be converted when it gets its time: half a microsecond. A first
// message that has larger ones spares all others that.
Object.assign(emptyMessage('inform'), { timestampUs: 0.5, replyByMs: 0.5 });

/** The content as a value; undefined when the message has none. */
export function contentValue(message: Pick<Message, 'content' | 'contentEncoding'>): unknown {
  if (message.contentEncoding === CONTENT_NONE) return undefined;
  if (message.contentEncoding === CONTENT_MESSAGE_PACK) {
    return decodeMessagePack(message.content as Uint8Array, 'content', 'content');
  }
  return JSON.parse(contentJsonText(message));
}

/** The content as JSON text; empty when the message has none. */
export function contentJsonText(message: Pick<Message, 'content' | 'contentEncoding'>): string {
  if (message.contentEncoding === CONTENT_NONE) return '';
  if (typeof message.content === 'string') return message.content;
  if (message.contentEncoding === CONTENT_MESSAGE_PACK) {
    return JSON.stringify(decodeMessagePack(message.content, 'content', 'content'));
  }
  const bytes = message.content;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

// Names and the order in which the text fields are printed behind the four that are always there.
const OPTIONAL_FIELDS = [
  ['conversation_id', 'conversationId'],
  ['reply_with', 'replyWith'],
  ['in_reply_to', 'inReplyTo'],
  ['reply_to', 'replyTo'],
  ['ontology', 'ontology'],
  ['language', 'language'],
  ['protocol', 'protocol'],
  ['traceparent', 'traceparent'],
] as const;

/** The text fields one after the other, in the order of the binary form. */
export function envelopeText(m: Envelope): string {
  return (
    m.messageId +
    m.sender +
    m.receiver +
    m.conversationId +
    m.replyWith +
    m.inReplyTo +
    m.replyTo +
    m.ontology +
    m.language +
    m.protocol +
    m.traceparent
  );
}

// Text that stands in JSON as it is: printable ASCII without the quote and the backslash.
const PLAIN = /^[ !#-[\]-~]*$/;

/** Whether no text field needs an escape in JSON, or more than a byte for a character. */
export function hasPlainText(message: Envelope): boolean {
  return PLAIN.test(envelopeText(message));
}

const quotePlain = (text: string): string => `"${text}"`;

/**
 * The message as JSON text without its content and its closing brace.
 * @param plain what `hasPlainText` said of it
 */
export function messageJsonHead(message: Envelope, plain: boolean): string {
  const quote = plain ? quotePlain : JSON.stringify;
  let text =
    `{"message_id":${quote(message.messageId)},"performative":"${message.performative}",` +
    `"sender":${quote(message.sender)},"receiver":${quote(message.receiver)}`;
  for (const [name, key] of OPTIONAL_FIELDS) {
    const value = message[key];
    if (value !== '') text += `,"${name}":${quote(value)}`;
  }
  if (message.replyByMs !== 0) text += `,"reply_by":"${new Date(message.replyByMs).toISOString()}"`;
  if (message.priority !== 0) text += `,"priority":${message.priority}`;
  return `${text},"timestamp":"${rfc3339(message.timestampUs / 1_000)}"`;
}

/** The message as JSON text, the content spliced in as it is. */
export function messageJsonText(message: Message): string {
  const head = messageJsonHead(message, hasPlainText(message));
  if (message.contentEncoding === CONTENT_NONE) return `${head}}`;
  return `${head},"content":${contentJsonText(message)}}`;
}

/** The message as a plain object with the names of the API. */
export function messageJson(message: Message): MessageJson {
  return jsonWith(message, contentValue);
}

/** The same, with text that UTF-8 has a form for, as MessagePack needs it: JSON knows more. */
export function packableJson(message: Message): MessageJson {
  return jsonWith(message, packableContent);
}

function packableContent(message: Message): unknown {
  if (message.contentEncoding !== CONTENT_JSON) return contentValue(message);
  const text = contentJsonText(message);
  const value: unknown = JSON.parse(text);
  return mayHoldHalfPairs(text) ? wellFormed(value) : value;
}

function jsonWith(message: Message, readContent: (message: Message) => unknown): MessageJson {
  const json: MessageJson = {
    message_id: message.messageId,
    performative: message.performative,
    sender: message.sender,
    receiver: message.receiver,
    timestamp: rfc3339(message.timestampUs / 1_000),
  };
  for (const [name, key] of OPTIONAL_FIELDS) {
    if (message[key] !== '') json[name] = message[key];
  }
  if (message.replyByMs !== 0) json.reply_by = new Date(message.replyByMs).toISOString();
  if (message.priority !== 0) json.priority = message.priority;
  if (message.contentEncoding !== CONTENT_NONE) json.content = readContent(message);
  return json;
}

/** The message as a MessagePack map with the names of the API. */
export function messagePack(message: Message): Uint8Array {
  return encodeMessagePack(packableJson(message));
}
