import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.js';

export const FRAME = Object.freeze({
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
});

export const FLAG = Object.freeze({ ack: 1, endStream: 1, endHeaders: 4 });

const HEAD_BYTES = 9;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

/** A frame as its parts are given, whether that is allowed or not (RFC 9113, section 4.1). */
export function h2Frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array,
): Buffer<ArrayBuffer> {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field of a header block, literal and not indexed, neither name nor value in Huffman's code. */
export function h2Field(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0]), hpackText(name), hpackText(value)]);
}

/** A string of a header block (RFC 7541, section 5.2). */
export function hpackText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}

/** An HTTP/2 connection that a test writes by hand. */
export class RawHttp2 {
  readonly socket: Socket;
  #bytes = Buffer.alloc(0);
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

  /** @param preface instead of the right one and empty settings */
  static async connect(address: string, preface?: Uint8Array): Promise<RawHttp2> {
    const [host, port] = address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    const right = [Buffer.from(PREFACE), h2Frame(FRAME.settings, 0, 0, Buffer.alloc(0))];
    socket.write(preface ?? Buffer.concat(right));
    return new RawHttp2(socket);
  }

  write(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) if (!this.ended) this.socket.write(frame);
  }

  /** Why the connection is over: the codes that were told; none when it just ended. */
  untilOver(): Promise<number[]> {
    return eventually('the connection is over', () => {
      const codes = this.goAwayCodes();
      return (codes.length > 0 || this.ended) && codes;
    });
  }

  goAwayCodes(): number[] {
    const codes: number[] = [];
    for (let at = 0; at + HEAD_BYTES <= this.#bytes.length; ) {
      const length = this.#bytes.readUIntBE(at, 3);
      const isWhole = at + HEAD_BYTES + length <= this.#bytes.length;
      if (this.#bytes[at + 3] === FRAME.goAway && isWhole) {
        codes.push(this.#bytes.readUInt32BE(at + HEAD_BYTES + 4));
      }
      at += HEAD_BYTES + length;
    }
    return codes;
  }

  close(): void {
    this.socket.destroy();
  }
}
