import { copyBytes } from '../base/bytes.js';
import { wallUs } from '../base/clock.js';
import { putSortableId, SORTABLE_ID_CHARACTERS } from '../base/ids.js';
import { putDouble, putUint16 } from '../base/little-endian.js';
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

const MESSAGE_PREFIX = Uint8Array.from(Buffer.from('msg_'));
const CONVERSATION_PREFIX = Uint8Array.from(Buffer.from('conv_'));
const TASK_PREFIX = Uint8Array.from(Buffer.from('task_'));

/** Up to here a loop copies sooner than a view of the bytes is made. */
const LOOP_BYTES = 16;
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
  #target: Buffer = Buffer.alloc(0);
  #offset = 0;
  /** Where the next text field goes. */
  #at = 0;
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
  send(memory: GuestMemory, sender: Uint8Array, start: number, length: number): number | undefined {
    const { bytes } = memory;
    const { fields, json } = this.#reader;
    const end = start + length;
    if (!this.#reader.find(bytes, start, end, this.#contentBytes)) return undefined;
    const act = fields.performative(bytes);
    if (act === undefined) return undefined;
    const contentBytes = fields.has(CONTENT) ? json.length : 0;
    const taken = this.#takenBytesMax();
    const textBytes = IDS_BYTES + sender.length + length + taken;
    const offset = this.#effects.openSend(MESSAGE_HEADER_BYTES + textBytes);
    if (offset < 0) return offset;
    this.#target = this.#effects.messages;
    this.#offset = offset;
    this.#at = offset + MESSAGE_HEADER_BYTES;
    this.#isAscii = true;
    this.#writeText(bytes, sender);
    if (contentBytes > 0) {
      json.writeTo(this.#target, this.#at);
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
    const target = this.#target;
    const offset = this.#offset;
    writeEncodedHeader(target, offset, code, encoding, flags, total, contentBytes);
    putDouble(target, offset + 8, wallUs());
    putDouble(target, offset + 16, 0);
    putUint16(target, offset + LENGTHS_AT + 2 * TEXT_FIELD_COUNT, 0);
  }

  // Sets what the guest can't, as `fillIn` does: who sends, under which id, and in which conversation.
  #writeText(guest: Buffer, sender: Uint8Array): void {
    const nowMs = Date.now();
    const handled = this.#call.handledIn;
    const answers = handled !== undefined && this.#answers(guest, handled);
    this.#putId(MESSAGE_ID_FIELD, MESSAGE_PREFIX, nowMs);
    this.#put(SENDER_FIELD, sender, 0, sender.length);
    this.#putOwn(guest, RECEIVER_FIELD);
    const { fields } = this.#reader;
    if (fields.has(CONVERSATION_FIELD)) this.#putOwn(guest, CONVERSATION_FIELD);
    else if (answers && this.#has(handled, CONVERSATION_FIELD)) {
      this.#takeOver(handled, CONVERSATION_FIELD, CONVERSATION_FIELD);
    } else if (this.#isToTask(guest)) this.#putLength(CONVERSATION_FIELD, 0);
    else this.#putId(CONVERSATION_FIELD, CONVERSATION_PREFIX, nowMs);
    this.#putOwn(guest, REPLY_WITH_FIELD);
    if (answers && !fields.has(IN_REPLY_TO_FIELD)) {
      const named = this.#has(handled, REPLY_WITH_FIELD);
      this.#takeOver(handled, named ? REPLY_WITH_FIELD : MESSAGE_ID_FIELD, IN_REPLY_TO_FIELD);
    } else this.#putOwn(guest, IN_REPLY_TO_FIELD);
    for (let field = REPLY_TO_FIELD; field < TRACEPARENT_FIELD; field++) this.#putOwn(guest, field);
    if (handled === undefined || fields.has(TRACEPARENT_FIELD)) {
      this.#putOwn(guest, TRACEPARENT_FIELD);
    } else this.#takeOver(handled, TRACEPARENT_FIELD, TRACEPARENT_FIELD);
  }

  /** Whether it goes back to where the handled message came from, within its conversation. */
  #answers(guest: Buffer, handled: Buffer): boolean {
    const back =
      this.#isLike(guest, RECEIVER_FIELD, handled, SENDER_FIELD) ||
      this.#isLike(guest, RECEIVER_FIELD, handled, REPLY_TO_FIELD);
    if (!back) return false;
    if (!this.#reader.fields.has(CONVERSATION_FIELD)) return true;
    return this.#isLike(guest, CONVERSATION_FIELD, handled, CONVERSATION_FIELD);
  }

  #isLike(guest: Buffer, field: number, handled: Buffer, other: number): boolean {
    const length = this.#reader.fields.length(placeOf(field));
    if (encodedTextBytes(handled, this.#call.handledAt, other) !== length) return false;
    const start = this.#reader.fields.start(placeOf(field));
    const from = encodedTextAt(handled, this.#call.handledAt, other);
    // From the end: ids differ there first.
    for (let i = length - 1; i >= 0; i--) if (guest[start + i] !== handled[from + i]) return false;
    return true;
  }

  // The conversation of a task is known where its messages are accepted.
  #isToTask(guest: Buffer): boolean {
    const { fields } = this.#reader;
    const start = fields.start(RECEIVER);
    if (fields.length(RECEIVER) < TASK_PREFIX.length) return false;
    for (let i = 0; i < TASK_PREFIX.length; i++) {
      if (guest[start + i] !== TASK_PREFIX[i]) return false;
    }
    return true;
  }

  #has(handled: Buffer, field: number): boolean {
    return encodedTextBytes(handled, this.#call.handledAt, field) > 0;
  }

  #takeOver(handled: Buffer, from: number, field: number): void {
    const start = encodedTextAt(handled, this.#call.handledAt, from);
    const length = encodedTextBytes(handled, this.#call.handledAt, from);
    for (let i = start; i < start + length; i++) {
      if (handled[i]! >= 0x80) this.#isAscii = false;
    }
    this.#put(field, handled, start, length);
  }

  #putOwn(guest: Buffer, field: number): void {
    const { fields } = this.#reader;
    const place = placeOf(field);
    this.#put(field, guest, fields.start(place), fields.length(place));
  }

  #putId(field: number, prefix: Uint8Array, nowMs: number): void {
    const at = this.#at;
    const target = this.#target;
    for (let i = 0; i < prefix.length; i++) target[at + i] = prefix[i]!;
    putSortableId(target, at + prefix.length, nowMs);
    this.#at = at + prefix.length + SORTABLE_ID_CHARACTERS;
    this.#putLength(field, this.#at - at);
  }

  #put(field: number, source: Uint8Array, start: number, length: number): void {
    this.#putLength(field, length);
    if (length === 0) return;
    const target = this.#target;
    const at = this.#at;
    if (length > LOOP_BYTES) copyBytes(target, at, source, start, start + length);
    else for (let i = 0; i < length; i++) target[at + i] = source[start + i]!;
    this.#at = at + length;
  }

  #putLength(field: number, length: number): void {
    putUint16(this.#target, this.#offset + LENGTHS_AT + 2 * field, length);
  }
}

/** The place among plain fields of a text field of the binary form; they differ in one. */
function placeOf(field: number): number {
  return field === RECEIVER_FIELD ? RECEIVER : field;
}
