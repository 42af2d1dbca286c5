import { LIMITS } from '../base/limits.js';
import { encodeMessage, MESSAGE_HEADER_BYTES } from '../fipa/binary.js';
import { envelopeText, type Message } from '../fipa/message.js';
import { frameBytes } from '../ring/layout.js';
import {
  DONE_HEADER_BYTES,
  type DoneFrame,
  FRAME_BOUNCE,
  FRAME_BROADCAST,
  FRAME_CAPABILITY,
  FRAME_DATA_DELETE,
  FRAME_DATA_PUT,
  FRAME_HEADER_BYTES,
  FRAME_LOG,
  FRAME_SEND,
  FRAME_SUBSCRIBE,
  FRAME_TIMER_CANCEL,
  FRAME_TIMER_SET,
  padTo8,
  writeDoneHeader,
  writeFrameHeader,
} from '../wire/frames.js';
import { HOST_LIMIT_EXCEEDED } from '../wire/host-calls.js';
import { LogLines } from './log-lines.js';
import type { ReplyWriter } from './reply-writer.js';
import { UndoLog } from './undo-log.js';

/**
 * What one call of an agent does to the world. Frames are written to the reply ring as they come
 * but stay private until complete() publishes all of them with DONE; a failed call's are dropped
 * and its changes to the worker's memory are taken back, so that only its log lines remain.
 */
export class Effects {
  readonly #replies: ReplyWriter;
  readonly #limitBytes: number;
  /** Changes in the worker's memory, to be taken back when the call fails. */
  readonly undo = new UndoLog();
  readonly logs: LogLines;
  #slot = 0;
  #bytes = 0;
  #count = 0;
  #inputBytes = 0;
  #inputs = 0;

  constructor(replies: ReplyWriter) {
    this.#replies = replies;
    // All of a call's frames lie in the ring at once, and a padding in their midst may be as long
    // as the longest of them: together they have to fit half a ring.
    const halfBytes = replies.capacityBytes / 2;
    const logBytes = Math.min(LIMITS.log_bytes_per_message, halfBytes / 4);
    this.logs = new LogLines(logBytes);
    this.#limitBytes = Math.min(LIMITS.effects_bytes, halfBytes - 2 * logBytes);
  }

  begin(slot: number): void {
    this.#slot = slot;
    this.#bytes = 0;
    this.#count = 0;
    this.#inputBytes = 0;
    this.#inputs = 0;
    this.logs.clear();
  }

  /**
   * Counts text that a guest hands over to be parsed. What is refused counts too: parsing takes far
   * longer than its fuel says, and without a bound garbage would hold up the worker.
   * @returns whether this call may have so much parsed
   */
  admitInput(bytes: number): boolean {
    this.#inputBytes += bytes;
    this.#inputs += 1;
    const { effects_messages: effects } = LIMITS;
    return this.#inputBytes <= 2 * this.#limitBytes && this.#inputs <= 2 * effects;
  }

