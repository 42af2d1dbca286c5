import type { ErrorObject } from 'ajv/dist/2020.js';
import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../base/clock.js';
import { CaxtonError, invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { roleCovers } from '../../base/roles.js';
import { lazyValidator } from '../../base/validators.js';
import { parseMessageInput } from '../../fipa/input.js';
import { type Envelope, type Message, messageJsonText } from '../../fipa/message.js';
import { MessageJsonBytes } from '../../fipa/message-json-bytes.js';
import { MessageInputSchema } from '../../fipa/message-schema.js';
import { normalizePerformative } from '../../fipa/performative.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { SendOptions, SendResult, WaitResult } from '../../runtime/types.js';
import { AgentScope } from '../agent-scope.js';
import { checkAgentAllowed, checkSenderAllowed } from '../auth.js';
import { inputError } from '../input-error.js';
import { ANSWER_TAKEN, type CallContext, defineOperation } from '../operation.js';
import { Cursor, MessageOutput, PageLimit, Timestamp } from '../schemas.js';
import { optionalTimeMs } from '../times.js';

const service = 'MessageService';

export const DeliveryOptions = Type.Object(
  {
    timeout_ms: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.wait_max_ms })),
    persist: Type.Optional(
      Type.Boolean({ description: 'Answer only when the message is on disk' }),
    ),
    priority: Type.Optional(Type.Integer({ minimum: 0, maximum: LIMITS.priority_max })),
    idempotency_key: Type.Optional(Type.String({ minLength: 1, maxLength: LIMITS.field_bytes })),
  },
  { additionalProperties: false, description: 'How the message is to be delivered' },
);
export type DeliveryOptions = Static<typeof DeliveryOptions>;

/** What a send says beside its message. */
export const Delivery = Type.Object({
  options: Type.Optional(DeliveryOptions),
  wait: Type.Optional(Type.Boolean({ description: 'Wait for the answer' })),
  timeout_ms: Type.Optional(
    Type.Integer({ minimum: 1, maximum: LIMITS.wait_max_ms, default: LIMITS.wait_default_ms }),
  ),
  until: Type.Optional(Type.Enum(['first', 'final'])),
});

const SendInput = Type.Object(
  { ...MessageInputSchema.properties, ...Delivery.properties },
  { additionalProperties: false },
);

const deliveryValidator = lazyValidator('api', 'delivery');

const SendOutput = Type.Object({
  message_id: Type.String(),
  status: Type.Enum(['delivered', 'queued', 'replied']),
  delivered_at: Timestamp,
  reply: Type.Optional(MessageOutput),
});

/** A message that was read by the rules of `parseMessageInput`, and needs no second look. */
export class CheckedMessage {
  readonly message: Message;

  constructor(message: Message) {
    this.message = message;
  }
}

/** What the three transports hand to `messages.send`, none of it checked. */
export interface SendRequest {
  /** A CheckedMessage is taken as it is; nothing that was parsed from text can be one. */
  readonly message: unknown;
  readonly options?: DeliveryOptions | undefined;
  readonly wait?: boolean | undefined;
  readonly timeout_ms?: number | undefined;
  readonly until?: 'first' | 'final' | undefined;
}

