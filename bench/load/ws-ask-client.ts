import { RawWebSocket, TEXT, webSocketFrame } from './raw-web-socket.js';
import { answerParent, keepUnderWay, type WindowResult, type WindowTimes } from './window.js';

/** Requests that wait for an agent's reply, many under way on one WebSocket connection. */
export interface WsAskInput extends WindowTimes {
  readonly port: number;
  readonly message: object;
  readonly inFlight: number;
}

// {"type":"reply",…
const TYPE_AT = 9;
const REPLY = 'r'.charCodeAt(0);

await answerParent(async (input: WsAskInput): Promise<WindowResult> => {
  const socket = await RawWebSocket.connect(input.port, '/ws');
  const ask = { type: 'send', wait: true, message: input.message };
  const frame = webSocketFrame(TEXT, Buffer.from(JSON.stringify(ask)));
  const waiting: Array<() => void> = [];
  socket.onFrame = (bytes, start, length) => {
    if (bytes[start + TYPE_AT] !== REPLY) {
      throw new Error(bytes.toString('utf8', start, start + length));
    }
    waiting.pop()?.();
  };
  return keepUnderWay(input, input.inFlight, (ended) => {
    waiting.push(ended);
    socket.send(frame);
  });
});
