import { callFailure, GrpcTestClient } from '../transport/grpc/client.js';
import {
  ofPlainStruct,
  ofPlainValue,
  type PlainStruct,
  type PlainValue,
  plainStruct,
  plainValue,
} from '../transport/grpc/json-values.js';
import {
  ApiFailure,
  type DeadLettersPage,
  type MakeDriver,
  type MessageAnswer,
  type MessageFields,
  type SendAnswer,
  type WaitAnswer,
} from './driver.js';

interface Timestamp {
  readonly seconds?: number;
  readonly nanos?: number;
}

type GrpcMessage = Omit<MessageAnswer, 'content' | 'timestamp'> & {
  readonly content?: PlainStruct;
  readonly content_value?: PlainValue;
  readonly timestamp: Timestamp;
};

type GrpcSendAnswer = Omit<SendAnswer, 'delivered_at'> & { readonly delivered_at: Timestamp };

function timeText({ seconds = 0, nanos = 0 }: Timestamp): string {
  return new Date(seconds * 1_000 + Math.floor(nanos / 1e6)).toISOString();
}

/** "running" for AGENT_STATUS_RUNNING. */
function stateOf<T extends { readonly status: string }>(answer: T): T {
  return { ...answer, status: answer.status.replace('AGENT_STATUS_', '').toLowerCase() };
}

function toMessage({ content, ...message }: MessageFields): object {
  if (content === undefined) return message;
  return typeof content === 'object' && content !== null && !Array.isArray(content)
    ? { ...message, content: plainStruct(content) }
    : { ...message, content_value: plainValue(content) };
}

function ofMessage(message: GrpcMessage): MessageAnswer {
  const { content, content_value: value, timestamp, ...fields } = message;
  const texts = { ...fields, timestamp: timeText(timestamp) };
  if (content !== undefined) return { ...texts, content: ofPlainStruct(content) };
  return value === undefined ? texts : { ...texts, content: ofPlainValue(value) };
}

function ofSend<T extends GrpcSendAnswer>(answer: T) {
  return { ...answer, delivered_at: timeText(answer.delivered_at) };
}

/** Turns what a failed call carries into what the suite knows. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const failure = callFailure(error).error;
    if (failure === undefined) throw error;
    throw new ApiFailure(failure.code, failure.message, failure.details, failure.trace_id);
  }
}

export const makeGrpcDriver: MakeDriver = async (server, token) => {
  const client = new GrpcTestClient(
    server.grpcAddress,
    token === undefined ? {} : { authorization: `Bearer ${token}` },
  );
  const call = <T>(method: string, request: object) => answered(client.call<T>(method, request));
  type Status = { readonly agent_id: string; readonly status: string };
  return {
    deploy: async (wasm_module, config) =>
      stateOf(await call('AgentService/DeployAgent', { wasm_module, config })),
    listAgents: async ({ status, ...page }) => {
      const status_filter = status && `AGENT_STATUS_${status.toUpperCase()}`;
      const answer = await call<{ agents: Array<{ agent_id: string; name: string }> }>(
        'AgentService/ListAgents',
        { ...page, status_filter },
      );
      return { total: 0, ...answer };
    },
    getAgent: async (agent_id) => stateOf(await call('AgentService/GetAgent', { agent_id })),
    stopAgent: async (agent_id) =>
      stateOf(await call<Status>('AgentService/StopAgent', { agent_id })),
    startAgent: async (agent_id) =>
      stateOf(await call<Status>('AgentService/StartAgent', { agent_id })),
    removeAgent: (agent_id) => call('AgentService/RemoveAgent', { agent_id }),
    send: async (message, options) =>
      ofSend(await call('MessageService/SendMessage', { message: toMessage(message), options })),
    sendAndWait: async (message, { until, ...options } = {}) => {
      const { reply, ...answer } = await call<GrpcSendAnswer & { reply: GrpcMessage }>(
        'MessageService/SendMessageAndWait',
        {
          message: toMessage(message),
          options,
          until: until && `WAIT_UNTIL_${until.toUpperCase()}`,
        },
      );
      return { ...ofSend(answer), reply: ofMessage(reply) } satisfies WaitAnswer;
    },
    history: async (query) => {
      const page = await call<{ messages: GrpcMessage[]; next_cursor?: string }>(
        'MessageService/QueryMessages',
        query,
      );
      return { total: 0, ...page, messages: page.messages.map(ofMessage) };
    },
    deadLetters: async (query) => {
      type Letter = DeadLettersPage['dead_letters'][number] & { readonly message: GrpcMessage };
      const page = await call<{ dead_letters: Letter[] }>('MessageService/ListDeadLetters', query);
      const dead_letters = page.dead_letters.map((letter) => ({
        ...letter,
        message: ofMessage(letter.message),
      }));
      return { total: 0, ...page, dead_letters };
    },
    retryDeadLetter: async (message_id) =>
      ofSend(await call('MessageService/RetryDeadLetter', { message_id })),
    close: async () => client.close(),
  };
};
