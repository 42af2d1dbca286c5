interface Entry<Result> {
  readonly result: Result | Promise<Result>;
  bytes: number;
}

export interface IdempotencyBounds<Result> {
  readonly keys: number;
  readonly bytes: number;
  /** What keeping a result takes, in bytes. */
  readonly weigh: (result: Result) => number;
}

/**
 * Results by idempotency key: the same key gives the first result, also while it is still being
 * made. Bounded in number and bytes; the oldest keys are forgotten first. A failed attempt is not
 * kept, so that it can be made again.
 */
export class IdempotencyCache<Result> {
  readonly #bounds: IdempotencyBounds<Result>;
  readonly #entries = new Map<string, Entry<Result>>();
  #bytes = 0;

  constructor(bounds: IdempotencyBounds<Result>) {
    this.#bounds = bounds;
  }

  once(key: string, attempt: () => Result | Promise<Result>): Result | Promise<Result> {
    const known = this.#entries.get(key);
    if (known !== undefined) return known.result;
    const result = attempt();
    const entry: Entry<Result> = { result, bytes: 0 };
    this.#entries.set(key, entry);
    if (result instanceof Promise) {
      result.then(
        (made) => this.#keep(key, entry, made),
        () => this.#forget(key, entry),
      );
    } else {
      this.#keep(key, entry, result);
    }
    return result;
  }

  #keep(key: string, entry: Entry<Result>, result: Result): void {
    if (this.#entries.get(key) !== entry) return;
    entry.bytes = key.length + this.#bounds.weigh(result);
    this.#bytes += entry.bytes;
    for (const [oldest, old] of this.#entries) {
      if (this.#entries.size <= this.#bounds.keys && this.#bytes <= this.#bounds.bytes) return;
      this.#forget(oldest, old);
    }
  }

  #forget(key: string, entry: Entry<Result>): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
