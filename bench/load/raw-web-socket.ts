import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export const TEXT = 1;
export const BINARY = 2;

/** Takes a frame's payload, which stands in `bytes` from `start` on and is valid during the call. */
export type TakeFrame = (bytes: Buffer, start: number, length: number, opcode: number) => void;

const HEAD_END = '\r\n\r\n';
const NOTHING = Buffer.alloc(0);

/**
 * A WebSocket client that costs as little as can be: frames are put together once and sent many
 * times, and of those that come only the heads are read. The servers are ours, so that what a
 * client must check elsewhere isn't checked here.
 */
export class RawWebSocket {
  readonly #socket: Socket;
  #rest: Buffer = NOTHING;
  onFrame: TakeFrame = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(port: number, path: string): Promise<RawWebSocket> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    const key = Buffer.from('caxton-benchmark').toString('base64');
    socket.write(
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nupgrade: websocket\r\n` +
        `connection: Upgrade\r\nsec-websocket-key: ${key}\r\nsec-websocket-version: 13\r\n\r\n`,
    );
    const client = new RawWebSocket(socket);
    await new Promise<void>((resolve, reject) => {
      let answer = '';
      socket.on('data', function take(chunk: Buffer) {
        answer += chunk.toString('latin1');
        const end = answer.indexOf(HEAD_END);
        if (end < 0) return;
        socket.off('data', take);
        if (!answer.startsWith('HTTP/1.1 101')) return reject(new Error(answer));
        socket.on('data', (bytes) => client.#take(bytes));
        client.#take(Buffer.from(answer.slice(end + HEAD_END.length), 'latin1'));
        resolve();
      });
      socket.once('error', reject);
    });
    return client;
  }

  /** @param frame from `webSocketFrame` */
  send(frame: Buffer): void {
    this.#socket.write(frame);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 2) {
      let length = bytes[at + 1]! & 0x7f;
      let head = 2;
      if (length === 126) head = 4;
      else if (length === 127) head = 10;
      if (bytes.length - at < head) break;
      if (head === 4) length = bytes.readUInt16BE(at + 2);
      else if (head === 10) length = bytes.readUInt32BE(at + 6);
      if (bytes.length - at < head + length) break;
      this.onFrame(bytes, at + head, length, bytes[at]! & 0x0f);
      at += head + length;
    }
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at);
  }
}

/** A client's frame with a mask of zeros, which leaves the payload as it is. */
export function webSocketFrame(opcode: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | (head.length === 2 ? length : head.length === 4 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(length, 2);
  else if (head.length === 10) head.writeUInt32BE(length, 6);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}
