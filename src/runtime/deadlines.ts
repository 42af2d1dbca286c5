/**
 * Many deadlines, of which nearly all are met: those that fall into the same few milliseconds
 * share one timer, so that starting and ending a wait costs an entry in a set.
 */
const BUCKET_MS = 16;

export class Deadlines<Item> {
  readonly #expire: (item: Item) => void;
  readonly #buckets = new Map<number, Set<Item>>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param expire called for each item whose time has passed, up to 16 ms late */
  constructor(expire: (item: Item) => void) {
    this.#expire = expire;
  }

  /** @returns where the item is, for `remove` */
  add(item: Item, timeoutMs: number): Set<Item> {
    const at = Math.ceil((performance.now() + timeoutMs) / BUCKET_MS);
    let bucket = this.#buckets.get(at);
    if (bucket === undefined) {
      bucket = new Set();
      this.#buckets.set(at, bucket);
      this.#schedule(at, bucket);
    }
    bucket.add(item);
    return bucket;
  }

  #schedule(at: number, bucket: Set<Item>): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#buckets.delete(at);
        for (const item of bucket) this.#expire(item);
      },
      at * BUCKET_MS - performance.now(),
    );
    this.#timers.add(timer);
  }

  /** Ends every timer; nothing expires any more. */
  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#buckets.clear();
  }
}
