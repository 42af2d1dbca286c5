import { type ClientDuplexStream, credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { encodeRequest } from './message-service.js';
import { answerParent, keepUnderWay, type WindowResult, type WindowTimes } from './window.js';

/**
 * A gRPC client that sends one message again and again, encoded once, and takes answers as bytes: in
 * calls of SendMessage, or on one stream of Converse.
 */
export interface GrpcInput extends WindowTimes {
  readonly port: number;
  readonly method: 'SendMessage' | 'Converse';
  readonly message: object;
  readonly inFlight: number;
}

const path = (method: string) => `/caxton.v1.MessageService/${method}`;
const same = (bytes: Buffer): Buffer => bytes;

/** An answer of Converse that holds an error has it as field 5, of which this is the tag. */
const ERROR_TAG = (5 << 3) | 2;

await answerParent(async (input: GrpcInput): Promise<WindowResult> => {
  const Client = makeGenericClientConstructor({}, 'MessageService');
  const client = new Client(`127.0.0.1:${input.port}`, credentials.createInsecure());
  const request = encodeRequest(input.method, input.message);
  if (input.method === 'SendMessage') {
    return keepUnderWay(input, input.inFlight, (ended) => {
      client.makeUnaryRequest(path(input.method), same, same, request, (error) => {
        if (error !== null) throw error;
        ended();
      });
    });
  }
  const stream = client.makeBidiStreamRequest(path(input.method), same, same) as ClientDuplexStream<
    Buffer,
    Buffer
  >;
  const waiting: Array<() => void> = [];
  stream.on('data', (answer: Buffer) => {
    if (firstFieldIsError(answer)) throw new Error(answer.toString('utf8'));
    waiting.shift()?.();
  });
  const result = await keepUnderWay(input, input.inFlight, (ended) => {
    waiting.push(ended);
    stream.write(request);
  });
  stream.end();
  return result;
});

// The index, a varint, may stand first.
function firstFieldIsError(answer: Buffer): boolean {
  let at = 0;
  if (answer[at] === 2 << 3) for (at += 1; answer[at++]! >= 0x80; );
  return answer[at] === ERROR_TAG;
}
