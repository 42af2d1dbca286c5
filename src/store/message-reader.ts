import { decodeMessage, encodedBytes } from '../fipa/binary.js';
import type { Message } from '../fipa/message.js';
import { messageStarts } from './block.js';
import { damaged } from './damage.js';
import { numberKey, numberOfKey } from './keys.js';
import { firstOf } from './segment.js';
import type { Snapshot, Tables } from './tables.js';

/** Reads messages by number from one snapshot; keeps the last block, since neighbours are asked for. */
export class MessageReader {
  readonly #tables: Tables;
  readonly #snapshot: Snapshot;
  #first = 0;
  #block: Buffer = Buffer.alloc(0);
  /** Where each message of the block begins. */
  #starts: number[] = [];

  constructor(tables: Tables, snapshot: Snapshot) {
    this.#tables = tables;
    this.#snapshot = snapshot;
  }

  read(number: number, withContent = true): Message {
    const start = this.#startOf(number);
    try {
      return decodeMessage(this.#block, start, withContent);
    } catch {
      throw damaged(`message number ${number} of the history can’t be read`);
    }
  }

  /** Bytes of the message in its binary form. */
  bytesOf(number: number): number {
    const start = this.#startOf(number);
    return encodedBytes(this.#block, start);
  }

  // Loads another block where need be: to be called before the block is read.
  #startOf(number: number): number {
    let start = this.#starts[number - this.#first];
    if (start === undefined) {
      this.#load(number);
      start = this.#starts[number - this.#first] as number;
    }
    return start;
  }

  #load(number: number): void {
    const entry = firstOf(this.#tables.messages, {
      start: numberKey(number),
      reverse: true,
      transaction: this.#snapshot,
    });
    if (entry === undefined) throw damaged(`message number ${number} of the history is missing`);
    this.#first = numberOfKey(entry.key);
    this.#block = entry.value;
    this.#starts = messageStarts(this.#block);
    if (number - this.#first >= this.#starts.length) {
      throw damaged(`message number ${number} of the history is missing`);
    }
  }
}
