import type { DeliveryOptions, SendRequest } from '../../../api/operations/messages.js';
import { OPERATIONS } from '../../../api/operations.js';
import { invalidRequest } from '../../../base/errors.js';
import { LIMITS } from '../../../base/limits.js';
import { errorFields } from '../error-fields.js';
import { type FipaMessage, messageFields, messageInput } from '../message-fields.js';
import { wellFormed } from '../struct.js';
import { type Timestamp, timestampOf, timestampOfMs, timeText } from '../timestamps.js';
import { type CallFacts, type UnaryMethod, unaryMethod } from '../unary-method.js';

interface SendMessageRequest {
  message?: FipaMessage;
  options?: DeliveryOptions;
  until?: number;
}

interface QueryMessagesRequest {
  since?: Timestamp;
  until?: Timestamp;
  order?: 'asc' | 'desc';
  limit?: number;
}

interface MessageIdRequest {
  message_id: string;
}

interface ListDeadLettersRequest {
  agent?: string;
  limit?: number;
  cursor?: string;
}

interface GetConversationRequest {
  conversation_id: string;
  order?: 'asc' | 'desc';
  limit?: number;
  cursor?: string;
}

/** By the number of caxton.v1.WaitUntil. */
const WAIT_UNTIL = ['first', 'first', 'final'] as const;

const same = <T>(request: T): T => request;

function sendInput(request: SendMessageRequest): SendRequest {
  if (request.message === undefined) {
    throw invalidRequest('message is missing: a send needs one.', 'message');
  }
  const message = messageInput(request.message);
  return request.options === undefined ? { message } : { message, options: request.options };
}

function waitInput(request: SendMessageRequest, facts: CallFacts): SendRequest {
  const until = WAIT_UNTIL[request.until ?? 0];
  if (until === undefined) {
    throw invalidRequest(
      'until must be WAIT_UNTIL_FIRST or WAIT_UNTIL_FINAL, or be left out.',
      'until',
    );
  }
  return { ...sendInput(request), wait: true, until, ...timeoutWithin(request, facts) };
}

// A client that has given up is answered by nobody, so the wait ends no later than the deadline.
function timeoutWithin(request: SendMessageRequest, facts: CallFacts): { timeout_ms?: number } {
  const asked = request.options?.timeout_ms ?? LIMITS.wait_default_ms;
  if (facts.remainingMs >= asked) return {};
  return { timeout_ms: Math.max(1, Math.floor(facts.remainingMs)) };
}

function queryInput({ since, until, ...rest }: QueryMessagesRequest) {
  return {
    ...rest,
    ...(since === undefined ? {} : { since: timeText(since, 'since') }),
    ...(until === undefined ? {} : { until: timeText(until, 'until') }),
  };
}

export const messageMethods: readonly UnaryMethod[] = [
  unaryMethod('SendMessage', OPERATIONS.sendMessage, sendInput, (output) => ({
    message_id: output.messageId,
    status: output.status,
    delivered_at: timestampOfMs(output.deliveredMs),
  })),
  unaryMethod('SendMessageAndWait', OPERATIONS.sendMessage, waitInput, (output) => ({
    message_id: output.messageId,
    status: output.status,
    delivered_at: timestampOfMs(output.deliveredMs),
    reply: output.status === 'replied' ? messageFields(output.reply) : undefined,
  })),
  unaryMethod('QueryMessages', OPERATIONS.listMessages, queryInput, (output) => ({
    ...output,
    messages: output.messages.map(messageFields),
  })),
  unaryMethod('GetMessage', OPERATIONS.getMessage, same<MessageIdRequest>, messageFields),
  unaryMethod(
    'ListDeadLetters',
    OPERATIONS.listDeadLetters,
    same<ListDeadLettersRequest>,
    (output) => ({
      ...output,
      dead_letters: output.dead_letters.map((letter) => ({
        ...letter,
        failed_at: timestampOf(letter.failed_at),
        error: errorFields(letter.error),
        message: messageFields(letter.message),
      })),
    }),
  ),
  unaryMethod('RetryDeadLetter', OPERATIONS.retryDeadLetter, same<MessageIdRequest>, (output) => ({
    ...output,
    delivered_at: timestampOf(output.delivered_at),
  })),
  unaryMethod(
    'GetConversation',
    OPERATIONS.getConversation,
    same<GetConversationRequest>,
    (output) => ({
      ...output,
      conversation_id: wellFormed(output.conversation_id),
      participants: output.participants.map(({ id, ...party }) => ({
        ...party,
        id: wellFormed(id),
      })),
      messages: output.messages.map(messageFields),
    }),
  ),
];
