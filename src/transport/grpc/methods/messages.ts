import { OPERATIONS } from '../../../api/operations.js';
import { errorFields } from '../error-fields.js';
import { messageFields } from '../message-fields.js';
import { wellFormed } from '../struct.js';
import { type Timestamp, timestampOf, timeText } from '../timestamps.js';
import { type UnaryMethod, unaryMethod } from '../unary-method.js';
import { replyFields, sendInput, sentFields, waitInput } from './sending.js';

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

const same = <T>(request: T): T => request;

function queryInput({ since, until, ...rest }: QueryMessagesRequest) {
  return {
    ...rest,
    ...(since === undefined ? {} : { since: timeText(since, 'since') }),
    ...(until === undefined ? {} : { until: timeText(until, 'until') }),
  };
}

export const messageMethods: readonly UnaryMethod[] = [
  unaryMethod('SendMessage', OPERATIONS.sendMessage, sendInput, sentFields),
  unaryMethod('SendMessageAndWait', OPERATIONS.sendMessage, waitInput, replyFields),
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
