import { decode, encode } from '@msgpack/msgpack';
import { BINARY, RawWebSocket, webSocketFrame } from './raw-web-socket.js';
import { answerParent, keepUnderWay, type WindowResult, type WindowTimes } from './window.js';

/**
 * Binary frames of many messages, several under way; a frame is done when its ack is there. What is
 * refused because the mailbox is full doesn't count, and the next frame then waits for a moment.
 */
export interface WsBatchInput extends WindowTimes {
  readonly port: number;
  readonly path: string;
  readonly message: object;
  readonly messages: number;
  readonly framesInFlight: number;
}

export interface WsBatchResult extends WindowResult {
  readonly refused: number;
}

interface Ack {
  readonly type: string;
  readonly count: number;
  readonly errors?: ReadonlyArray<{ readonly error: { readonly code: string } }>;
}

const PAUSE_MS = 2;
/** The count of fields, "type", "ack", "count" and the count. */
const HEAD_BYTES = 1 + 5 + 4 + 6 + 1;

await answerParent(async (input: WsBatchInput): Promise<WsBatchResult> => {
  const socket = await RawWebSocket.connect(input.port, input.path);
  const batch = Array.from({ length: input.messages }, () => ({ message: input.message }));
  const frame = webSocketFrame(BINARY, encode(batch));
  // Acks come in order.
  const waiting: Array<(amount: number) => void> = [];
  // An ack that takes all begins as the first one of these did, so that few have to be decoded.
  let begin: Buffer | undefined;
  let refused = 0;
  socket.onFrame = (bytes, start, length) => {
    const ended = waiting.shift();
    if (begin?.compare(bytes, start, start + begin.length) === 0) return ended?.(input.messages);
    const ack = decode(bytes.subarray(start, start + length)) as Ack;
    const error = ack.errors?.find(({ error }) => error.code !== 'RESOURCE_LIMIT_EXCEEDED');
    if (ack.type !== 'ack' || error !== undefined) throw new Error(JSON.stringify(ack));
    if (ack.count === input.messages)
      begin = Buffer.from(bytes.subarray(start, start + HEAD_BYTES));
    if (ack.count === input.messages) return ended?.(ack.count);
    refused += input.messages - ack.count;
    setTimeout(() => ended?.(ack.count), PAUSE_MS);
  };
  const result = await keepUnderWay(input, input.framesInFlight, (ended) => {
    waiting.push(ended);
    socket.send(frame);
  });
  return { ...result, refused };
});
