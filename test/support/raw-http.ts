import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.js';

/** A TCP connection on which a test writes HTTP by hand, to see what broken clients get. */
export class RawHttp {
  readonly socket: Socket;
  #text = '';
  ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#text += chunk.toString('latin1');
    });
    const end = (): void => {
      this.ended = true;
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  static async connect(url: string): Promise<RawHttp> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawHttp(socket);
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Takes the next whole answer that has a Content-Length: its status and body. */
  takeAnswer(): Promise<{ status: number; head: string; body: string }> {
    return eventually('an HTTP answer', () => {
      const match = /^(HTTP\/1\.1 (\d{3})[\s\S]*?)\r\n\r\n/.exec(this.#text);
      if (!match) return undefined;
      const length = Number(/content-length: (\d+)/i.exec(match[1]!)?.[1] ?? 0);
      if (this.#text.length < match[0].length + length) return undefined;
      const body = this.#text.slice(match[0].length, match[0].length + length);
      this.#text = this.#text.slice(match[0].length + length);
      return { status: Number(match[2]), head: match[1]!, body };
    });
  }

  /** What came and was not taken. */
  get rest(): string {
    return this.#text;
  }

  close(): void {
    this.socket.destroy();
  }
}
