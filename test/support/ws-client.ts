import { decode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';
import { eventually } from './eventually.js';
import { failureOf } from './rest-client.js';

export interface ReceivedFrame {
  readonly type: string;
  readonly id?: string | number;
  readonly [field: string]: unknown;
}

/** A connection that keeps what it receives, in order, until it is taken. */
export class WsClient {
  readonly socket: WebSocket;
  readonly received: ReceivedFrame[] = [];
  /** Set when the connection ended. */
  closed: { readonly code: number; readonly reason: string } | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: Buffer, isBinary) => {
      this.received.push((isBinary ? decode(data) : JSON.parse(data.toString())) as ReceivedFrame);
    });
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    socket.on('error', () => {});
  }

  /** Text and bytes go as they are, anything else as JSON. */
  send(frame: unknown): void {
    const raw = typeof frame === 'string' || frame instanceof Uint8Array;
    this.socket.send(raw ? frame : JSON.stringify(frame));
  }

  /** Takes the first frame that fits, now or when it comes. */
  take(what: string, fits: (frame: ReceivedFrame) => boolean): Promise<ReceivedFrame> {
    return eventually(`a frame: ${what}`, () => {
      const index = this.received.findIndex(fits);
      if (index >= 0) return this.received.splice(index, 1)[0];
      if (this.closed) throw new Error(`closed (${this.closed.code}) before a frame: ${what}`);
      return undefined;
    });
  }

  takeType(type: string): Promise<ReceivedFrame> {
    return this.take(type, (frame) => frame.type === type);
  }

  /** Sends a frame and takes the one that answers it. */
  async ask(frame: { readonly id: string | number; readonly [field: string]: unknown }) {
    this.send(frame);
    return this.take(`the answer to ${frame.id}`, (answer) => answer.id === frame.id);
  }

  async close(): Promise<void> {
    this.socket.close();
    await eventually('the connection closes', () => this.closed !== undefined);
  }
}

/** Connects; a refused upgrade rejects with what the answer's error says. */
export function connect(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<WsClient> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers });
    const client = new WsClient(socket);
    socket.once('open', () => resolve(client));
    socket.once('error', reject);
    socket.once('unexpected-response', (_, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => reject(failureOf(JSON.parse(text))));
    });
  });
}
