import type { PlainError } from '../../src/base/errors.js';
import { decodeMessage } from '../../src/fipa/binary.js';
import { type MessageJson, messageJson } from '../../src/fipa/message.js';
import {
  DONE_HEADER_BYTES,
  type DoneFrame,
  emptyDoneFrame,
  FRAME_BOUNCE,
  FRAME_BROADCAST,
  FRAME_CAPABILITY,
  FRAME_DATA_DELETE,
  FRAME_DATA_PUT,
  FRAME_DONE,
  FRAME_HEADER_BYTES,
  FRAME_LOG,
  FRAME_SEND,
  FRAME_SUBSCRIBE,
  FRAME_TIMER_CANCEL,
  FRAME_TIMER_SET,
  OUTCOME_OK,
  padTo8,
  readDoneHeader,
} from '../../src/wire/frames.js';

export interface DoneReply extends DoneFrame {
  readonly kind: 'done';
  readonly error: PlainError | undefined;
  /** The frame handled, which comes back when it failed. */
  readonly frame: Buffer | undefined;
}

export type Effect =
  | { kind: 'send'; message: MessageJson }
  | { kind: 'broadcast'; filter: unknown; message: MessageJson }
  | { kind: 'put'; key: string; value: Buffer }
  | { kind: 'delete'; key: string }
  | { kind: 'timer'; id: number; delayUs: number }
  | { kind: 'cancel'; id: number }
  | { kind: 'capability'; name: string }
  | { kind: 'subscribe'; filter: unknown }
  | { kind: 'log'; level: number; text: string };

export interface BounceReply {
  readonly kind: 'bounce';
  readonly reason: number;
  readonly sequence: number;
  readonly resumeMs: number;
  readonly frame: Buffer;
}

export type Reply = (Effect | DoneReply | BounceReply) & { slot: number };

/** A frame of the reply ring as a value of its own. */
export function readReply(source: Buffer, offset: number, length: number): Reply {
  const slot = source.readUInt32LE(offset + 4);
  return { ...readBody(source, offset, length), slot } as Reply;
}

function readBody(source: Buffer, offset: number, length: number): object {
  const word8 = source.readUInt32LE(offset + 8);
  const body = offset + FRAME_HEADER_BYTES;
  const text = (): string => source.toString('utf8', body, body + word8);
  const message = (at: number): MessageJson => messageJson(decodeMessage(source, at));
  switch (source[offset]) {
    case FRAME_SEND:
      return { kind: 'send', message: message(body) };
    case FRAME_BROADCAST:
      return {
        kind: 'broadcast',
        filter: JSON.parse(text()),
        message: message(body + padTo8(word8)),
      };
    case FRAME_DATA_PUT: {
      const valueAt = body + word8;
      const valueEnd = valueAt + source.readUInt32LE(offset + 12);
      return { kind: 'put', key: text(), value: Buffer.from(source.subarray(valueAt, valueEnd)) };
    }
    case FRAME_DATA_DELETE:
      return { kind: 'delete', key: text() };
    case FRAME_TIMER_SET:
      return { kind: 'timer', id: word8, delayUs: source.readDoubleLE(offset + 16) };
    case FRAME_TIMER_CANCEL:
      return { kind: 'cancel', id: word8 };
    case FRAME_CAPABILITY:
      return { kind: 'capability', name: text() };
    case FRAME_SUBSCRIBE:
      return { kind: 'subscribe', filter: JSON.parse(text()) };
    case FRAME_LOG:
      return { kind: 'log', level: source[offset + 1], text: text() };
    case FRAME_BOUNCE:
      return {
        kind: 'bounce',
        reason: source[offset + 1],
        sequence: word8,
        resumeMs: source.readUInt32LE(offset + 12),
        frame: Buffer.from(source.subarray(body, offset + length)),
      };
    case FRAME_DONE:
      return readDone(source, offset);
    default:
      throw new Error(`a frame of kind ${source[offset]} in the reply ring`);
  }
}

function readDone(source: Buffer, offset: number): object {
  const done = emptyDoneFrame();
  const view = new DataView(source.buffer, source.byteOffset, source.length);
  readDoneHeader(view, offset, done);
  const errorAt = offset + DONE_HEADER_BYTES;
  const errorText = source.toString('utf8', errorAt, errorAt + done.errorBytes);
  const frameAt = errorAt + padTo8(done.errorBytes);
  const failed = done.outcome !== OUTCOME_OK;
  return {
    ...done,
    kind: 'done',
    error: errorText === '' ? undefined : JSON.parse(errorText),
    frame: failed ? Buffer.from(source.subarray(frameAt, frameAt + done.frameBytes)) : undefined,
  };
}
