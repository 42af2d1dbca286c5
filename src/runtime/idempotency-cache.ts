export interface IdempotencyBounds {
  readonly keys: number;
  readonly bytes: number;
}

interface Entry<Value> {
  readonly value: Value;
  bytes: number;
}

/**
 * What became of a send, by its idempotency key. Bounded in number and bytes; the oldest keys are
 * forgotten first.
 */
export class IdempotencyCache<Value> {
  readonly #bounds: IdempotencyBounds;
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  constructor(bounds: IdempotencyBounds) {
    this.#bounds = bounds;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** @param bytes what keeping the value takes beside the key */
  add(key: string, value: Value, bytes: number): void {
    this.#drop(key);
    const entry = { value, bytes: key.length + bytes };
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
    this.#trim();
  }

  /** The value takes so many bytes more; it may be forgotten already. */
  grow(key: string, value: Value, bytes: number): void {
    const entry = this.#entries.get(key);
    if (entry?.value !== value) return;
    entry.bytes += bytes;
    this.#bytes += bytes;
    this.#trim();
  }

  /** Forgets the key, if it still has this value. */
  remove(key: string, value: Value): void {
    if (this.#entries.get(key)?.value === value) this.#drop(key);
  }

  #trim(): void {
    for (const key of this.#entries.keys()) {
      if (this.#entries.size <= this.#bounds.keys && this.#bytes <= this.#bounds.bytes) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
