import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../base/clock.js';
import { LIMITS } from '../../base/limits.js';
import { type Message, messageJsonText } from '../../fipa/message.js';
import { AgentScope } from '../agent-scope.js';
import { checkAgentAllowed } from '../auth.js';
import { defineOperation } from '../operation.js';
import { Cursor, ErrorOutput, MessageOutput, PageLimit, Timestamp } from '../schemas.js';

const service = 'MessageService';

const ListInput = Type.Object(
  {
    agent: Type.Optional(
      Type.String({ maxLength: LIMITS.field_bytes, description: 'Id or name of the receiver' }),
    ),
    limit: PageLimit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);

const ListOutput = Type.Object({
  dead_letters: Type.Array(
    Type.Object({
      message_id: Type.String(),
      agent_id: Type.String(),
      failed_at: Timestamp,
      error: ErrorOutput,
      message: MessageOutput,
    }),
  ),
  total: Type.Integer(),
  next_cursor: Type.Optional(Type.String()),
});

interface DeadLetterPage {
  readonly dead_letters: ReadonlyArray<{
    readonly message_id: string;
    readonly agent_id: string;
    readonly failed_at: string;
    readonly error: Static<typeof ErrorOutput>;
    readonly message: Message;
  }>;
  readonly total: number;
  readonly next_cursor: string | undefined;
}

export const listDeadLetters = defineOperation({
  name: 'dead_letters.list',
  summary: 'Lists messages that an agent failed, newest first',
  role: 'viewer',
  rateClass: 'messages',
  rest: {
    method: 'GET',
    path: '/api/v1/dead-letters',
    status: 200,
    query: Object.keys(ListInput.properties),
  },
  grpc: { service, methods: ['ListDeadLetters'] },
  input: ListInput,
  output: ListOutput,
  run: async (runtime, input: Static<typeof ListInput>, { principal }): Promise<DeadLetterPage> => {
    AgentScope.of(principal, runtime)?.checkQuery({ agent: input.agent });
    const page = await runtime.deadLetters.list({
      agent: input.agent,
      limit: input.limit ?? LIMITS.page_default,
      cursor: input.cursor,
    });
    return {
      dead_letters: page.deadLetters.map((letter) => ({
        message_id: letter.message.messageId,
        agent_id: letter.agentId,
        failed_at: rfc3339(letter.failedMs),
        error: letter.error,
        message: letter.message,
      })),
      total: page.total,
      next_cursor: page.nextCursor,
    };
  },
  toJson: (page) => {
    const letters = page.dead_letters.map(({ message, ...letter }) => {
      return `${JSON.stringify(letter).slice(0, -1)},"message":${messageJsonText(message)}}`;
    });
    const cursor = page.next_cursor ? `,"next_cursor":${JSON.stringify(page.next_cursor)}` : '';
    return `{"dead_letters":[${letters.join(',')}],"total":${page.total}${cursor}}`;
  },
});

const RetryInput = Type.Object(
  { message_id: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
);

const RetryOutput = Type.Object({
  message_id: Type.String(),
  status: Type.Enum(['delivered', 'queued']),
  delivered_at: Timestamp,
});

export const retryDeadLetter = defineOperation({
  name: 'dead_letters.retry',
  summary: 'Puts a dead letter into its agent’s mailbox once more, under its own message_id',
  role: 'operator',
  rateClass: 'messages',
  rest: { method: 'POST', path: '/api/v1/dead-letters/{message_id}/retry', status: 200 },
  grpc: { service, methods: ['RetryDeadLetter'] },
  input: RetryInput,
  output: RetryOutput,
  errors: ['NOT_FOUND', 'AGENT_NOT_FOUND', 'RESOURCE_LIMIT_EXCEEDED', 'CONFLICT'],
  keepsResult: true,
  run: async (runtime, input: Static<typeof RetryInput>, context) => {
    if (context.principal.agents !== undefined) {
      const agentId = (await runtime.deadLetters.get(input.message_id))?.agentId ?? '';
      checkAgentAllowed(context.principal, agentId, runtime.agents.find(agentId), {
        message_id: input.message_id,
      });
    }
    const result = await runtime.deadLetters.retry(input.message_id);
    return {
      message_id: result.messageId,
      status: result.status,
      delivered_at: rfc3339(result.deliveredMs),
    };
  },
});
