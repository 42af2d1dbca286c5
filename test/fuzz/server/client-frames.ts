import { isUtf8 } from 'node:buffer';
import { LIMITS } from '../../../src/base/limits.js';

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** How a frame is written, right or wrong. */
export interface FrameForm {
  readonly opcode: number;
  readonly fin: boolean;
  readonly rsv: number;
  readonly masked: boolean;
  /** Which of the three forms of a length; a length that doesn't fit takes the next. */
  readonly lengthForm: 7 | 16 | 64;
  /** How much more, or less, its length says than there is. */
  readonly lie: number;
  readonly payload: Uint8Array;
}

const MASK = Uint8Array.of(0x5a, 0, 0xff, 0x13);

/** A client's frame as bytes. */
export function clientFrame(form: FrameForm): Buffer {
  const { payload } = form;
  const said = Math.max(0, payload.length + form.lie);
  const bits =
    form.lengthForm === 64 || said > 0xffff ? 64 : form.lengthForm === 16 || said > 125 ? 16 : 7;
  const length = Buffer.alloc(bits === 64 ? 8 : bits === 16 ? 2 : 0);
  if (bits === 64) length.writeBigUInt64BE(BigInt(said));
  else if (bits === 16) length.writeUInt16BE(said);
  const first = (form.fin ? 0x80 : 0) | (form.rsv << 4) | form.opcode;
  const second = (form.masked ? 0x80 : 0) | (bits === 64 ? 127 : bits === 16 ? 126 : said);
  return Buffer.concat([
    Uint8Array.of(first, second),
    length,
    form.masked ? MASK : new Uint8Array(0),
    form.masked ? payload.map((byte, i) => byte ^ MASK[i % 4]!) : payload,
  ]);
}

export interface ReceivedFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly masked: boolean;
  readonly rsv: number;
  readonly minimal: boolean;
  readonly payload: Buffer;
}

/** What a stream of frames is by RFC 6455, when its reader has got all of it. */
export type Verdict = 'whole' | 'incomplete' | 'closed' | 'violation' | 'unclear';

/** Reads one frame; undefined when it isn't all there. */
export function frameAt(
  bytes: Buffer,
  at: number,
): { frame: ReceivedFrame; end: number } | undefined {
  if (bytes.length < at + 2) return undefined;
  const short = bytes[at + 1]! & 0x7f;
  const masked = bytes[at + 1]! >= 0x80;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  let start = at + 2 + lengthBytes;
  if (bytes.length < start + (masked ? 4 : 0)) return undefined;
  const length =
    lengthBytes === 8
      ? Number(bytes.readBigUInt64BE(at + 2))
      : lengthBytes === 2
        ? bytes.readUInt16BE(at + 2)
        : short;
  const mask = masked ? bytes.subarray(start, start + 4) : undefined;
  start += masked ? 4 : 0;
  const part = bytes.subarray(start, start + length);
  const frame: ReceivedFrame = {
    opcode: bytes[at]! & 0x0f,
    fin: bytes[at]! >= 0x80,
    rsv: (bytes[at]! >> 4) & 7,
    masked,
    minimal: lengthBytes === 0 || length > (lengthBytes === 2 ? 125 : 0xffff),
    payload: Buffer.from(mask === undefined ? part : part.map((byte, i) => byte ^ mask[i % 4]!)),
  };
  return { frame, end: start + length };
}

/** A second opinion on a client's bytes, written from the RFC and not from a library. */
export function verdictOn(bytes: Buffer): Verdict {
  let open = -1;
  let parts: Buffer[] = [];
  let wasControl = false;
  for (let at = 0; at < bytes.length; ) {
    const read = frameAt(bytes, at);
    if (read === undefined) return 'incomplete';
    const { frame, end } = read;
    const isControl = frame.opcode >= 8;
    const known = [0, TEXT, BINARY, CLOSE, PING, PONG].includes(frame.opcode);
    if (frame.rsv !== 0 || !known) return 'violation';
    // The library doesn't look at the bit that says so, and reads four bytes as the mask.
    if (!frame.masked) return 'unclear';
    if (isControl && (!frame.fin || end - at > 2 + 4 + 125)) return 'violation';
    // A message amid the frames of another, which the RFC has refused: the library sees it only
    // where no control frame came in between, and not when it is a binary one.
    const isAmid = open >= 0 && (frame.opcode === BINARY || frame.opcode === TEXT);
    if (isAmid && (frame.opcode === BINARY || wasControl)) return 'unclear';
    wasControl = isControl;
    if (!isControl && (frame.opcode === 0) !== open >= 0) return 'violation';
    if (!frame.minimal) return 'unclear';
    if (end > bytes.length)
      return end - at > LIMITS.websocket_frame_bytes ? 'violation' : 'incomplete';
    if (frame.opcode === CLOSE) return 'closed';
    at = end;
    if (isControl) continue;
    if (frame.opcode !== 0) open = frame.opcode;
    parts.push(frame.payload);
    if (!frame.fin) continue;
    if (open === TEXT && !isUtf8(Buffer.concat(parts))) return 'violation';
    open = -1;
    parts = [];
  }
  return 'whole';
}
