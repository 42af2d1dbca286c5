/**
 * Results by idempotency key: the same key gives the first result, also while it is still being
 * made. Bounded; the oldest keys are forgotten first. A failed attempt is not kept, so that it can
 * be made again.
 */
export class IdempotencyCache<Result> {
  readonly #capacity: number;
  readonly #results = new Map<string, Result | Promise<Result>>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  once(key: string, attempt: () => Result | Promise<Result>): Result | Promise<Result> {
    const known = this.#results.get(key);
    if (known !== undefined) return known;
    const result = attempt();
    if (this.#results.size >= this.#capacity) {
      this.#results.delete(this.#results.keys().next().value as string);
    }
    this.#results.set(key, result);
    if (result instanceof Promise) {
      result.catch(() => this.#results.delete(key));
    }
    return result;
  }
}
