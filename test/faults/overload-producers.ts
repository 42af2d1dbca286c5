import { encode } from '@msgpack/msgpack';
import { request } from '../support/rest-client.js';
import { connect, type WsClient } from '../support/ws-client.js';
import { callFailure, GrpcTestClient } from '../transport/grpc/client.js';

/** What became of one send. */
export interface Outcome {
  /** When it was accepted. */
  readonly messageId?: string;
  /** When it was refused. */
  readonly code?: string;
  /** HTTP or gRPC status, where the transport has one. */
  readonly status?: number;
  /** After how many seconds to send again, by the transport's own means. */
  readonly retryAfterS?: number;
}

/** Sends as fast as its transport takes it. */
export interface Producer {
  /** The numbers are what the messages carry, in their order. */
  sendAll(numbers: readonly number[]): Promise<Outcome[]>;
  close(): void;
}

export interface Target {
  readonly url: string;
  readonly grpcAddress: string;
  readonly receiver: string;
  readonly sender: string;
}

interface ErrorFields {
  readonly code: string;
  readonly details: { readonly retry_after_seconds?: number };
}

const REST_AT_ONCE = 32;
/** So that what is kept of refused messages would be seen. */
const PADDING = 'x'.repeat(20_000);

const toMessage = ({ receiver, sender }: Target, number: number) => ({
  performative: 'request',
  sender,
  receiver,
  reply_with: String(number),
  content: `${number} ${PADDING}`,
});

const toGrpc = (target: Target, number: number) => {
  const { content, ...message } = toMessage(target, number);
  return { message: { ...message, content_value: { stringValue: content } } };
};

/** Several at once, each of which sends the next when it has its answer. */
async function atOnce(
  numbers: readonly number[],
  send: (number: number) => Promise<Outcome>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let next = 0;
  const sendOn = async (): Promise<void> => {
    for (let at = next++; at < numbers.length; at = next++) {
      outcomes[at] = await send(numbers[at] as number);
    }
  };
  await Promise.all(Array.from({ length: REST_AT_ONCE }, sendOn));
  return outcomes;
}

function refused({ code, details }: ErrorFields): Outcome {
  const { retry_after_seconds: retryAfterS } = details;
  return { code, ...(retryAfterS !== undefined && { retryAfterS }) };
}

async function rest(target: Target): Promise<Producer> {
  return {
    sendAll: (numbers) =>
      atOnce(numbers, async (number) => {
        const { status, body, headers } = await request(
          `${target.url}/api/v1/messages`,
          'POST',
          toMessage(target, number),
        );
        if (status === 200) return { messageId: (body as { message_id: string }).message_id };
        const { code } = (body as { error: ErrorFields }).error;
        return { status, code, retryAfterS: Number(headers.get('retry-after') ?? Number.NaN) };
      }),
    close: () => undefined,
  };
}

const socketOf = (target: Target): Promise<WsClient> =>
  connect(`${target.url.replace('http', 'ws')}/ws`);

async function webSocket(target: Target): Promise<Producer> {
  const client = await socketOf(target);
  return {
    sendAll: async (numbers) => {
      for (const number of numbers) {
        client.send({ type: 'send', id: number, message: toMessage(target, number) });
      }
      const outcomes: Outcome[] = [];
      for (const number of numbers) {
        const frame = await client.take(`the answer to ${number}`, ({ id }) => id === number);
        if (frame.type === 'ack') outcomes.push({ messageId: frame.message_id as string });
        else outcomes.push(refused(frame.error as ErrorFields));
      }
      return outcomes;
    },
    close: () => client.socket.terminate(),
  };
}

interface BatchAck {
  readonly message_ids: ReadonlyArray<string | null>;
  readonly errors?: ReadonlyArray<{ readonly index: number; readonly error: ErrorFields }>;
}

async function webSocketBatches(target: Target): Promise<Producer> {
  const client = await socketOf(target);
  return {
    sendAll: async (numbers) => {
      client.send(encode(numbers.map((number) => ({ message: toMessage(target, number) }))));
      const ack = (await client.takeType('ack')) as unknown as BatchAck;
      const errors = new Map(ack.errors?.map(({ index, error }) => [index, error]));
      return ack.message_ids.map((messageId, index) => {
        return messageId === null ? refused(errors.get(index) as ErrorFields) : { messageId };
      });
    },
    close: () => client.socket.terminate(),
  };
}

async function grpcUnary(target: Target): Promise<Producer> {
  const client = new GrpcTestClient(target.grpcAddress);
  return {
    sendAll: (numbers) =>
      atOnce(numbers, async (number) => {
        try {
          const answer = await client.call<{ message_id: string }>(
            'MessageService/SendMessage',
            toGrpc(target, number),
          );
          return { messageId: answer.message_id };
        } catch (error) {
          const { status, error: fields, metadata } = callFailure(error);
          const retryAfterS = Number(metadata.get('retry-after')[0] ?? Number.NaN);
          return { status, code: fields?.code ?? '', retryAfterS };
        }
      }),
    close: () => client.close(),
  };
}

interface GrpcError {
  readonly code: string;
  readonly details?: {
    readonly fields?: { readonly retry_after_seconds?: { readonly numberValue?: number } };
  };
}

function refusedByGrpc({ code, details }: GrpcError): Outcome {
  const retryAfterS = details?.fields?.retry_after_seconds?.numberValue;
  return { code, ...(retryAfterS !== undefined && { retryAfterS }) };
}

async function grpcConverse(target: Target): Promise<Producer> {
  const client = new GrpcTestClient(target.grpcAddress);
  const { call, answers } = client.converse<{
    readonly ack?: { readonly message_id: string };
    readonly error?: GrpcError;
  }>('MessageService/Converse');
  return {
    sendAll: async (numbers) => {
      for (const number of numbers) call.write(toGrpc(target, number));
      const received = await answers.take(numbers.length);
      return received.map(({ ack, error }) =>
        ack === undefined ? refusedByGrpc(error as GrpcError) : { messageId: ack.message_id },
      );
    },
    close: () => {
      call.cancel();
      client.close();
    },
  };
}

export const PRODUCERS: Readonly<Record<string, (target: Target) => Promise<Producer>>> = {
  REST: rest,
  WebSocket: webSocket,
  'WebSocket batches': webSocketBatches,
  gRPC: grpcUnary,
  'gRPC Converse': grpcConverse,
};
