/** One that was added; `cancel` takes it out. */
export class Deadline<Item> {
  #item: Item | undefined;
  #previous: Deadline<Item> = this;
  #next: Deadline<Item> = this;

  /** @param list the head of the list that it joins; undefined = it is one */
  constructor(list?: Deadline<Item>, item?: Item) {
    this.#item = item;
    if (list === undefined) return;
    this.#previous = list.#previous;
    this.#next = list;
    this.#previous.#next = this;
    list.#previous = this;
  }

  /** It does not expire any more. */
  cancel(): void {
    this.#previous.#next = this.#next;
    this.#next.#previous = this.#previous;
    // Nothing stays linked: see TextTable.
    this.#previous = this;
    this.#next = this;
    this.#item = undefined;
  }

  /** Of a head: the items of its list, first come first, each taken out before it is given. */
  *drain(): Generator<Item> {
    while (this.#next !== this) {
      const item = this.#next.#item as Item;
      this.#next.cancel();
      yield item;
    }
  }
}

/**
 * Many deadlines, of which nearly all are met: those that fall into the same few milliseconds
 * share one timer, so that starting and ending a wait costs an entry in a list.
 */
const BUCKET_MS = 16;

export class Deadlines<Item> {
  readonly #expire: (item: Item) => void;
  readonly #buckets = new Map<number, Deadline<Item>>();
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param expire called for each item whose time has passed, up to 16 ms late */
  constructor(expire: (item: Item) => void) {
    this.#expire = expire;
  }

  add(item: Item, timeoutMs: number): Deadline<Item> {
    const at = Math.ceil((performance.now() + timeoutMs) / BUCKET_MS);
    let bucket = this.#buckets.get(at);
    if (bucket === undefined) {
      bucket = new Deadline();
      this.#buckets.set(at, bucket);
      this.#schedule(at, bucket);
    }
    return new Deadline(bucket, item);
  }

  #schedule(at: number, bucket: Deadline<Item>): void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#buckets.delete(at);
        for (const item of bucket.drain()) this.#expire(item);
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
