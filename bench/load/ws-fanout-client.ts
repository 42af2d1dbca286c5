import { RawWebSocket, TEXT, webSocketFrame } from './raw-web-socket.js';
import { answerParent, keepUnderWay, type WindowResult, type WindowTimes } from './window.js';

/** One sender and many subscribers; a message is done when all of them have it. */
export interface WsFanoutInput extends WindowTimes {
  readonly port: number;
  readonly path: string;
  readonly subscribers: number;
  /** What each subscriber sends first, and awaits an answer to. */
  readonly subscribe?: object;
  /** What the sender sends again and again. */
  readonly send: object;
  readonly inFlight: number;
}

export interface WsFanoutResult extends WindowResult {
  readonly frameBytes: number;
}

// {"type":"message",… has an m where answers, alerts and acks have another letter.
const TYPE_AT = 9;
const MESSAGE = 'm'.charCodeAt(0);
const SYSTEM_AT = TYPE_AT + 1;

await answerParent(async (input: WsFanoutInput): Promise<WsFanoutResult> => {
  const { port, path, subscribers } = input;
  let frameBytes = 0;
  /** By the number of the message: how many subscribers still wait for it. */
  const missing: number[] = [];
  const waiting: Array<() => void> = [];
  let first = 0;
  const delivered = (number: number): void => {
    missing[number - first]! -= 1;
    while (missing[0] === 0) {
      missing.shift();
      first += 1;
      waiting.shift()?.();
    }
  };
  const sockets = await Promise.all(
    Array.from({ length: subscribers }, () => subscribe(port, path, input.subscribe)),
  );
  for (const socket of sockets) {
    let received = 0;
    socket.onFrame = (bytes, start, length) => {
      if (bytes[start + TYPE_AT] !== MESSAGE) {
        throw new Error(`a subscriber got ${bytes.toString('utf8', start, start + length)}`);
      }
      frameBytes = length;
      delivered(received++);
    };
  }
  const sender = await RawWebSocket.connect(port, path);
  sender.onFrame = (bytes, start, length) => {
    if (bytes[start + SYSTEM_AT] !== 'c'.charCodeAt(0) && bytes[start + TYPE_AT] !== MESSAGE) {
      throw new Error(`the sender got ${bytes.toString('utf8', start, start + length)}`);
    }
  };
  const frame = webSocketFrame(TEXT, Buffer.from(JSON.stringify(input.send)));
  const result = await keepUnderWay(input, input.inFlight, (ended) => {
    missing.push(subscribers);
    waiting.push(ended);
    sender.send(frame);
  });
  return { ...result, perSecond: result.perSecond * subscribers, frameBytes };
});

async function subscribe(port: number, path: string, message?: object): Promise<RawWebSocket> {
  const socket = await RawWebSocket.connect(port, path);
  if (message === undefined) return socket;
  await new Promise<void>((resolve, reject) => {
    socket.onFrame = (bytes, start, length) => {
      const answer = bytes.toString('utf8', start, start + length);
      if (answer.startsWith('{"type":"subscribed"')) resolve();
      else reject(new Error(answer));
    };
    socket.send(webSocketFrame(TEXT, Buffer.from(JSON.stringify(message))));
  });
  return socket;
}
