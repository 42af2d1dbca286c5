import { randomInt } from 'node:crypto';
import { isText } from '../base/bytes.js';
import { hashBytes, hashText } from './conversation-births.js';

/** A power of two. */
const CHAINS = 16_384;

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  next: Entry<Value> | undefined;
}

/**
 * A Map for entries that live for milliseconds and come by the ten thousand a second. V8's own Map
 * moves to a new table again and again then, and its former tables stay linked to the later ones:
 * once one of them is old, all that ever passes through survives the young generation's collections
 * and is copied and promoted for nothing. Here what is deleted is unlinked at once.
 */
export class TextTable<Value> {
  readonly #chains = new Array<Entry<Value> | undefined>(CHAINS).fill(undefined);
  // Others can't choose keys that share a chain.
  readonly #seed = randomInt(2 ** 32);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: string): Value | undefined {
    let entry = this.#chains[this.#chainOf(key)];
    while (entry !== undefined && entry.key !== key) entry = entry.next;
    return entry?.value;
  }

  /** By the key's bytes, of which each is one character; undefined where one is beyond ASCII. */
  getByBytes(source: Buffer, start: number, length: number): Value | undefined {
    let entry = this.#chains[hashBytes(source, start, length, this.#seed) & (CHAINS - 1)];
    while (entry !== undefined && !isText(source, start, length, entry.key)) entry = entry.next;
    return entry?.value;
  }

  /** The key must not be there yet. */
  add(key: string, value: Value): void {
    const chain = this.#chainOf(key);
    this.#chains[chain] = { key, value, next: this.#chains[chain] };
    this.#size += 1;
  }

  delete(key: string): void {
    const chain = this.#chainOf(key);
    let before: Entry<Value> | undefined;
    let entry = this.#chains[chain];
    while (entry !== undefined && entry.key !== key) {
      before = entry;
      entry = entry.next;
    }
    if (entry === undefined) return;
    if (before === undefined) this.#chains[chain] = entry.next;
    else before.next = entry.next;
    entry.next = undefined;
    this.#size -= 1;
  }

  /** Takes all out. */
  clear(): Value[] {
    const values: Value[] = [];
    for (const first of this.#chains) {
      for (let entry = first; entry !== undefined; entry = entry.next) values.push(entry.value);
    }
    this.#chains.fill(undefined);
    this.#size = 0;
    return values;
  }

  #chainOf(key: string): number {
    return hashText(key, this.#seed) & (CHAINS - 1);
  }
}
