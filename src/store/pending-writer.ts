import { numberKey } from './keys.js';
import { encodePending } from './pending-record.js';
import type { Tables } from './tables.js';

interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * Keeps what is pending within a transaction of the caller. A message that is handled before the
 * transaction in which it came is over costs the disk nothing: the usual case.
 */
export class PendingWriter {
  readonly #tables: Tables;
  /** Where those lie in the ring that came since the transaction began. */
  readonly #fresh = new Map<number, Place>();

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  append(number: number, offset: number, length: number): void {
    this.#fresh.set(number, { offset, length });
  }

  handled(number: number): void {
    if (!this.#fresh.delete(number)) this.#tables.pending.removeSync(numberKey(number));
  }

  /** Writes those that are left. Ends every transaction. @param ring where they lie */
  finish(ring: Buffer): void {
    for (const [number, { offset, length }] of this.#fresh) {
      const bytes = ring.subarray(offset, offset + length);
      this.#tables.pending.putSync(numberKey(number), encodePending({ starts: 0, bytes }));
    }
    this.#fresh.clear();
  }
}
