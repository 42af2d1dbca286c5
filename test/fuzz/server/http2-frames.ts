export const DATA = 0;
export const HEADERS = 1;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

export const END_STREAM = 1;
export const END_HEADERS = 4;
export const ACK = 1;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const HEAD_BYTES = 9;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** @param lie how much more, or less, its length says than there is */
export function frameBytes({ type, flags, stream, payload }: Frame, lie = 0): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(Math.max(0, Math.min(0xff_ffff, payload.length + lie)), 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream >>> 0, 5);
  return Buffer.concat([head, payload]);
}

/** Frames that a server sent; the last may be cut. @throws when it may not send one */
export function serverFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    const frame: Frame = {
      type: bytes[at + 3]!,
      flags: bytes[at + 4]!,
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length),
    };
    if (frame.type > CONTINUATION || frame.stream >= 2 ** 31 || length > 16_384) {
      throw new Error(`a server sent ${bytes.toString('hex', at, at + HEAD_BYTES)}`);
    }
    at += HEAD_BYTES + length;
    if (at <= bytes.length) frames.push(frame);
  }
  return frames;
}

/** A header block in which each name and value stands as it is (RFC 7541, section 6.2.2). */
export function headerBlock(
  headers: ReadonlyArray<readonly [name: string, value: string]>,
): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'latin1');
    return Buffer.concat([integer(bytes.length, 7), bytes]);
  };
  return Buffer.concat(
    headers.flatMap(([name, value]) => [Uint8Array.of(0), text(name), text(value)]),
  );
}

/** RFC 7541, section 5.1. */
function integer(value: number, prefixBits: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A message as gRPC frames it. */
export function grpcMessage(bytes: Uint8Array, compressed = 0, lie = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE((bytes.length + lie) >>> 0, 1);
  return Buffer.concat([head, bytes]);
}
