import { putDouble, putUint32, uint32At } from '../base/little-endian.js';

/**
 * The frames that cross threads in rings. Little endian; a frame starts on an 8-byte boundary.
 *
 * Main → worker (request ring):
 *   DELIVER  0 u8 kind · 1 u8 deaths · 4 u32 slot · 8 u32 sequence · 12 u32 mark
 *            16 f64 accepted, monotonic µs · 24 the binary message
 *   TIMER    0 u8 kind · 1 u8 deaths · 4 u32 slot · 8 u32 sequence
 *            16 f64 due, monotonic µs · 24 f64 due, wall µs · 32 u32 timer id
 *
 * `deaths` counts the workers that died over the frame. It is kept nowhere else, so that it is
 * forgotten with the frame.
 *
 * Worker → main (reply ring). All frames of one message, DONE last, are published at once:
 *   SEND         0 kind · 4 slot · 24 the binary message, ready to be routed
 *   BROADCAST    0 kind · 4 slot · 8 u32 filter length · 24 filter JSON, padded to 8, the message
 *   DATA_PUT     0 kind · 4 slot · 8 u32 key length · 12 u32 value length
 *                16 f64 number of the change · 24 key, value
 *   DATA_DELETE  0 kind · 4 slot · 8 u32 key length · 16 f64 number of the change · 24 key
 *   TIMER_SET    0 kind · 4 slot · 8 u32 timer id · 16 f64 delay, µs
 *   TIMER_CANCEL 0 kind · 4 slot · 8 u32 timer id
 *   CAPABILITY   0 kind · 4 slot · 8 u32 length · 24 name
 *   SUBSCRIBE    0 kind · 4 slot · 8 u32 length · 24 filter JSON
 *   LOG          0 kind · 1 u8 level · 4 slot · 8 u32 length · 24 text
 *   DONE         0 kind · 1 u8 outcome · 4 slot · 8 u32 sequence · 12 u32 pause, ms
 *                16 f64 fuel used · 24 f64 handling, µs · 32 f64 memory, bytes
 *                40 u32 length of the frame handled · 44 u32 length of the error JSON
 *                48 f64 from acceptance to the end of handling, µs
 *                56 u32 mark of the frame handled · 60 u32 0
 *                64 error JSON, padded to 8, then the frame handled when the outcome isn't OK
 *   BOUNCE       0 kind · 1 u8 reason · 4 slot · 8 u32 sequence · 12 u32 resume after, ms
 *                24 the frame as it came
 *
 * A mark is what the main thread knows the message by when it has been handled; 0 = by nothing.
 */
export const FRAME_DELIVER = 1;
export const FRAME_TIMER = 2;

export const FRAME_SEND = 16;
export const FRAME_BROADCAST = 17;
export const FRAME_DATA_PUT = 18;
export const FRAME_DATA_DELETE = 19;
export const FRAME_TIMER_SET = 20;
export const FRAME_TIMER_CANCEL = 21;
export const FRAME_CAPABILITY = 22;
export const FRAME_SUBSCRIBE = 23;
export const FRAME_LOG = 24;
export const FRAME_DONE = 25;
export const FRAME_BOUNCE = 26;

/** Bytes in front of the body of every frame but DONE. */
export const FRAME_HEADER_BYTES = 24;
const MARK_AT = 12;
export const TIMER_FRAME_BYTES = 40;
export const DONE_HEADER_BYTES = 64;

/** How the handling of one frame ended. */
export const OUTCOME_OK = 0;
/** The agent returned non-zero, refused the allocation or was handed something it can't take. */
export const OUTCOME_FAILED = 1;
/** The instance trapped or ran out of fuel and was discarded. */
export const OUTCOME_TRAPPED = 2;

/** Why a frame came back unhandled. */
export const BOUNCE_NO_AGENT = 1;
/** The instance was discarded after a trap and its successor isn't there yet. */
export const BOUNCE_RESTARTING = 2;
/** The agent used up its share of a core for now. */
export const BOUNCE_THROTTLED = 3;

export const LOG_INFO = 0;
export const LOG_ERROR = 1;

/** Rounds up to the next multiple of eight, at which a following part of a frame starts. */
export function padTo8(length: number): number {
  return (length + 7) & ~7;
}

/** One more worker died over this frame, which was in its hands. @returns how many did */
export function countDeath(frame: Buffer): number {
  const deaths = (frame[1] as number) + 1;
  frame[1] = deaths;
  return deaths;
}

/** Fixed part of a DONE frame, read out. */
export interface DoneFrame {
  outcome: number;
  slot: number;
  sequence: number;
  /** The agent takes no further message for so many milliseconds (its CPU share is used up). */
  pauseMs: number;
  fuelUsed: number;
  handlingUs: number;
  /** From acceptance to the end of handling. */
  latencyUs: number;
  memoryBytes: number;
  frameBytes: number;
  errorBytes: number;
  /** That of the frame handled. */
  mark: number;
}

export function writeFrameHeader(
  target: Buffer,
  offset: number,
  kind: number,
  slot: number,
  word8: number,
  double16: number,
  mark = 0,
): void {
  putUint32(target, offset, kind);
  putUint32(target, offset + 4, slot);
  putUint32(target, offset + 8, word8);
  putUint32(target, offset + MARK_AT, mark);
  putDouble(target, offset + 16, double16);
}

/** The mark of a whole DELIVER frame at `offset`. */
export function frameMark(source: Buffer, offset = 0): number {
  return uint32At(source, offset + MARK_AT);
}

export function writeDoneHeader(target: DataView, offset: number, done: DoneFrame): void {
  target.setUint32(offset, FRAME_DONE, true);
  target.setUint8(offset + 1, done.outcome);
  target.setUint32(offset + 4, done.slot, true);
  target.setUint32(offset + 8, done.sequence, true);
  target.setUint32(offset + 12, done.pauseMs, true);
  target.setFloat64(offset + 16, done.fuelUsed, true);
  target.setFloat64(offset + 24, done.handlingUs, true);
  target.setFloat64(offset + 32, done.memoryBytes, true);
  target.setUint32(offset + 40, done.frameBytes, true);
  target.setUint32(offset + 44, done.errorBytes, true);
  target.setFloat64(offset + 48, done.latencyUs, true);
  target.setUint32(offset + 56, done.mark, true);
  target.setUint32(offset + 60, 0, true);
}

/** Reads the fixed part into an object the caller keeps, so that nothing is allocated. */
export function readDoneHeader(source: DataView, offset: number, into: DoneFrame): void {
  into.outcome = source.getUint8(offset + 1);
  into.slot = source.getUint32(offset + 4, true);
  into.sequence = source.getUint32(offset + 8, true);
  into.pauseMs = source.getUint32(offset + 12, true);
  into.fuelUsed = source.getFloat64(offset + 16, true);
  into.handlingUs = source.getFloat64(offset + 24, true);
  into.memoryBytes = source.getFloat64(offset + 32, true);
  into.frameBytes = source.getUint32(offset + 40, true);
  into.errorBytes = source.getUint32(offset + 44, true);
  into.latencyUs = source.getFloat64(offset + 48, true);
  into.mark = source.getUint32(offset + 56, true);
}

export function emptyDoneFrame(): DoneFrame {
  return {
    outcome: OUTCOME_OK,
    slot: 0,
    sequence: 0,
    pauseMs: 0,
    fuelUsed: 0,
    handlingUs: 0,
    latencyUs: 0,
    memoryBytes: 0,
    frameBytes: 0,
    errorBytes: 0,
    mark: 0,
  };
}