export const sendMessage = defineOperation({
  name: 'messages.send',
  summary: 'Sends a FIPA message; with wait, answers with the reply',
  role: 'sender',
  rateClass: 'messages',
  rest: {
    method: 'POST',
    path: '/api/v1/messages',
    status: 200,
    query: ['wait', 'timeout_ms', 'until'],
  },
  grpc: {
    service,
    methods: ['SendMessage', 'SendMessageAndWait'],
    streams: [
      { name: 'SendMessages', kind: 'client' },
      { name: 'Converse', kind: 'both' },
    ],
  },
  input: SendInput,
  output: SendOutput,
  errors: [
    'AGENT_NOT_FOUND',
    'RESOURCE_LIMIT_EXCEEDED',
    'CONFLICT',
    'MESSAGE_DELIVERY_FAILED',
    'TIMEOUT',
  ],
  checksInput: true,
  run: (runtime, input: SendRequest, context): SendOutcome | Promise<SendOutcome> => {
    const { message, options } = acceptable(runtime, input, context);
    return input.wait === true
      ? runtime.messages.sendAndWait(message, options)
      : runtime.messages.send(message, options);
  },
  runFor: (runtime, input: SendRequest, context, taker) => {
    const { message, options } = acceptable(runtime, input, context);
    if (input.wait !== true) return runtime.messages.send(message, options);
    const isKept = options.persist === true || options.idempotencyKey !== '';
    if (isKept) return runtime.messages.sendAndWait(message, options);
    runtime.messages.sendFor(message, options, taker);
    return ANSWER_TAKEN;
  },
  toJson: sendOutcomeJson,
});

type SendOutcome = SendResult | WaitResult;

function sendOutcomeJson(outcome: SendOutcome): string {
  const head = outcomeHead(outcome.messageId, outcome.status, outcome.deliveredMs);
  return outcome.status === 'replied'
    ? `${head},"reply":${messageJsonText(outcome.reply)}}`
    : `${head}}`;
}

function outcomeHead(
  messageId: string,
  status: SendOutcome['status'],
  deliveredMs: number,
): string {
  return `{"message_id":"${messageId}","status":"${status}","delivered_at":"${rfc3339(deliveredMs)}"`;
}

/** The same JSON of a message that was replied to, from the binary form of its reply. */
export class RepliedJson {
  readonly #text = new MessageJsonBytes();

  /**
   * @param source where the binary form of the reply lies at `offset`
   * @returns bytes that stay as they are until the next call
   */
  bytes(asked: Envelope, source: Buffer, offset: number): Buffer {
    const head = outcomeHead(asked.messageId, 'replied', asked.timestampUs / 1_000);
    return this.#text.write(`${head},"reply":`, source, offset, '}');
  }
}

function checkDelivery(input: SendRequest): void {
  // Most sends have a message and at most ask to wait; they are spared the check.
  const plain =
    input.options === undefined &&
    (input.wait === undefined || input.wait === true) &&
    input.timeout_ms === undefined &&
    input.until === undefined;
  if (plain) return;
  const isDelivery = deliveryValidator();
  if (!isDelivery(input)) throw inputError((isDelivery.errors as ErrorObject[])[0]!);
  if (input.wait === true) return;
  for (const field of ['timeout_ms', 'until'] as const) {
    if (input[field] === undefined) continue;
    throw invalidRequest(`${field} is about waiting: add wait=true, or leave it out.`, field);
  }
}

/** @throws CaxtonError INVALID_REQUEST, FORBIDDEN when it can't be sent, or not so */
function acceptable(runtime: Runtime, input: SendRequest, context: CallContext) {
  checkDelivery(input);
  const message = acceptableMessage(runtime, input, context);
  const options: SendOptions = {
    persist: input.options?.persist ?? false,
    idempotencyKey: keyOf(input.options?.idempotency_key ?? context.idempotencyKey, context),
    timeoutMs: input.timeout_ms ?? input.options?.timeout_ms ?? LIMITS.wait_default_ms,
    until: input.until ?? 'first',
    caller: input.wait === true ? context.caller : undefined,
  };
  return { message, options };
}

/** Names of senders are free: under its key nobody shall get what was answered to another token. */
function keyOf(key: string, { principal }: CallContext): string {
  return key === '' ? '' : `${principal.name}\n${key}`;
}

function acceptableMessage(runtime: Runtime, input: SendRequest, context: CallContext): Message {
  const message =
    input.message instanceof CheckedMessage
      ? input.message.message
      : parseMessageInput(input.message, {
          contentBytes: runtime.config.limits.content_bytes,
          strict: true,
        });
  if (message.sender === '') message.sender = context.principal.name;
  else checkSenderAllowed(context.principal, message.sender);
  if (message.traceparent === '') message.traceparent = context.traceparent;
  if (input.options?.priority !== undefined) message.priority = input.options.priority;
  if (context.principal.agents !== undefined) {
    checkAgentAllowed(context.principal, message.receiver, runtime.agents.find(message.receiver));
  }
  return message;
}

