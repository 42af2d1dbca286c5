import { wallUs } from '../base/clock.js';
import { putSortableId, SORTABLE_ID_CHARACTERS } from '../base/ids.js';
import { copyWords, equalWords } from '../base/words.js';
import {
  ASCII_FLAG,
  CONVERSATION_FIELD,
  encodedBytes,
  encodedContentBytes,
  encodedTextAt,
  encodedTextBytes,
  IN_REPLY_TO_FIELD,
  LENGTHS_AT,
  MESSAGE_HEADER_BYTES,
  MESSAGE_ID_FIELD,
  RECEIVER_FIELD,
  REPLY_TO_FIELD,
  REPLY_WITH_FIELD,
  SENDER_FIELD,
  TEXT_FIELD_COUNT,
  TRACEPARENT_FIELD,
  writeEncodedHeader,
} from '../fipa/binary.js';
import { JsonMessageReader } from '../fipa/json-message.js';
import { CONTENT_JSON, CONTENT_NONE } from '../fipa/message.js';
import { performativeCode } from '../fipa/performative.js';
import { CONTENT, PRIORITY, RECEIVER } from '../fipa/plain-fields.js';
import type { CurrentCall } from './current-call.js';
import type { Effects } from './effects.js';
import type { GuestMemory } from './guest-memory.js';

const MESSAGE_PREFIX = asciiView('msg_');
const CONVERSATION_PREFIX = asciiView('conv_');
const TASK_PREFIX = asciiView('task_');
const NO_VIEW = asciiView('');

/** Of a message's own id and that of a conversation. */
const IDS_BYTES = 2 * (5 + SORTABLE_ID_CHARACTERS);

/**
 * Sends what guests write as plain JSON: its fields go into the reply ring byte by byte, nothing is
 * parsed into objects, and no string is made. It does what `send_message` does for any message.
 */
export class PlainSends {
  readonly #reader = new JsonMessageReader();
  readonly #contentBytes: number;
  readonly #call: CurrentCall;
  readonly #effects: Effects;
  #target: DataView = NO_VIEW;
  #offset = 0;
  /** Where the next text field goes. */
  #at = 0;
  #guest: DataView = NO_VIEW;
  /** Where the message handled lies, and a view over the same bytes. */
  #handled: Buffer | undefined;
  #handledView: DataView = NO_VIEW;
  /** Whether all text so far is ASCII. */
  #isAscii = true;

  /** @param contentBytes limit of a message's content as JSON */
  constructor(contentBytes: number, call: CurrentCall, effects: Effects) {
    this.#contentBytes = contentBytes;
    this.#call = call;
    this.#effects = effects;
  }

  /**
   * @param sender the id of the agent that sends, in UTF-8
   * @returns the host call's result; undefined when the text isn't plain, and nothing was done
   */
  send(memory: GuestMemory, sender: DataView, start: number, length: number): number | undefined {
    const { bytes } = memory;
    const { fields, json } = this.#reader;
    const end = start + length;
    if (!this.#reader.find(bytes, start, end, this.#contentBytes)) return undefined;
    const act = fields.performative(bytes);
    if (act === undefined) return undefined;
    const contentBytes = fields.has(CONTENT) ? json.length : 0;
    const taken = this.#takenBytesMax();
    const textBytes = IDS_BYTES + sender.byteLength + fields.bytes + taken;
    const offset = this.#effects.openSend(MESSAGE_HEADER_BYTES + textBytes + contentBytes);
    if (offset < 0) return offset;
    this.#target = this.#effects.messagesView;
    this.#guest = memory.view;
    this.#offset = offset;
    this.#at = offset + MESSAGE_HEADER_BYTES;
    this.#isAscii = true;
    this.#writeText(sender);
    if (contentBytes > 0) {
      json.writeTo(this.#target, this.#at, this.#guest);
      this.#isAscii = this.#isAscii && json.isAscii;
    }
    const total = this.#at + contentBytes - offset;
    this.#writeHeader(performativeCode(act), total, contentBytes);
    return this.#effects.closeSend(offset, total);
  }

  /** Of the message handled, text may be taken over. */
  #takenBytesMax(): number {
    const { handledIn: handled, handledAt } = this.#call;
    if (handled === undefined) return 0;
    return encodedBytes(handled, handledAt) - encodedContentBytes(handled, handledAt);
  }

  #writeHeader(code: number, total: number, contentBytes: number): void {
    const { fields } = this.#reader;
    const priority = fields.has(PRIORITY) ? fields.priority : 0;
    const flags = priority | (this.#isAscii ? ASCII_FLAG : 0);
    const encoding = contentBytes === 0 ? CONTENT_NONE : CONTENT_JSON;
    const offset = this.#offset;
    const { messages } = this.#effects;
    writeEncodedHeader(
      messages,
      offset,
      code,
      encoding,
      flags,
      total,
      contentBytes,
      this.#call.hops,
    );
    this.#target.setFloat64(offset + 8, wallUs(), true);
    this.#target.setFloat64(offset + 16, 0, true);
  }

  // Sets what the guest can't, as `fillIn` does: who sends, under which id, and in which conversation.
  #writeText(sender: DataView): void {
    const nowMs = Date.now();
    const { fields } = this.#reader;
    const isHandling = this.#lookAtHandled();
    const answers = isHandling && this.#answers();
    this.#clearLengths();
    this.#putId(MESSAGE_ID_FIELD, MESSAGE_PREFIX, nowMs);
    this.#put(SENDER_FIELD, sender, 0, sender.byteLength);
    this.#putOwn(RECEIVER_FIELD);
    if (fields.has(CONVERSATION_FIELD)) this.#putOwn(CONVERSATION_FIELD);
    else if (answers && this.#has(CONVERSATION_FIELD)) {
      this.#takeOver(CONVERSATION_FIELD, CONVERSATION_FIELD);
    } else if (!this.#isToTask()) this.#putId(CONVERSATION_FIELD, CONVERSATION_PREFIX, nowMs);
    this.#putOwn(REPLY_WITH_FIELD);
    if (answers && !fields.has(IN_REPLY_TO_FIELD)) {
      const named = this.#has(REPLY_WITH_FIELD);
      this.#takeOver(named ? REPLY_WITH_FIELD : MESSAGE_ID_FIELD, IN_REPLY_TO_FIELD);
    } else this.#putOwn(IN_REPLY_TO_FIELD);
    for (let field = REPLY_TO_FIELD; field <= TRACEPARENT_FIELD; field++) this.#putOwn(field);
    if (isHandling && !fields.has(TRACEPARENT_FIELD)) {
      this.#takeOver(TRACEPARENT_FIELD, TRACEPARENT_FIELD);
    }
  }

  #lookAtHandled(): boolean {
    const handled = this.#call.handledIn;
    if (handled !== undefined && handled !== this.#handled) {
      this.#handledView = new DataView(handled.buffer, handled.byteOffset, handled.length);
    }
    this.#handled = handled;
    return handled !== undefined;
  }