  /** @returns 0, or the host call's negative result */
  send(message: Message): number {
    const at = this.#open(messageBytesMax(message));
    if (at < 0) return at;
    const length = encodeMessage(this.#replies.bytes, at + FRAME_HEADER_BYTES, message);
    return this.#close(at, FRAME_SEND, 0, 0, length);
  }

  /**
   * Room for a message that the caller writes into `messages` himself.
   * @returns where; or the host call's negative result
   */
  openSend(bytesMax: number): number {
    const at = this.#open(bytesMax);
    return at < 0 ? at : at + FRAME_HEADER_BYTES;
  }

  get messages(): Buffer {
    return this.#replies.bytes;
  }

  /** Over the same memory. */
  get messagesView(): DataView {
    return this.#replies.view;
  }

  /** The message is written, as long as this, where `openSend` said. @returns 0 */
  closeSend(at: number, length: number): number {
    return this.#close(at - FRAME_HEADER_BYTES, FRAME_SEND, 0, 0, length);
  }

  broadcast(filter: string, message: Message): number {
    const filterBytes = Buffer.byteLength(filter, 'utf8');
    const at = this.#open(padTo8(filterBytes) + messageBytesMax(message));
    if (at < 0) return at;
    const body = at + FRAME_HEADER_BYTES;
    this.#replies.bytes.write(filter, body, 'utf8');
    const start = padTo8(filterBytes);
    const length = encodeMessage(this.#replies.bytes, body + start, message);
    return this.#close(at, FRAME_BROADCAST, filterBytes, 0, start + length);
  }

  /** @param write the change's number among those of the agent's data on this worker */
  dataPut(key: Uint8Array, value: Uint8Array, write: number): number {
    const at = this.#open(key.length + value.length);
    if (at < 0) return at;
    const body = at + FRAME_HEADER_BYTES;
    this.#replies.bytes.set(key, body);
    this.#replies.bytes.set(value, body + key.length);
    this.#close(at, FRAME_DATA_PUT, key.length, write, key.length + value.length);
    this.#replies.bytes.writeUInt32LE(value.length, at + 12);
    return 0;
  }

  dataDelete(key: Uint8Array, write: number): number {
    const at = this.#open(key.length);
    if (at < 0) return at;
    this.#replies.bytes.set(key, at + FRAME_HEADER_BYTES);
    return this.#close(at, FRAME_DATA_DELETE, key.length, write, key.length);
  }

  timerSet(id: number, delayUs: number): number {
    const at = this.#open(0);
    return at < 0 ? at : this.#close(at, FRAME_TIMER_SET, id, delayUs, 0);
  }

  timerCancel(id: number): number {
    const at = this.#open(0);
    return at < 0 ? at : this.#close(at, FRAME_TIMER_CANCEL, id, 0, 0);
  }

  capability(name: string): number {
    return this.#text(FRAME_CAPABILITY, name);
  }

  subscribe(filter: string): number {
    return this.#text(FRAME_SUBSCRIBE, filter);
  }

  /** The call is over and succeeded: what it did stays. */
  keep(): void {
    this.undo.clear();
  }

  /** The call failed: nothing that it did stays, but for its log lines. */
  drop(): void {
    this.#replies.rollback();
    this.undo.rollback();
  }

  /**
   * Publishes the call's frames, its log lines and DONE at once.
   * @param error JSON of the PlainError of a failed call, else empty
   * @param source where the frame handled lies, at `offset`; given back when the call failed
   */
  complete(done: DoneFrame, error: string, source: Buffer, offset: number): void {
    this.#writeLogs();
    done.errorBytes = error === '' ? 0 : Buffer.byteLength(error, 'utf8');
    const errorSpace = padTo8(done.errorBytes);
    const returned = error === '' ? 0 : done.frameBytes;
    const length = DONE_HEADER_BYTES + errorSpace + returned;
    const at = this.#replies.reserve(length);
    const { bytes } = this.#replies;
    writeDoneHeader(this.#replies.view, at, done);
    if (error !== '') bytes.write(error, at + DONE_HEADER_BYTES, 'utf8');
    if (returned > 0) {
      bytes.set(source.subarray(offset, offset + returned), at + DONE_HEADER_BYTES + errorSpace);
    }
    this.#replies.commit(length);
    this.#replies.publish();
  }

  /** Publishes what a start or a shutdown did, which have no frame to be done with. */
  publish(): void {
    this.#writeLogs();
    this.#replies.publish();
  }

  /** Gives a frame back unhandled. */
  bounce(
    reason: number,
    slot: number,
    sequence: number,
    resumeMs: number,
    source: Buffer,
    offset: number,
    length: number,
  ): void {
    const at = this.#replies.reserve(FRAME_HEADER_BYTES + length);
    const { bytes } = this.#replies;
    writeFrameHeader(bytes, at, FRAME_BOUNCE, slot, sequence, 0);
    bytes[at + 1] = reason;
    bytes.writeUInt32LE(resumeMs, at + 12);
    bytes.set(source.subarray(offset, offset + length), at + FRAME_HEADER_BYTES);
    this.#replies.commit(FRAME_HEADER_BYTES + length);
    this.#replies.publish();
  }

  #text(kind: number, text: string): number {
    const length = Buffer.byteLength(text, 'utf8');
    const at = this.#open(length);
    if (at < 0) return at;
    this.#replies.bytes.write(text, at + FRAME_HEADER_BYTES, 'utf8');
    return this.#close(at, kind, length, 0, length);
  }

  /** Room for a frame's header and body, if the call's bounds allow it. */
  #open(bodyBytes: number): number {
    const bytes = frameBytes(FRAME_HEADER_BYTES + bodyBytes);
    if (this.#count >= LIMITS.effects_messages || this.#bytes + bytes > this.#limitBytes) {
      return HOST_LIMIT_EXCEEDED;
    }
    return this.#replies.reserve(FRAME_HEADER_BYTES + bodyBytes);
  }

  #close(at: number, kind: number, word8: number, double16: number, bodyBytes: number): number {
    writeFrameHeader(this.#replies.bytes, at, kind, this.#slot, word8, double16);
    this.#replies.commit(FRAME_HEADER_BYTES + bodyBytes);
    this.#bytes += frameBytes(FRAME_HEADER_BYTES + bodyBytes);
    this.#count += 1;
    return 0;
  }

  #writeLogs(): void {
    const { logs } = this;
    logs.finish();
    for (let i = 0; i < logs.count; i++) {
      const line = logs.line(i);
      const at = this.#replies.reserve(FRAME_HEADER_BYTES + line.length);
      const { bytes } = this.#replies;
      writeFrameHeader(bytes, at, FRAME_LOG, this.#slot, line.length, 0);
      bytes[at + 1] = logs.level(i);
      bytes.set(line, at + FRAME_HEADER_BYTES);
      this.#replies.commit(FRAME_HEADER_BYTES + line.length);
    }
  }
}

/** An upper bound of a message's binary form, close to it when the content is long. */
function messageBytesMax(m: Message): number {
  return MESSAGE_HEADER_BYTES + envelopeText(m).length * 3 + contentBytesMax(m.content);
}

function contentBytesMax(content: string | Uint8Array): number {
  if (typeof content !== 'string') return content.byteLength;
  // Three bytes for a character is far off when the text is long ASCII: there it is counted.
  return content.length < 4_096 ? content.length * 3 : Buffer.byteLength(content, 'utf8');
}