const HistoryInput = Type.Object(
  {
    conversation_id: Type.Optional(Type.String({ maxLength: LIMITS.field_bytes })),
    agent: Type.Optional(
      Type.String({ maxLength: LIMITS.field_bytes, description: 'Either end: id or name' }),
    ),
    sender: Type.Optional(Type.String({ maxLength: LIMITS.field_bytes })),
    receiver: Type.Optional(Type.String({ maxLength: LIMITS.field_bytes })),
    performative: Type.Optional(Type.String({ maxLength: 32 })),
    since: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339, inclusive' })),
    until: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339, exclusive' })),
    order: Type.Optional(Type.Enum(['asc', 'desc'])),
    limit: PageLimit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);

const HistoryOutput = Type.Object({
  messages: Type.Array(MessageOutput),
  total: Type.Integer(),
  next_cursor: Type.Optional(Type.String()),
});

export const listMessages = defineOperation({
  name: 'messages.list',
  summary: 'Queries the message history, oldest first unless order says otherwise',
  role: 'viewer',
  rateClass: 'messages',
  rest: {
    method: 'GET',
    path: '/api/v1/messages',
    status: 200,
    query: Object.keys(HistoryInput.properties),
  },
  grpc: { service, methods: ['QueryMessages'] },
  input: HistoryInput,
  output: HistoryOutput,
  run: async (runtime, input: Static<typeof HistoryInput>, { principal }) => {
    const { agent, sender, receiver } = input;
    AgentScope.of(principal, runtime)?.checkQuery({ agent, sender, receiver });
    const query = {
      conversationId: input.conversation_id,
      agent,
      sender,
      receiver,
      performative: optionalPerformative(input.performative),
      sinceMs: optionalTimeMs(input.since, 'since'),
      untilMs: optionalTimeMs(input.until, 'until'),
      order: input.order ?? 'asc',
      limit: input.limit ?? LIMITS.page_default,
      cursor: input.cursor,
    };
    // Who may send under a name may also poll for what is sent to it.
    const page = await runtime.history(query, roleCovers(principal.role, sendMessage.role));
    return { messages: page.messages, total: page.total, next_cursor: page.nextCursor };
  },
  toJson: (page) => {
    const messages = page.messages.map(messageJsonText).join(',');
    const cursor = page.next_cursor ? `,"next_cursor":${JSON.stringify(page.next_cursor)}` : '';
    return `{"messages":[${messages}],"total":${page.total}${cursor}}`;
  },
});

function optionalPerformative(text: string | undefined) {
  if (text === undefined) return undefined;
  const performative = normalizePerformative(text);
  if (performative === undefined) {
    throw invalidRequest(`performative '${text}' is not a FIPA act.`, 'performative');
  }
  return performative;
}

const MessageIdInput = Type.Object(
  { message_id: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
);

export const getMessage = defineOperation({
  name: 'messages.get',
  summary: 'Shows one message of the history',
  role: 'viewer',
  rateClass: 'messages',
  rest: { method: 'GET', path: '/api/v1/messages/{message_id}', status: 200 },
  grpc: { service, methods: ['GetMessage'] },
  input: MessageIdInput,
  output: MessageOutput,
  errors: ['NOT_FOUND'],
  run: async (runtime, input: Static<typeof MessageIdInput>, { principal }) => {
    const message = await runtime.message(input.message_id);
    if (message === undefined) throw messageNotFound(input.message_id);
    AgentScope.of(principal, runtime)?.checkMessage(message);
    return message;
  },
  toJson: messageJsonText,
});

function messageNotFound(messageId: string): CaxtonError {
  return new CaxtonError('NOT_FOUND', `Message '${messageId}' not found`, {
    message_id: messageId,
  });
}
