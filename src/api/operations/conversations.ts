import Type, { type Static } from 'typebox';
import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { type Message, messageJsonText } from '../../fipa/message.js';
import { AgentScope } from '../agent-scope.js';
import { defineOperation } from '../operation.js';
import { Cursor, MessageOutput, PageLimit } from '../schemas.js';

const GetInput = Type.Object(
  {
    conversation_id: Type.String({ minLength: 1, maxLength: LIMITS.field_bytes }),
    order: Type.Optional(Type.Enum(['asc', 'desc'])),
    limit: PageLimit,
    cursor: Cursor,
  },
  { additionalProperties: false },
);

const Participant = Type.Object({
  id: Type.String({ description: 'Id of an agent, or name of a client' }),
  role: Type.Enum(['initiator', 'participant']),
  state: Type.Optional(Type.String({ description: 'Of the exchange with this participant' })),
});

const GetOutput = Type.Object({
  conversation_id: Type.String(),
  protocol: Type.Optional(Type.String()),
  state: Type.Enum(['active', 'completed', 'untracked']),
  participants: Type.Array(Participant),
  messages: Type.Array(MessageOutput),
  total: Type.Integer(),
  next_cursor: Type.Optional(Type.String()),
});

interface ConversationOutput {
  readonly conversation_id: string;
  readonly protocol: string | undefined;
  readonly state: 'active' | 'completed' | 'untracked';
  readonly participants: ReadonlyArray<{
    readonly id: string;
    readonly role: 'initiator' | 'participant';
    readonly state: string | undefined;
  }>;
  readonly messages: readonly Message[];
  readonly total: number;
  readonly next_cursor: string | undefined;
}

export const getConversation = defineOperation({
  name: 'conversations.get',
  summary: 'Shows a conversation: participants, protocol, state and messages, oldest first',
  role: 'viewer',
  rateClass: 'messages',
  rest: {
    method: 'GET',
    path: '/api/v1/conversations/{conversation_id}',
    status: 200,
    query: ['order', 'limit', 'cursor'],
  },
  grpc: { service: 'MessageService', methods: ['GetConversation'] },
  input: GetInput,
  output: GetOutput,
  errors: ['NOT_FOUND'],
  run: async (
    runtime,
    input: Static<typeof GetInput>,
    { principal },
  ): Promise<ConversationOutput> => {
    const view = await runtime.conversations.find({
      conversationId: input.conversation_id,
      order: input.order ?? 'asc',
      limit: input.limit ?? LIMITS.page_default,
      cursor: input.cursor,
    });
    if (view === undefined) throw conversationNotFound(input.conversation_id);
    // A restricted token reads what its agents say and hear, also among others.
    const scope = AgentScope.of(principal, runtime);
    if (scope && !view.participants.some(({ id }) => scope.allows(id))) {
      throw conversationNotFound(input.conversation_id);
    }
    const { messages } = view.page;
    return {
      conversation_id: input.conversation_id,
      protocol: view.protocol,
      state: view.state,
      participants: view.participants,
      messages: scope ? messages.filter((message) => scope.allowsMessage(message)) : messages,
      total: view.page.total,
      next_cursor: view.page.nextCursor,
    };
  },
  toJson: ({ messages, total, next_cursor, ...conversation }) => {
    const head = JSON.stringify(conversation).slice(0, -1);
    const texts = messages.map(messageJsonText).join(',');
    const cursor = next_cursor ? `,"next_cursor":${JSON.stringify(next_cursor)}` : '';
    return `${head},"messages":[${texts}],"total":${total}${cursor}}`;
  },
});

function conversationNotFound(conversationId: string): CaxtonError {
  return new CaxtonError('NOT_FOUND', `Conversation '${conversationId}' not found`, {
    conversation_id: conversationId,
  });
}
