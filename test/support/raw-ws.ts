import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.js';

export const OPCODE = Object.freeze({
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
});

export interface FrameForm {
  readonly fin?: boolean;
  readonly masked?: boolean;
  /** Three bits. */
  readonly reserved?: number;
  /** What the head says, where that isn't the payload's length. */
  readonly declaredBytes?: bigint;
}

const MASK = Buffer.from([0x12, 0x34, 0x56, 0x78]);

/** A frame as its parts are given, whether that is allowed or not (RFC 6455, section 5.2). */
export function wsFrame(
  opcode: number,
  payload: string | Uint8Array,
  form: FrameForm = {},
): Buffer {
  const { fin = true, masked = true, reserved = 0 } = form;
  const bytes = Buffer.from(payload as Uint8Array);
  const length = form.declaredBytes ?? BigInt(bytes.length);
  const extended = length < 126n ? 0 : length < 65_536n ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (masked ? 0x80 : 0) | (extended === 0 ? Number(length) : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(Number(length), 2);
  if (extended === 8) head.writeBigUInt64BE(length, 2);
  if (!masked) return Buffer.concat([head, bytes]);
  for (let i = 0; i < bytes.length; i++) bytes[i]! ^= MASK[i & 3]!;
  return Buffer.concat([head, MASK, bytes]);
}

export interface ReceivedRaw {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket that a test writes by hand, to see what broken clients get. */
export class RawWebSocket {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
  /** The other side has ended the connection. */
  ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.ended = true;
      });
    }
  }

  /** @param lines of the upgrade's head instead of those that are right */
  static async connect(
    url: string,
    lines: readonly string[] = upgradeLines(),
  ): Promise<RawWebSocket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.write([...lines, '', ''].join('\r\n'));
    return new RawWebSocket(socket);
  }

  /** The status of the answer to the upgrade. */
  upgraded(): Promise<number> {
    return eventually('an answer to the upgrade', () => {
      const end = this.#bytes.indexOf('\r\n\r\n');
      if (end < 0) return this.ended && 0;
      const head = this.#bytes.subarray(0, end).toString('latin1');
      this.#bytes = this.#bytes.subarray(end + 4);
      return Number(head.split(' ', 2)[1]);
    });
  }

  write(...frames: readonly Buffer[]): void {
    for (const frame of frames) this.socket.write(frame);
  }

  /** Takes the frames that are there. */
  take(): ReceivedRaw[] {
    const frames: ReceivedRaw[] = [];
    for (;;) {
      const bytes = this.#bytes;
      if (bytes.length < 2) return frames;
      const short = bytes[1]! & 0x7f;
      const at = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (bytes.length < at) return frames;
      const length =
        short === 126
          ? bytes.readUInt16BE(2)
          : short === 127
            ? Number(bytes.readBigUInt64BE(2))
            : short;
      if (bytes.length < at + length) return frames;
      frames.push({ opcode: bytes[0]! & 0x0f, payload: bytes.subarray(at, at + length) });
      this.#bytes = bytes.subarray(at + length);
    }
  }

  /** Every frame until the other side ended the connection. */
  async untilEnd(): Promise<ReceivedRaw[]> {
    await eventually('the connection ends', () => this.ended);
    return this.take();
  }

  close(): void {
    this.socket.destroy();
  }
}

/** @param changed lines by the name of their header, in place of the right ones; '' = without */
export function upgradeLines(changed: Readonly<Record<string, string>> = {}): string[] {
  const headers = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...changed,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== '');
  return ['GET /ws HTTP/1.1', ...lines.map(([name, value]) => `${name}: ${value}`)];
}
