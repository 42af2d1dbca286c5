import type { DeliveryOptions, SendRequest } from '../../../api/operations/messages.js';
import type { OPERATIONS } from '../../../api/operations.js';
import { invalidRequest } from '../../../base/errors.js';
import { LIMITS } from '../../../base/limits.js';
import { type FipaMessage, messageFields, messageInput } from '../message-fields.js';
import { timestampOfMs } from '../timestamps.js';
import type { CallFacts } from '../unary-method.js';

/** Sends as the protos have them, to and from what the operation takes and gives. */

export interface SendMessageRequest {
  message?: FipaMessage;
  options?: DeliveryOptions;
  until?: number;
}

type SendOutcome = Parameters<NonNullable<typeof OPERATIONS.sendMessage.toJson>>[0];

/** By the number of caxton.v1.WaitUntil. */
const WAIT_UNTIL = ['first', 'first', 'final'] as const;

export function sendInput(request: SendMessageRequest): SendRequest {
  if (request.message === undefined) {
    throw invalidRequest('message is missing: a send needs one.', 'message');
  }
  const message = messageInput(request.message);
  return request.options === undefined ? { message } : { message, options: request.options };
}

export function waitInput(request: SendMessageRequest, facts: CallFacts): SendRequest {
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

/** The fields of caxton.v1.SendMessageResponse. */
export function sentFields(outcome: SendOutcome): object {
  return {
    message_id: outcome.messageId,
    status: outcome.status,
    delivered_at: timestampOfMs(outcome.deliveredMs),
  };
}

/** The fields of caxton.v1.MessageReply. */
export function replyFields(outcome: SendOutcome): object {
  const reply = outcome.status === 'replied' ? messageFields(outcome.reply) : undefined;
  return { ...sentFields(outcome), reply };
}
