import { LIMITS } from '../base/limits.js';
import { IdempotencyCache } from '../runtime/idempotency-cache.js';

/**
 * What operations answered, by idempotency key: the same key gives the first answer again, also
 * while it is still being made. A failed attempt is not kept, so that it can be made again.
 */
export class KeptResults {
  readonly #results = new IdempotencyCache<Promise<unknown>>({
    keys: LIMITS.idempotency_results,
    bytes: LIMITS.idempotency_results_bytes,
  });

  once<Output>(key: string, attempt: () => Output | Promise<Output>): Promise<Output> {
    const known = this.#results.get(key);
    if (known !== undefined) return known as Promise<Output>;
    const result = (async () => attempt())();
    this.#results.add(key, result, 0);
    result.then(
      (output) => this.#results.grow(key, result, JSON.stringify(output).length),
      () => this.#results.remove(key, result),
    );
    return result;
  }
}