  /** Whether it goes back to where the handled message came from, within its conversation. */
  #answers(): boolean {
    const back =
      this.#isLike(RECEIVER_FIELD, SENDER_FIELD) || this.#isLike(RECEIVER_FIELD, REPLY_TO_FIELD);
    if (!back || !this.#reader.fields.has(CONVERSATION_FIELD)) return back;
    return this.#isLike(CONVERSATION_FIELD, CONVERSATION_FIELD);
  }

  #isLike(field: number, ofHandled: number): boolean {
    const length = this.#reader.fields.length(placeOf(field));
    if (this.#bytesOf(ofHandled) !== length) return false;
    const start = this.#reader.fields.start(placeOf(field));
    return equalWords(this.#guest, start, this.#handledView, this.#startOf(ofHandled), length);
  }

  // The conversation of a task is known where its messages are accepted.
  #isToTask(): boolean {
    const { fields } = this.#reader;
    const length = TASK_PREFIX.byteLength;
    if (fields.length(RECEIVER) < length) return false;
    return equalWords(this.#guest, fields.start(RECEIVER), TASK_PREFIX, 0, length);
  }

  #bytesOf(field: number): number {
    return encodedTextBytes(this.#handled as Buffer, this.#call.handledAt, field);
  }

  #startOf(field: number): number {
    return encodedTextAt(this.#handled as Buffer, this.#call.handledAt, field);
  }

  #has(field: number): boolean {
    return this.#bytesOf(field) > 0;
  }

  #takeOver(from: number, field: number): void {
    const length = this.#bytesOf(from);
    if (length === 0) return;
    const start = this.#startOf(from);
    const handled = this.#handled as Buffer;
    for (let i = start; i < start + length; i++) if (handled[i]! >= 0x80) this.#isAscii = false;
    this.#put(field, this.#handledView, start, length);
  }

  #putOwn(field: number): void {
    const { fields } = this.#reader;
    const place = placeOf(field);
    if (fields.has(place)) {
      this.#put(field, this.#guest, fields.start(place), fields.length(place));
    }
  }

  #putId(field: number, prefix: DataView, nowMs: number): void {
    const length = prefix.byteLength + SORTABLE_ID_CHARACTERS;
    copyWords(this.#target, this.#at, prefix, 0, prefix.byteLength);
    putSortableId(this.#target, this.#at + prefix.byteLength, nowMs);
    this.#target.setUint16(this.#offset + LENGTHS_AT + 2 * field, length, true);
    this.#at += length;
  }

  #put(field: number, source: DataView, start: number, length: number): void {
    copyWords(this.#target, this.#at, source, start, length);
    this.#target.setUint16(this.#offset + LENGTHS_AT + 2 * field, length, true);
    this.#at += length;
  }

  // Of the fields, and what stands behind them up to the content's length.
  #clearLengths(): void {
    const start = this.#offset + LENGTHS_AT;
    for (let i = 0; i <= 2 * TEXT_FIELD_COUNT; i += 2) this.#target.setUint16(start + i, 0, true);
  }
}

function asciiView(text: string): DataView {
  return new DataView(Uint8Array.from(Buffer.from(text, 'latin1')).buffer);
}

/** The place among plain fields of a text field of the binary form; they differ in one. */
function placeOf(field: number): number {
  return field === RECEIVER_FIELD ? RECEIVER : field;
}
