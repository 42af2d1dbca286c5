import { assert } from '../base/assert.js';
import { decodeContent, decodeMessage, encodedBytes, encodedTimestampUs } from '../fipa/binary.js';
import type { Message } from '../fipa/message.js';

export interface MessageLogBounds {
  readonly messages: number;
  readonly bytes: number;
}

export interface KeptMessage {
  readonly message: Message;
  /** The last of the numbers that it took. */
  readonly sequence: number;
}

/**
 * The last messages in their binary form, in memory that is taken once and written around:
 *
 *     bytes   | m7 | m8 | m9 |   free   | m4 | m5 | m6 | unused |
 *                            ↑ next     ↑ oldest
 *
 * Keeping a message is one copy of its bytes: no object of it outlives the call, which would cost
 * the garbage collector far more than the copy.
 */
export class MessageLog {
  readonly #bounds: MessageLogBounds;
  #bytes = Buffer.alloc(0);
  #sequences = new Float64Array(0);
  #timesUs = new Float64Array(0);
  #offsets = new Uint32Array(0);
  #first = 0;
  #count = 0;
  #next = 0;
  #recording = false;
  #floor = Number.POSITIVE_INFINITY;

  constructor(bounds: MessageLogBounds) {
    this.#bounds = bounds;
  }

  get recording(): boolean {
    return this.#recording;
  }

  /** Everything with a higher number is here. */
  get floor(): number {
    return this.#floor;
  }

  /** @param sequence the last number that was given out */
  start(sequence: number): void {
    const { messages, bytes } = this.#bounds;
    this.#bytes = Buffer.allocUnsafeSlow(bytes);
    this.#sequences = new Float64Array(messages);
    this.#timesUs = new Float64Array(messages);
    this.#offsets = new Uint32Array(messages);
    this.#recording = true;
    this.#floor = sequence;
  }

  /** Gives the memory back. */
  stop(): void {
    this.#recording = false;
    this.#floor = Number.POSITIVE_INFINITY;
    this.#bytes = Buffer.alloc(0);
    this.#first = 0;
    this.#count = 0;
    this.#next = 0;
  }

  /** @param sequence the last of the numbers that the message takes */
  append(sequence: number, source: Buffer, offset: number): void {
    if (!this.#recording) return;
    const length = encodedBytes(source, offset);
    assert(length <= this.#bounds.bytes, 'a message is longer than the log of messages');
    const at = this.#makeRoom(length);
    source.copy(this.#bytes, at, offset, offset + length);
    const place = (this.#first + this.#count) % this.#bounds.messages;
    this.#sequences[place] = sequence;
    this.#timesUs[place] = encodedTimestampUs(source, offset);
    this.#offsets[place] = at;
    this.#count += 1;
    this.#next = at + length;
  }

  /** The first message whose numbers end behind this one; without its content. */
  after(sequence: number): KeptMessage | undefined {
    const index = this.#indexBehind(sequence);
    if (index === this.#count) return undefined;
    const place = this.#place(index);
    const message = decodeMessage(this.#bytes, this.#offsets[place], false);
    return { sequence: this.#sequences[place]!, message };
  }

  /** Gives the content to a message that `after` gave just now. */
  withContent({ message, sequence }: KeptMessage): Message {
    const place = this.#place(this.#indexBehind(sequence - 1));
    decodeContent(this.#bytes, this.#offsets[place] as number, message);
    return message;
  }

  #indexBehind(sequence: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sequences[this.#place(middle)]! > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The last of the numbers that this message has here; undefined when it isn't here. */
  find(wanted: Message): number | undefined {
    for (let index = this.#count - 1; index >= 0; index--) {
      const place = this.#place(index);
      if (this.#timesUs[place] !== wanted.timestampUs) continue;
      const found = decodeMessage(this.#bytes, this.#offsets[place], false);
      if (found.messageId === wanted.messageId) return this.#sequences[place];
    }
    return undefined;
  }

  #place(index: number): number {
    return (this.#first + index) % this.#bounds.messages;
  }

  #makeRoom(length: number): number {
    let at = this.#next;
    if (at + length > this.#bounds.bytes) {
      // The end is too short: what is there is the oldest, and goes before writing begins anew.
      while (this.#count > 0 && this.#offsets[this.#first]! >= at) this.#dropOldest();
      at = 0;
    }
    while (this.#count > 0 && this.#isInTheWay(at, length)) this.#dropOldest();
    return at;
  }

  #isInTheWay(at: number, length: number): boolean {
    if (this.#count === this.#bounds.messages) return true;
    const oldest = this.#offsets[this.#first]!;
    return oldest >= at && oldest < at + length;
  }

  #dropOldest(): void {
    this.#floor = this.#sequences[this.#first]!;
    this.#first = this.#place(1);
    this.#count -= 1;
  }
}
