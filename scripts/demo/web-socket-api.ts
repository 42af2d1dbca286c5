import { WebSocket } from 'ws';
import type { ApiConnection, Outgoing, Reply } from './apis.js';

interface Frame {
  readonly type: string;
  readonly id?: number;
  readonly reply?: Reply;
}

/** The WebSocket API: one connection, answers told apart by the id of the frame. */
export class WebSocketApi implements ApiConnection {
  readonly name = 'WebSocket';
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (frame: Frame) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const frame = JSON.parse(data.toString()) as Frame;
      const id = frame.id ?? 0;
      this.#waiting.get(id)?.(frame);
      this.#waiting.delete(id);
    });
  }

  static connect(url: string): Promise<WebSocketApi> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(url);
      socket.once('open', () => resolve(new WebSocketApi(socket)));
      socket.once('error', reject);
    });
  }

  async ask(message: Outgoing): Promise<Reply> {
    const id = ++this.#lastId;
    const answer = new Promise<Frame>((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#socket.once('close', () => reject(new Error('the WebSocket was closed')));
    });
    this.#socket.send(JSON.stringify({ type: 'send', id, wait: true, message }));
    const frame = await answer;
    if (frame.reply === undefined) throw new Error(`the WebSocket said ${JSON.stringify(frame)}`);
    return frame.reply;
  }

  close(): void {
    this.#socket.close();
  }
}
